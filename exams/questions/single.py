"""Single choice: exactly one option is right."""

from collections.abc import Sequence

from exams.questions import options
from exams.questions.protocol import (
    NOT_ON_PAGE,
    Answer,
    Content,
    Control,
    Key,
    Line,
    Shown,
    Strict,
)
from portal.errors import Invalid


class SingleKey(Strict):
    """The id of the right option."""

    option: str


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where the key is not one of the options."""
    if SingleKey.model_validate(key).option not in options.identifiers(content):
        raise ValueError("the key names no option")


def size(content: Content) -> int:
    """All options are shuffled."""
    return len(content["options"])


def show(content: Content, order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem and options, as radio cards."""
    chosen = [answer["option"]] if answer else []
    return Shown(Control.RADIO, content["stem"], options.choices(content, order, chosen))


def read(content: Content, order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The option at the place that was chosen."""
    found = options.chosen(content, order, values)
    if len(found) > 1:
        raise Invalid(NOT_ON_PAGE)
    return {"option": found[0]} if found else None


def score(_content: Content, key: Key, answer: Answer) -> float:
    """All or nothing."""
    return float(answer["option"] == key["option"])


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """The options, the chosen and the right one."""
    chosen = [answer["option"]] if answer else []
    return options.lines(content, [key["option"]] if key else None, chosen)
