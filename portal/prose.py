"""Text that people wrote, as HTML that cannot do anything: Markdown without HTML, then sanitised."""

from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_MARKDOWN: Final = (
    MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
)
_BLOCKS: Final = {"p", "br", "hr", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}
_LISTS: Final = {"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}
_WORDS: Final = {"a", "strong", "em", "code", "s"}
_BOX: Final = '<div class="table-box" tabindex="0"><table class="table">'
"""Wide tables scroll by themselves, by keyboard too, where the page is narrow."""
_ATTRIBUTES: Final = {"a": {"href"}, "ol": {"start"}}


def markdown(text: str) -> Markup:
    """Render hostile Markdown for a page of ours; links go to http(s) and mail only.

    Pictures, scripts, styles, ids and classes do not survive it.
    """
    clean = nh3.clean(
        _MARKDOWN.render(text),
        tags=_BLOCKS | _LISTS | _WORDS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    boxed = clean.replace("<table>", _BOX).replace("</table>", "</table></div>")
    return Markup(boxed.replace("<th></th>", "<td></td>"))  # noqa: S704  nh3 has just cleaned it


def without_title(text: str) -> str:
    """The text less a first line that is a top heading, where the page itself carries the title."""
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.startswith("# ") else text
