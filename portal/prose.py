"""Text that people wrote, as HTML that cannot do anything: Markdown without HTML, then sanitised."""

from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TAGS: Final = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "code",
        "pre",
        "s",
        "hr",
        "br",
        "blockquote",
        "a",
    ]
) | {"table", "thead", "tbody", "tr", "th", "td"}
_BOX: Final = '<div class="table-box" tabindex="0"><table class="table">'
"""Wide tables scroll by themselves, by keyboard too, where the page is narrow."""
_ATTRIBUTES: Final = {"a": {"href"}, "ol": {"start"}}


def markdown(text: str) -> Markup:
    """Rendered for a page of ours: no images, no scripts, no styles; links go to http(s) only."""
    rendered = _MARKDOWN.render(text)
    clean = nh3.clean(
        rendered, tags=set(_TAGS), attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}
    )
    boxed = clean.replace("<table>", _BOX).replace("</table>", "</table></div>")
    return Markup(boxed)  # noqa: S704  nh3 has just cleaned it


def without_title(text: str) -> str:
    """The text less a first line that is a top heading, where the page itself carries the title."""
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.startswith("# ") else text
