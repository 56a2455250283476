"""Rich text both ways: our Markdown as XHTML with its source beside it, and others' XHTML as Markdown."""

import re
from typing import Final

from lxml import etree
from lxml import html as lxml_html

from exams.qti import xml
from exams.qti.xml import OWN, Element, Unsupported
from portal.prose import markdown

_SOURCE: Final = f"{OWN}markdown"
_AROUND: Final = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`"}
_PLAIN: Final = {"span", "div", "a", "content-body", "qti-content-body", "small", "u"}
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>])")


def put(parent: Element, text: str, *, inline: bool = False) -> None:
    """Write Markdown below an element: rendered for others, its source kept for us."""
    parent.set(_SOURCE, text)
    fragment = lxml_html.fragment_fromstring(str(markdown(text)), create_parent="div")
    children = list(fragment)
    only_paragraph = len(children) == 1 and children[0].tag == "p"
    _copy(children[0] if inline and only_paragraph else fragment, parent)


def get(element: Element) -> str:
    """The Markdown of an element: its source where that still says the same, else converted.

    Raises `Unsupported` naming an element that Markdown cannot say.
    """
    source = element.get(_SOURCE)
    if source is not None and _same(element, source):
        return str(source)
    return re.sub(r"\n{3,}", "\n\n", _blocks(element)).strip()


def _same(element: Element, source: str) -> bool:
    """Whether nobody changed what is shown since we wrote it."""
    for inline in (False, True):
        again = xml.make("div")
        put(again, source, inline=inline)
        if _words(again) == _words(element):
            return True
    return False


def _words(element: Element) -> list[tuple[str, str]]:
    """Elements and the words between them, whatever their indentation."""
    found = []
    for one in element.iter():
        tag = "" if one is element else xml.name(one)
        found.append((tag, " ".join((one.text or "").split())))
        tail = "" if one is element else " ".join((one.tail or "").split())
        found.append(("", tail))
    return [pair for pair in found if pair != ("", "")]


def _copy(source: Element, target: Element) -> None:
    """HTML's elements as QTI's, in its namespace."""
    target.text = (target.text or "") + (source.text or "")
    for one in source:
        child = etree.SubElement(target, f"{{{xml.QTI}}}{one.tag}")
        for attribute in ("href", "start"):
            if one.get(attribute):
                child.set(attribute, one.get(attribute))
        child.tail = one.tail
        _copy(one, child)


def _blocks(element: Element) -> str:
    text = _escaped(element.text)
    for child in element:
        text += _converted(child) + _escaped(child.tail)
    return text


def _converted(element: Element) -> str:
    tag = xml.name(element)
    if tag in _AROUND:
        inside = _blocks(element).strip()
        return f"{_AROUND[tag]}{inside}{_AROUND[tag]}" if inside else ""
    if tag == "br":
        return "\\\n"
    if tag == "p":
        return f"\n\n{_blocks(element).strip()}\n\n"
    if tag == "blockquote":
        lines = _blocks(element).strip().splitlines()
        return "\n\n" + "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"
    if tag in {"ul", "ol"}:
        return "\n\n" + "\n".join(_items(element, numbered=tag == "ol")) + "\n\n"
    if tag in _PLAIN:
        return _blocks(element)
    raise Unsupported(f"<{tag}>")


def _items(element: Element, *, numbered: bool) -> list[str]:
    return [
        f"{f'{number}.' if numbered else '-'} {' '.join(_blocks(item).split())}"
        for number, item in enumerate(element, 1)
    ]


def _escaped(text: str | None) -> str:
    return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", text or ""))
