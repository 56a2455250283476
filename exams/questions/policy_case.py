"""A case to decide: the label, the clause it rests on, and how severe it is."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from exams.questions.credit import Near, by_distance
from exams.questions.faulty_step import Clause
from exams.questions.options import Option
from exams.questions.protocol import (
    NOT_ON_PAGE,
    Answer,
    Choice,
    Content,
    Control,
    Key,
    Line,
    Shown,
    Strict,
)
from portal.errors import Invalid

PARTS: Final = {"label": "l", "clause": "c", "severity": "s"}
"""The three things asked for, and the letter before a value that says which it answers."""
_LISTS: Final = {"label": "labels", "clause": "clauses", "severity": "severities"}


class Weights(Strict):
    """What each part counts; only the proportions matter."""

    label: float = Field(default=2, ge=0)
    clause: float = Field(default=1, ge=0)
    severity: float = Field(default=1, ge=0)


class PolicyCaseContent(Strict):
    """The case, what may be chosen, and what each part counts. Severities from mild to grave."""

    stem: str = Field(min_length=1)
    case: str = Field(min_length=1)
    labels: list[Option] = Field(min_length=2, max_length=9)
    clauses: list[Clause] = Field(min_length=2, max_length=12)
    severities: list[Option] = Field(min_length=2, max_length=6)
    weights: Weights = Field(default_factory=Weights)
    near: Near = Field(default_factory=list)
    """What a severity earns that lies 1, 2, … beside the right one."""


class PolicyCaseKey(Strict):
    """The right label and severity, and every clause the label may rest on."""

    label: str
    clauses: list[str] = Field(min_length=1)
    severity: str


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where the key names something that cannot be chosen."""
    shown = PolicyCaseContent.model_validate(content)
    right = PolicyCaseKey.model_validate(key)
    for part in PARTS:
        names = _names(content, part)
        if len(set(names)) != len(names):
            raise ValueError(f"two of the {_LISTS[part]} have the same id")
    if right.label not in _names(content, "label"):
        raise ValueError("the key names no label")
    if not set(right.clauses) <= set(_names(content, "clause")):
        raise ValueError("the key names a clause that is not there")
    if right.severity not in _names(content, "severity"):
        raise ValueError("the key names no severity")
    if not sum(shown.weights.model_dump().values()):
        raise ValueError("no part counts anything")


def size(_content: Content) -> int:
    """Clauses and severities have an order of their own, so nothing is shuffled."""
    return 0


def show(content: Content, _order: Sequence[int], answer: Answer | None) -> Shown:
    """The case, and three lists of cards."""
    lists = {part: _choices(content, part, (answer or {}).get(part)) for part in PARTS}
    case = {"case": content["case"], **lists}
    return Shown(Control.VERDICT, content["stem"], case=case)


def read(content: Content, _order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """What was chosen of each list; one may still be open. Raises `Invalid` for two of one list."""
    known = {
        f"{letter}{number}": (part, name)
        for part, letter in PARTS.items()
        for number, name in enumerate(_names(content, part), 1)
    }
    if not set(values) <= known.keys():
        raise Invalid(NOT_ON_PAGE)
    chosen = [known[value] for value in values]
    if len({part for part, _ in chosen}) != len(chosen):
        raise Invalid(NOT_ON_PAGE)
    return dict(chosen) or None


def score(content: Content, key: Key, answer: Answer) -> float:
    """Label and clause all or nothing, severity by its distance; weighed as the question says."""
    grades = _names(content, "severity")
    earned = {
        "label": float(answer.get("label") == key["label"]),
        "clause": float(answer.get("clause") in key["clauses"]),
        "severity": 0.0,
    }
    if "severity" in answer:
        distance = abs(grades.index(answer["severity"]) - grades.index(key["severity"]))
        earned["severity"] = by_distance(distance, content.get("near", []))
    weights = Weights.model_validate(content.get("weights", {})).model_dump()
    total = sum(weights.values())
    return float(sum(earned[part] * weights[part] for part in PARTS) / total)


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """What was chosen of each list, beside what is right."""
    answer = answer or {}
    right = key and {**key, "clause": key["clauses"]}
    lines = []
    for part in PARTS:
        texts = _texts(content, part)
        wanted = _among(right[part]) if right else []
        lines.append(
            Line(
                part,
                given=texts.get(answer.get(part, ""), ""),
                expected=" · ".join(texts[name] for name in wanted),
                wanted=answer.get(part) in wanted if right else None,
            )
        )
    return lines


def _names(content: Content, part: str) -> list[str]:
    return [one.get("id", one.get("number")) for one in content[_LISTS[part]]]


def _texts(content: Content, part: str) -> dict[str, str]:
    texts = [
        f"{one['number']} {one['text']}" if part == "clause" else one["text"]
        for one in content[_LISTS[part]]
    ]
    return dict(zip(_names(content, part), texts, strict=True))


def _choices(content: Content, part: str, marked: str | None) -> list[Choice]:
    rows: list[dict[str, Any]] = content[_LISTS[part]]
    return [
        Choice(
            value=f"{PARTS[part]}{number}",
            text=row["text"],
            key="",
            label=row.get("number", ""),
            chosen=name == marked,
        )
        for number, (row, name) in enumerate(zip(rows, _names(content, part), strict=True), 1)
    ]


def _among(found: str | list[str]) -> list[str]:
    return found if isinstance(found, list) else [found]
