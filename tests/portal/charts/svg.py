"""Reading a drawing back: its shapes by class, its words."""

from xml.etree import ElementTree as ET

from portal.charts import Drawing

SVG = "{http://www.w3.org/2000/svg}"


def parse(drawing: Drawing) -> ET.Element:
    """The drawing as a tree; fails where it is not well-formed."""
    return ET.fromstring(str(drawing.svg))  # noqa: S314  our own drawing


def shapes(drawing: Drawing, kind: str) -> list[ET.Element]:
    """Every element of the class `chart__KIND`."""
    return [node for node in parse(drawing).iter() if node.get("class") == f"chart__{kind}"]


def words(drawing: Drawing, kind: str = "tick") -> list[str]:
    """The texts of that class, in the order they were drawn."""
    return [node.text or "" for node in shapes(drawing, kind)]


def number(node: ET.Element, name: str) -> float:
    """An attribute without its per-cent sign."""
    return float((node.get(name) or "nan").removesuffix("%"))


def title(drawing: Drawing) -> str:
    """What assistive technology and the PDF's alternative text say first."""
    return parse(drawing).findtext(f"{SVG}title") or ""


def description(drawing: Drawing) -> str:
    """The longer alternative."""
    return parse(drawing).findtext(f"{SVG}desc") or ""
