"""Multiple choice: a set of options is right; how parts of it count is said in the question."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from exams.questions import options
from exams.questions.options import OptionsContent
from exams.questions.protocol import Answer, Content, Control, Key, Line, Shown, Strict


class Rule(StrEnum):
    """What a set earns that is not exactly the right one."""

    ALL = "all"  # nothing
    EACH = "each"  # each option counts alike: chosen where right, left where wrong
    BALANCED = "balanced"  # share of the right ones chosen, less the share of the wrong ones chosen


class MultipleContent(OptionsContent):
    """A stem, its options, and how parts count."""

    rule: Rule = Field(default=Rule.ALL, strict=False)


class MultipleKey(Strict):
    """The ids of the right options."""

    options: list[str] = Field(min_length=1)


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where the key holds something that is no option, or the same twice."""
    known = options.unique(MultipleContent.model_validate(content))
    right = MultipleKey.model_validate(key).options
    if not set(right) <= set(known):
        raise ValueError("the key names something that is no option")
    if len(set(right)) != len(right):
        raise ValueError("the key names an option twice")


def size(content: Content) -> int:
    """All options are shuffled."""
    return len(content["options"])


def show(content: Content, order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem and options, as checkbox cards."""
    chosen = answer["options"] if answer else []
    case = {"rule": content.get("rule", Rule.ALL)}
    choices = options.choices(content, order, chosen)
    return Shown(Control.CHECKBOX, content["stem"], choices, case=case)


def read(content: Content, order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The options at the places that were chosen."""
    found = options.chosen(content, order, values)
    return {"options": found} if found else None


def score(content: Content, key: Key, answer: Answer) -> float:
    """By the question's rule. Choosing everything, or nothing, never earns by `BALANCED`."""
    every = {option["id"] for option in content["options"]}
    right, chosen = set(key["options"]), set(answer["options"])
    wrong = every - right
    rule = content.get("rule", Rule.ALL)
    if rule == Rule.EACH:
        return 1 - len(right ^ chosen) / len(every)
    if rule == Rule.BALANCED:
        lost = len(chosen & wrong) / len(wrong) if wrong else 0.0
        return max(0.0, len(chosen & right) / len(right) - lost)
    return float(chosen == right)


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """The options, the chosen and the right ones."""
    chosen = answer["options"] if answer else []
    return options.lines(content, key["options"] if key else None, chosen)
