"""Drawings of numbers: SVG strings that say the same on a page and in a PDF, each with its table.

Pure functions of their arguments. Elements carry classes only (`css/charts.css` colours them, light
and dark); for a PDF `printable()` puts the plain colours of paper into the drawing itself. Without a
`width` a drawing fills its box and its text keeps its size; with one it has exactly that many pixels.
"""

from portal.charts.bars import Bar, bars, funnel
from portal.charts.canvas import Drawing
from portal.charts.curves import Curve, Mark, curves
from portal.charts.dots import distribution
from portal.charts.heat import heat_table
from portal.charts.interval import Estimate, interval_bar
from portal.charts.lines import Point, line_with_band, sparkline
from portal.charts.numbers import hours, percent, whole
from portal.charts.printing import printable
from portal.charts.progress import Forecast, progress_with_forecast

__all__ = [
    "Bar",
    "Curve",
    "Drawing",
    "Estimate",
    "Forecast",
    "Mark",
    "Point",
    "bars",
    "curves",
    "distribution",
    "funnel",
    "heat_table",
    "hours",
    "interval_bar",
    "line_with_band",
    "percent",
    "printable",
    "progress_with_forecast",
    "sparkline",
    "whole",
]
