"""Hostile XML read without entities, document types or the network; and the names of QTI 3.0."""

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from portal.errors import Invalid

QTI: Final = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
PACKAGE: Final = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
MATCH_CORRECT: Final = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"
MAP_RESPONSE: Final = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/map_response.xml"
OWN: Final = "data-touchstone-"
"""Attributes of ours; QTI 3.0 leaves `data-` to whoever writes."""

Element = Any
"""lxml publishes no types."""


class Unsupported(Exception):
    """An item holds something that our questions cannot say; its message names it."""


def parse(data: bytes, *, where: str) -> Element:
    """The root of a document. Raises `Invalid` where it is no XML or declares a document type."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Invalid(f"{where}: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise Invalid(f"{where}: a document type is declared, which is not read")
    return root


def name(element: Element) -> str:
    """The name without its namespace."""
    return str(etree.QName(element).localname)


def make(tag: str, parent: Element | None = None, text: str = "", **attributes: str) -> Element:
    """An element of QTI; underscores in attribute names become hyphens."""
    qualified = f"{{{QTI}}}{tag}"
    if parent is None:
        element = etree.Element(qualified, nsmap={None: QTI})
    else:
        element = etree.SubElement(parent, qualified)
    for one, value in attributes.items():
        element.set(one.replace("_", "-"), value)
    element.text = text or None
    return element


def every(root: Element, tag: str) -> Iterator[Element]:
    """All elements of a name below a root, in order."""
    return (one for one in root.iter() if isinstance(one.tag, str) and name(one) == tag)


def first(root: Element, tag: str) -> Element:
    """The first element of a name. Raises `Unsupported` where there is none."""
    found = next(every(root, tag), None)
    if found is None:
        raise Unsupported(f"it has no {tag}")
    return found


def written(root: Element) -> bytes:
    """A document's bytes, the same for the same content."""
    etree.indent(root, space="  ")
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return data + b"\n"
