"""Curves over a scale, with what was observed beside them: trace lines, and information of several forms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from portal.charts.canvas import Canvas, Drawing, number_column
from portal.charts.numbers import NOTHING, percent, span, ticks

_LINES: Final = ("line", "line-2", "line-3", "line-4", "line-5", "line-6")
"""Told apart by their dashes as well as by their colours."""
_LEGEND: Final = 20.0
_SMALLEST: Final = 3.0
_LARGEST: Final = 7.0


@dataclass(frozen=True)
class Mark:
    """Something observed: a share among some people."""

    x: float
    y: float
    people: int


@dataclass(frozen=True)
class Curve:
    """One line from left to right, and what was observed of it; either may be missing."""

    name: str
    points: Sequence[tuple[float, float]] = ()
    marks: Sequence[Mark] = ()


def curves(
    drawn: Sequence[Curve],
    *,
    title: str,
    headings: tuple[str, str, str, str] = ("Curve", "At", "Value", "People"),
    ends: tuple[float, float] | None = None,
    show_x: Callable[[float], str] = lambda value: f"{value:g}",
    show: Callable[[float], str] = percent,
    at: float | None = None,
    at_text: str = "",
    height: float = 220,
    width: float | None = None,
) -> Drawing:
    """Each curve with its dots, larger for more people; `at` is a dashed upright with its word.

    `ends` are those of the values; without them the axis is as tall as the largest.
    """
    legend = _LEGEND * len(drawn) if len(drawn) > 1 else 0
    canvas = Canvas(height=height + legend, kind="line", width=width, left=46, right=18)
    sheet = _Sheet.of(drawn, ends, top=18 + legend, bottom=height + legend - 26)
    _grid(canvas, sheet, show_x, show)
    if at is not None:
        place = sheet.x(at)
        canvas.line("chart__needed", (place, sheet.top), (place, sheet.bottom))
        anchor = "start" if place < 0.15 else "end" if place > 0.85 else "middle"
        canvas.text("chart__note", (place, sheet.top - 5), at_text, anchor=anchor)
    for number, curve in enumerate(drawn):
        kind = f"chart__{_LINES[number % len(_LINES)]}"
        if legend:
            _name(canvas, kind, curve.name, _LEGEND * number + 8)
        canvas.path(kind, [(sheet.x(x), sheet.y(y)) for x, y in curve.points])
        _dots(canvas, curve, sheet, kind)
    rows = [row for curve in drawn for row in _rows(curve, show_x, show)]
    columns: list[str | dict[str, object]] = [headings[0], *map(number_column, headings[1:])]
    return canvas.finish(title, _said(drawn, show_x, show, at, at_text), columns, rows)


@dataclass(frozen=True)
class _Sheet:
    left: float
    right: float
    low: float
    high: float
    top: float
    bottom: float

    @classmethod
    def of(
        cls,
        drawn: Sequence[Curve],
        ends: tuple[float, float] | None,
        *,
        top: float,
        bottom: float,
    ) -> "_Sheet":
        places = [x for one in drawn for x, _y in one.points]
        places += [mark.x for one in drawn for mark in one.marks]
        values = [y for one in drawn for _x, y in one.points]
        values += [mark.y for one in drawn for mark in one.marks]
        if ends is None:
            marks = ticks(0, max(values, default=1.0) or 1.0)
            ends = (marks[0], marks[-1])
        left, right = min(places, default=0.0), max(places, default=1.0)
        return cls(left, right if right > left else left + 1, *ends, top, bottom)

    def x(self, value: float) -> float:
        return min(1.0, max(0.0, (value - self.left) / (self.right - self.left)))

    def y(self, value: float) -> float:
        value = min(self.high, max(self.low, value))
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def _grid(
    canvas: Canvas,
    sheet: _Sheet,
    show_x: Callable[[float], str],
    show: Callable[[float], str],
) -> None:
    for mark in ticks(sheet.low, sheet.high):
        if sheet.low <= mark <= sheet.high + 1e-9:
            canvas.line("chart__grid", (0, sheet.y(mark)), (1, sheet.y(mark)))
            canvas.text("chart__tick", (0, sheet.y(mark) + 4), show(mark), anchor="end", dx=-8)
    for mark in ticks(sheet.left, sheet.right):
        if sheet.left - 1e-9 <= mark <= sheet.right + 1e-9:
            canvas.text("chart__tick", (sheet.x(mark), sheet.bottom + 20), show_x(mark))


def _name(canvas: Canvas, kind: str, name: str, level: float) -> None:
    canvas.line(kind, (0, level), (0.06, level))
    canvas.text("chart__value", (0.06, level + 4), name, anchor="start", dx=8)


def _dots(canvas: Canvas, curve: Curve, sheet: _Sheet, kind: str) -> None:
    most = max((mark.people for mark in curve.marks), default=1)
    for mark in curve.marks:
        radius = max(_SMALLEST, _LARGEST * (mark.people / most) ** 0.5)
        canvas.circle(kind.replace("line", "point"), (sheet.x(mark.x), sheet.y(mark.y)), radius)


def _rows(
    curve: Curve, show_x: Callable[[float], str], show: Callable[[float], str]
) -> list[tuple[str, str, str, str]]:
    """What was observed, or about ten places of the line."""
    if curve.marks:
        return [(curve.name, show_x(m.x), show(m.y), str(m.people)) for m in curve.marks]
    step = max(1, len(curve.points) // 10)
    return [(curve.name, show_x(x), show(y), NOTHING) for x, y in curve.points[::step]]


def _said(
    drawn: Sequence[Curve],
    show_x: Callable[[float], str],
    show: Callable[[float], str],
    at: float | None,
    at_text: str,
) -> str:
    parts = []
    for curve in drawn:
        values = [y for _x, y in curve.points] or [mark.y for mark in curve.marks]
        told = span(show(values[0]), show(values[-1])) if values else NOTHING
        parts.append(f"{curve.name}: {told}")
        if values and max(values) > max(values[0], values[-1]):
            best = max(values)
            place = next(
                (x for x, y in curve.points if y == best),
                next((mark.x for mark in curve.marks if mark.y == best), 0.0),
            )
            parts[-1] += f" ({show(best)}, {show_x(place)})"
    if at is not None:
        parts.append(f"{at_text} {show_x(at)}")
    return "; ".join(parts)
