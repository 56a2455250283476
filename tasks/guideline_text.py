"""A guideline's text by its headings, so that a page can list and link its sections."""

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from portal.prose import markdown

_HEADING: Final = re.compile(r"^(#{1,4})\s+(.+?)\s*$", re.MULTILINE)
_NUMBER: Final = re.compile(r"^(\d+(?:\.\d+)*)\b")


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it; `anchor` is its number, or its place where it has none."""

    anchor: str
    title: str
    level: int
    body: Markup


def sections(text: str) -> list[Section]:
    """The text cut at its headings; what stands before the first has an empty title."""
    parts = _HEADING.split(text)
    found = [Section("top", "", 1, markdown(parts[0]))] if parts[0].strip() else []
    for place, start in enumerate(range(1, len(parts), 3)):
        title = parts[start + 1]
        number = _NUMBER.match(title)
        anchor = f"s-{number[1].replace('.', '-')}" if number else f"h-{place}"
        found.append(Section(anchor, title, len(parts[start]), markdown(parts[start + 2])))
    return found
