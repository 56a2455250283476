"""Things to bring into order."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import combinations
from typing import Any, Final

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

_MOST: Final = 9


class Rule(StrEnum):
    """What an order earns that is not exactly the right one."""

    ALL = "all"  # nothing
    PAIRS = (
        "pairs"  # pairs in the right order less pairs in the wrong one (Kendall's tau, not below 0)
    )


class OrderContent(Strict):
    """A stem, the things, and how parts count."""

    stem: str = Field(min_length=1)
    items: list[Option] = Field(min_length=2, max_length=_MOST)
    rule: Rule = Field(default=Rule.ALL, strict=False)


class OrderKey(Strict):
    """Every thing's id, first to last."""

    order: list[str]


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where the key does not hold each thing once."""
    items = [item.id for item in OrderContent.model_validate(content).items]
    if len(set(items)) != len(items):
        raise ValueError("two things have the same id")
    if sorted(OrderKey.model_validate(key).order) != sorted(items):
        raise ValueError("the key does not hold each thing once")


def size(content: Content) -> int:
    """All things are shuffled."""
    return len(content["items"])


def show(content: Content, order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem and things; each with the place it was given so far."""
    places: dict[str, int] = answer["places"] if answer else {}
    choices = [
        Choice(
            value=str(number),
            text=item["text"],
            key="",
            label=str(places.get(item["id"], "")),
            chosen=item["id"] in places,
        )
        for number, item in enumerate(_shuffled(content, order), 1)
    ]
    case = {"rule": content.get("rule", Rule.ALL)}
    return Shown(Control.PLACES, content["stem"], choices, case=case)


def read(content: Content, order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The place of each thing, as far as it was given one: half an order is kept too."""
    items = _shuffled(content, order)
    allowed = {"", *(str(place) for place in range(1, len(items) + 1))}
    if len(values) > len(items) or not set(values) <= allowed:
        raise Invalid(NOT_ON_PAGE)
    places = {item["id"]: int(v) for item, v in zip(items, values, strict=False) if v}
    return {"places": places} if places else None


def score(content: Content, key: Key, answer: Answer) -> float:
    """By the question's rule. Two things at one place are in no order with each other."""
    places: dict[str, int] = answer["places"]
    pairs = list(combinations(key["order"], 2))
    signs = [_sign(places, earlier, later) for earlier, later in pairs]
    if content.get("rule", Rule.ALL) == Rule.PAIRS:
        return max(0.0, sum(signs) / len(pairs))
    return float(all(sign == 1 for sign in signs))


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """The things with the place each was given, and its right one."""
    places: dict[str, int] = answer["places"] if answer else {}
    right = {name: str(place) for place, name in enumerate(key["order"], 1)} if key else {}
    return [
        Line(
            item["text"],
            given=str(places.get(item["id"], "")),
            expected=right.get(item["id"], ""),
            wanted=right[item["id"]] == str(places.get(item["id"])) if key else None,
        )
        for item in content["items"]
    ]


def _shuffled(content: Content, order: Sequence[int]) -> list[dict[str, Any]]:
    return [content["items"][index] for index in order]


def _sign(places: dict[str, int], earlier: str, later: str) -> int:
    """1 where the two stand in the right order, -1 in the wrong one, 0 where nothing is said."""
    first, second = places.get(earlier), places.get(later)
    if first is None or second is None or first == second:
        return 0
    return 1 if first < second else -1
