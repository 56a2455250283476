"""Screening rules: what an opening asks for, what was answered, and what that does not meet."""

import re
from collections.abc import Iterable
from typing import Any, Final

from exams.service.documents import RequirementDocument
from portal.errors import Invalid

_TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)  # BCP 47, well-formed
MOST_YEARS: Final = 60

Requirement = dict[str, Any]
Answers = dict[str, Any]


def refuse_broken(requirements: Iterable[RequirementDocument]) -> None:
    """Raise `Invalid` where a rule lacks what its kind needs."""
    for place, rule in enumerate(requirements):
        complete = {
            "years": isinstance(rule.minimum, int),
            "english": rule.scale is not None and rule.minimum in rule.scale,
            "languages": bool(rule.includes),
        }
        if not complete[rule.kind]:
            raise Invalid(f"requirements[{place}]: {rule.slug!r} lacks what {rule.kind} needs")


def read(requirement: Requirement, written: str) -> int | str | list[str]:
    """What was answered, in the requirement's own terms. Raises `Invalid` with what to write."""
    text = written.strip()
    if requirement["kind"] == "years":
        if not text.isdecimal() or len(text) > 4 or int(text) > MOST_YEARS:
            raise Invalid("Write a whole number of years, such as 3; 0 is an answer.")
        return int(text)
    if requirement["kind"] == "english":
        if text not in requirement["scale"]:
            raise Invalid("Choose one of the levels.")
        return text
    tags = [tag for tag in re.split(r"[\s,;]+", text) if tag]
    if not tags or not all(_TAG.fullmatch(tag) for tag in tags):
        raise Invalid("Write language tags such as en, de or pt-BR, separated by commas.")
    return tags


def unmet(requirements: Iterable[Requirement], answers: Answers) -> list[Requirement]:
    """The mandatory requirements that the answers do not meet, in their order."""
    return [
        rule
        for rule in requirements
        if rule["mandatory"] and not _meets(rule, answers[rule["slug"]])
    ]


def _meets(rule: Requirement, answer: Any) -> bool:  # noqa: ANN401  each kind has its own type
    if rule["kind"] == "years":
        return bool(answer >= rule["minimum"])
    if rule["kind"] == "english":
        return bool(rule["scale"].index(answer) >= rule["scale"].index(rule["minimum"]))
    spoken = {tag.split("-")[0].lower() for tag in answer}
    return all(tag.split("-")[0].lower() in spoken for tag in rule["includes"])
