"""Text that people wrote, as HTML that cannot do anything: Markdown without HTML, then sanitised."""

from functools import lru_cache
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
_BOX: Final = '<div class="table-box" tabindex="0"><table class="table table--stack">'
"""Wide tables scroll by themselves, by keyboard too; on a phone their rows stand under each other."""
_ATTRIBUTES: Final = {"a": {"href"}, "ol": {"start"}, "td": {"data-label"}}


@lru_cache(maxsize=512)
def markdown(text: str) -> Markup:
    """Render hostile Markdown for a page of ours; links go to http(s) and mail only.

    Pictures, scripts, styles, ids and classes do not survive it. What was rendered lately is kept:
    many people read the same question.
    """
    clean = nh3.clean(
        _rendered(text),
        tags=_BLOCKS | _LISTS | _WORDS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    boxed = clean.replace("<table>", _BOX).replace("</table>", "</table></div>")
    return Markup(boxed.replace("<th></th>", "<td></td>"))  # noqa: S704  nh3 has just cleaned it


def _rendered(text: str) -> str:
    """HTML in which each cell of a table names its column, for phones, where there is no head row."""
    tokens = _MARKDOWN.parse(text)
    heads: list[str] = []
    column = 0
    for place, token in enumerate(tokens):
        if token.type == "thead_open":
            heads = []
        elif token.type == "th_open":
            heads.append(tokens[place + 1].content)
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            if heads[column]:
                token.attrSet("data-label", heads[column])
            column += 1
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def without_title(text: str) -> str:
    """The text less a first line that is a top heading, where the page itself carries the title."""
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.startswith("# ") else text
