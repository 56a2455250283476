"""What single and multiple choice share: options in a random order, chosen by place."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from exams.questions.protocol import NOT_ON_PAGE, Choice, Content, Line, Strict
from portal.errors import Invalid


class Option(Strict):
    """One thing to choose."""

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)


class OptionsContent(Strict):
    """A stem and its options."""

    stem: str = Field(min_length=1)
    options: list[Option] = Field(min_length=2, max_length=9)


def identifiers(content: Content) -> list[str]:
    """The options' ids; raises `ValueError` where two are the same."""
    return unique(OptionsContent.model_validate(content))


def unique(content: OptionsContent) -> list[str]:
    """The options' ids; raises `ValueError` where two are the same."""
    found = [option.id for option in content.options]
    if len(set(found)) != len(found):
        raise ValueError("two options have the same id")
    return found


def choices(content: Content, order: Sequence[int], chosen: Sequence[str]) -> list[Choice]:
    """The options as shown, numbered by place."""
    options: list[dict[str, Any]] = [content["options"][index] for index in order]
    return [
        Choice(value=str(place), text=option["text"], key=str(place), chosen=option["id"] in chosen)
        for place, option in enumerate(options, 1)
    ]


def chosen(content: Content, order: Sequence[int], values: Sequence[str]) -> list[str]:
    """The ids at the places that were chosen. Raises `Invalid` for a place that is not there."""
    places = {str(place): index for place, index in enumerate(order, 1)}
    if not set(values) <= places.keys():
        raise Invalid(NOT_ON_PAGE)
    return sorted({content["options"][places[value]]["id"] for value in values})


def lines(content: Content, wanted: Sequence[str] | None, chosen: Sequence[str]) -> list[Line]:
    """The options for a reviewer; `wanted` is None where the key may not be seen."""
    return [
        Line(
            option["text"],
            marked=option["id"] in chosen,
            wanted=None if wanted is None else option["id"] in wanted,
        )
        for option in content["options"]
    ]
