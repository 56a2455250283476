"""What every kind of question can do; each kind is one module beside this one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict

Content = dict[str, Any]
Key = dict[str, Any]
Answer = dict[str, Any]
"""What a person answered, in terms of the content and not of the order it was shown in."""


class Control(StrEnum):
    """What the browser shows to answer with."""

    RADIO = "radio"
    CHECKBOX = "checkbox"
    NUMBER = "number"
    LINE = "line"
    TEXT = "text"
    PLACES = "places"
    PAIRS = "pairs"
    VERDICT = "verdict"


@dataclass(frozen=True)
class Choice:
    """One thing to choose. `value` is its place on the page and says nothing else."""

    value: str
    text: str
    key: str
    label: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Shown:
    """The safe view of a question: all that may leave the server before the attempt has ended."""

    control: Control
    stem: str
    choices: list[Choice] = field(default_factory=list)
    written: str = ""
    """What was typed so far, where something is typed."""
    case: dict[str, Any] = field(default_factory=dict)
    """What is read before answering, by the names that the page knows."""


@dataclass(frozen=True)
class Line:
    """One thing of a question as a person of ours reviews it, in the content's own order."""

    text: str
    marked: bool = False
    """Whether the person chose it."""
    wanted: bool | None = None
    """Whether the key names it; None where whoever looks may not see the key."""
    given: str = ""
    """What was written or put beside it."""
    expected: str = ""
    """What the key says there."""


class Kind(Protocol):
    """One kind of question."""

    def parse(self, content: Content, key: Key, /) -> None:
        """Raise `ValueError` where the parts do not fit each other."""

    def size(self, content: Content, /) -> int:
        """How many things stand in a random order; 0 where the order is part of the question."""

    def show(self, content: Content, order: Sequence[int], answer: Answer | None, /) -> Shown:
        """The safe view, with what was answered so far."""

    def read(
        self, content: Content, order: Sequence[int], values: Sequence[str], /
    ) -> Answer | None:
        """What the browser sent, as an answer; None where nothing is chosen. Raises `Invalid`."""

    def score(self, content: Content, key: Key, answer: Answer, /) -> float:
        """The share of the points, from 0 to 1; never depends on the order shown.

        Where people grade, the answer is what they settled on: `{"bands": {criterion: points}}`.
        """

    def review(self, content: Content, key: Key | None, answer: Answer | None, /) -> list[Line]:
        """What was asked and answered, beside the key where whoever looks may see it."""


class Strict(BaseModel):
    """A part of an imported document: unknown or missing fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


NOT_ON_PAGE: Final = "That is not one of the choices on this page. Please choose again."


def arrangement(seed: int, position: int, size: int) -> list[int]:
    """The order of the things to choose in one attempt, the same each time it is asked."""
    order = list(range(size))
    Random(f"{seed}:{position}").shuffle(order)  # noqa: S311  an order, kept with its seed
    return order
