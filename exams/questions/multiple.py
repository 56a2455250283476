"""Multiple choice: a set of options is right, and only the whole set."""

from collections.abc import Sequence

from pydantic import Field

from exams.questions import options
from exams.questions.protocol import Answer, Content, Control, Key, Shown, Strict


class MultipleKey(Strict):
    """The ids of the right options."""

    options: list[str] = Field(min_length=1)


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where the key holds something that is no option, or the same twice."""
    right = MultipleKey.model_validate(key).options
    if not set(right) <= set(options.identifiers(content)):
        raise ValueError("the key names something that is no option")
    if len(set(right)) != len(right):
        raise ValueError("the key names an option twice")


def size(content: Content) -> int:
    """All options are shuffled."""
    return len(content["options"])


def show(content: Content, order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem and options, as checkbox cards."""
    chosen = answer["options"] if answer else []
    return Shown(Control.CHECKBOX, content["stem"], options.choices(content, order, chosen))


def read(content: Content, order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The options at the places that were chosen."""
    found = options.chosen(content, order, values)
    return {"options": found} if found else None


def score(key: Key, answer: Answer) -> float:
    """All or nothing: exactly the right set."""
    return float(set(answer["options"]) == set(key["options"]))
