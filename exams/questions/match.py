"""Two lists, in which something on the right belongs to each on the left."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field

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


class Rule(StrEnum):
    """What pairs earn that are not all right."""

    ALL = "all"  # nothing
    EACH = "each"  # each right pair counts alike


class MatchContent(Strict):
    """A stem, both lists, and how parts count. One on the right may belong to several or to none."""

    stem: str = Field(min_length=1)
    left: list[Option] = Field(min_length=2, max_length=12)
    right: list[Option] = Field(min_length=2, max_length=12)
    rule: Rule = Field(default=Rule.EACH, strict=False)


class MatchKey(Strict):
    """For each id on the left the one on the right."""

    pairs: dict[str, str]


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where the key leaves one out or names something that is not there."""
    shown = MatchContent.model_validate(content)
    pairs = MatchKey.model_validate(key).pairs
    left, right = [one.id for one in shown.left], [one.id for one in shown.right]
    if len(set(left)) != len(left) or len(set(right)) != len(right):
        raise ValueError("two on one side have the same id")
    if pairs.keys() != set(left):
        raise ValueError("the key does not hold each on the left once")
    if not set(pairs.values()) <= set(right):
        raise ValueError("the key names something that is not on the right")


def size(content: Content) -> int:
    """The right side is shuffled."""
    return len(content["right"])


def show(content: Content, order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem, the left side with what was put to it so far, and the right side."""
    given: dict[str, str] = answer["pairs"] if answer else {}
    place = {one["id"]: str(number) for number, one in _numbered(content, order)}
    choices = [
        Choice(
            value=str(number),
            text=one["text"],
            key="",
            label=place.get(given.get(one["id"], ""), ""),
            chosen=one["id"] in given,
        )
        for number, one in enumerate(content["left"], 1)
    ]
    right = [{"value": str(n), "text": one["text"]} for n, one in _numbered(content, order)]
    case = {"right": right, "rule": content.get("rule", Rule.EACH)}
    return Shown(Control.PAIRS, content["stem"], choices, case=case)


def read(content: Content, order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """What was put to each on the left, as far as something was."""
    right = {str(number): one["id"] for number, one in _numbered(content, order)}
    if len(values) > len(content["left"]) or not set(values) <= {"", *right}:
        raise Invalid(NOT_ON_PAGE)
    pairs = {
        one["id"]: right[value]
        for one, value in zip(content["left"], values, strict=False)
        if value
    }
    return {"pairs": pairs} if pairs else None


def score(content: Content, key: Key, answer: Answer) -> float:
    """By the question's rule."""
    right = [answer["pairs"].get(one) == other for one, other in key["pairs"].items()]
    if content.get("rule", Rule.EACH) == Rule.ALL:
        return float(all(right))
    return float(sum(right) / len(right))


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """The left side, with what was put to each and what belongs to it."""
    texts = {one["id"]: one["text"] for one in content["right"]}
    given: dict[str, str] = answer["pairs"] if answer else {}
    return [
        Line(
            one["text"],
            given=texts.get(given.get(one["id"], ""), ""),
            expected=texts[key["pairs"][one["id"]]] if key else "",
            wanted=given.get(one["id"]) == key["pairs"][one["id"]] if key else None,
        )
        for one in content["left"]
    ]


def _numbered(content: Content, order: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate((content["right"][index] for index in order), 1))
