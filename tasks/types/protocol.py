"""What every task type can do, and the small checks they share."""

from collections.abc import Mapping
from random import Random
from typing import Any, Protocol

from portal.errors import Invalid

Entries = Mapping[str, str]
"""A submitted form, by field."""

LONGEST_TEXT = 20_000


class BadField(Invalid):
    """A field does not hold what its type asks for; `field` is the type's own name for it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


class Kind(Protocol):
    """One task type: what goes in, what is shown, what comes out, and when gold is right."""

    schema_version: int
    required: tuple[str, ...]
    """Payload fields that an import must map to a column."""
    optional: tuple[str, ...]
    template: str
    """The workbench's middle, rendered with `view` and the draft's `entries`."""

    def payload(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check an imported row; raises `BadField` naming the field."""

    def answer(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check a row of a gold file; raises `BadField`."""

    def order(self, random: Random) -> list[str]:
        """Draw the order in which the parts are shown."""

    def view(self, payload: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
        """What the page may show: nothing but the payload's own text, rendered safely."""

    def value(
        self, entries: Entries, payload: Mapping[str, Any], order: list[str]
    ) -> dict[str, Any]:
        """Read the form into what is stored, in the task's own order; raises `BadField`."""

    def right(self, value: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
        """Whether a judgment agrees with the key."""

    def label(self, value: Mapping[str, Any]) -> str:
        """The value's one word, for majorities, exports and charts."""


def text(raw: Mapping[str, Any], field: str, *, optional: bool = False) -> str:
    """A field's text, which must not be empty unless it is optional."""
    found = raw.get(field)
    if found is None:
        found = ""
    if not isinstance(found, str):
        raise BadField(field, f"{field} must be text")
    if "\0" in found:
        raise BadField(field, f"{field} holds a character that no text has (U+0000)")
    if len(found) > LONGEST_TEXT:
        raise BadField(field, f"{field} is longer than {LONGEST_TEXT:,} characters")
    if not found.strip() and not optional:
        raise BadField(field, f"{field} is empty")
    return found


def one_of(raw: Mapping[str, Any], field: str, allowed: tuple[str, ...]) -> str:
    """A field that holds one of a few words."""
    found = str(raw.get(field) or "").strip().lower()
    if found not in allowed:
        raise BadField(field, f"{field} must be one of {', '.join(allowed)}")
    return found


def whole(raw: Mapping[str, Any], field: str, low: int, high: int) -> int:
    """A field that holds a whole number between two others."""
    found = raw.get(field)
    written = str(found).strip() if isinstance(found, str | int) else ""
    if isinstance(found, bool) or not written.isascii() or not written.isdigit():
        raise BadField(field, f"{field} must be a whole number from {low} to {high}")
    number = int(written)
    if not low <= number <= high:
        raise BadField(field, f"{field} must be from {low} to {high}")
    return number
