"""Two answers: which is better? Scored by how many of a panel would agree."""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

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

_SIDES: Final = ("a", "b")


class Answers(Strict):
    """The two answers."""

    a: str = Field(min_length=1)
    b: str = Field(min_length=1)


class PreferenceContent(Strict):
    """What was asked, and the two answers to it."""

    stem: str = Field(min_length=1)
    prompt: str
    answers: Answers


class Panel(Strict):
    """How many members of the panel chose what."""

    a: int = Field(ge=0)
    b: int = Field(ge=0)
    tie: int = Field(ge=0)


class PreferenceKey(Strict):
    """The whole panel; where `choice` is given it must be what most of them chose."""

    panel: Panel
    choice: Literal["a", "b", "tie"] | None = None


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where nobody chose, or the choice is not what most of the panel chose."""
    PreferenceContent.model_validate(content)
    right = PreferenceKey.model_validate(key)
    panel = right.panel.model_dump()
    if not any(panel.values()):
        raise ValueError("a panel of nobody says nothing")
    if right.choice and panel[right.choice] < max(panel.values()):
        raise ValueError("the choice is not the one of most of the panel")


def size(_content: Content) -> int:
    """The two sides are shuffled; “about the same” stays last."""
    return len(_SIDES)


def show(content: Content, order: Sequence[int], answer: Answer | None) -> Shown:
    """The two answers side by side, in the order of this attempt."""
    sides = [_SIDES[index] for index in order]
    values = {"1": sides[0], "2": sides[1], "3": "tie"}
    marked = answer["choice"] if answer else None
    choices = [
        Choice(value=value, text="", key=value, chosen=side == marked)
        for value, side in values.items()
    ]
    case = {"prompt": content["prompt"], "answers": [content["answers"][side] for side in sides]}
    return Shown(Control.RADIO, content["stem"], choices, case=case)


def read(_content: Content, order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The answer at the place that was chosen, or a tie."""
    if not values:
        return None
    places = {"1": _SIDES[order[0]], "2": _SIDES[order[1]], "3": "tie"}
    if len(values) > 1 or values[0] not in places:
        raise Invalid(NOT_ON_PAGE)
    return {"choice": places[values[0]]}


def score(_content: Content, key: Key, answer: Answer) -> float:
    """How many of the panel agree, as a share of those who agree with the most frequent choice."""
    panel: dict[str, int] = key["panel"]
    return panel[answer["choice"]] / max(panel.values())


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """Both answers and “about the same”, with how many of the panel chose each."""
    panel: dict[str, int] | None = key["panel"] if key else None
    texts = {**content["answers"], "tie": ""}
    return [
        Line(
            text,
            marked=answer is not None and answer["choice"] == side,
            wanted=panel[side] == max(panel.values()) if panel else None,
            expected=str(panel[side]) if panel else "",
        )
        for side, text in texts.items()
    ]
