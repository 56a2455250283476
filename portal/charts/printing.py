"""Drawings for paper: the PDF renderer applies to an SVG only the styles that stand inside it."""

from functools import cache
from importlib.resources import files

from markupsafe import Markup

from portal.charts.canvas import Drawing


def printable(drawing: Drawing) -> Markup:
    """The drawing with the colours of paper inside it. Never for a page: its CSP refuses them."""
    head, end, rest = drawing.svg.partition(">")
    # The style sheet is our own file, and the drawing was markup already.
    return Markup(f"{head}{end}<style>{_paper()}</style>{rest}")  # noqa: S704


@cache
def _paper() -> str:
    return files("portal").joinpath("static/css/charts-print.css").read_text("utf-8")
