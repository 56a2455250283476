"""A chain of reasoning, in which the first wrong step is to be marked, if there is one."""

from collections.abc import Sequence

from pydantic import Field

from exams.questions.credit import Near, by_distance
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


class Clause(Strict):
    """The rule that the chain applies."""

    number: str
    text: str


class Step(Strict):
    """One step; numbered from 1 in the order of the chain."""

    id: int
    text: str = Field(min_length=1)


class FaultyStepContent(Strict):
    """A case, a clause, the verdict, and the chain that leads to it."""

    stem: str = Field(min_length=1)
    case: str
    clause: Clause
    verdict: str
    steps: list[Step] = Field(min_length=2, max_length=9)
    near: Near = Field(default_factory=list)
    """What a step earns that lies 1, 2, … beside the first wrong one."""


class FaultyStepKey(Strict):
    """The first wrong step; 0 where none is."""

    step: int = Field(ge=0)


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where steps are not numbered in order or the key is none of them."""
    steps = [step.id for step in FaultyStepContent.model_validate(content).steps]
    if steps != list(range(1, len(steps) + 1)):
        raise ValueError("steps are numbered 1, 2, 3 … in order")
    if FaultyStepKey.model_validate(key).step not in {0, *steps}:
        raise ValueError("the key names no step")


def size(_content: Content) -> int:
    """The order of a chain is what it says."""
    return 0


def show(content: Content, _order: Sequence[int], answer: Answer | None) -> Shown:
    """Case, clause and verdict; each step as a card, and one for none."""
    marked = answer["step"] if answer else None
    choices = [
        Choice(
            value=str(step["id"]),
            text=step["text"],
            key=str(step["id"]),
            label=str(step["id"]),
            chosen=step["id"] == marked,
        )
        for step in content["steps"]
    ]
    choices.append(Choice(value="0", text="", key="0", chosen=marked == 0))
    case = {name: content[name] for name in ("case", "clause", "verdict")}
    case["parts"] = bool(content.get("near"))
    return Shown(Control.RADIO, content["stem"], choices, case=case)


def read(content: Content, _order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The step that was marked; 0 for none."""
    if not values:
        return None
    places = {str(place) for place in range(len(content["steps"]) + 1)}
    if len(values) > 1 or values[0] not in places:
        raise Invalid(NOT_ON_PAGE)
    return {"step": int(values[0])}


def score(content: Content, key: Key, answer: Answer) -> float:
    """All for the first wrong step; a part for one near it. “None” is near nothing."""
    if 0 in {answer["step"], key["step"]}:
        return float(answer["step"] == key["step"])
    return by_distance(abs(answer["step"] - key["step"]), content.get("near", []))


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """The chain, the marked and the first wrong step; the last line is “none”."""
    marked, wanted = answer and answer["step"], key and key["step"]
    steps = [(step["id"], step["text"]) for step in content["steps"]]
    return [
        Line(text, marked=number == marked, wanted=None if key is None else number == wanted)
        for number, text in [*steps, (0, "")]
    ]
