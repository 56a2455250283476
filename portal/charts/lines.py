"""Numbers over time: a line with its interval against the needed level, and the small line in a row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from portal.charts.canvas import Canvas, Drawing, number_column
from portal.charts.interval import Estimate
from portal.charts.numbers import NOTHING, percent, span, ticks


@dataclass(frozen=True)
class Point:
    """One moment; without an estimate the line has a gap there."""

    label: str
    estimate: Estimate | None


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        value = min(self.high, max(self.low, value))
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def line_with_band(
    points: Sequence[Point],
    *,
    title: str,
    headings: tuple[str, str, str] = ("When", "Estimate", "Interval"),
    reference: float | None = None,
    reference_text: str = "",
    ends: tuple[float, float] | None = None,
    show: Callable[[float], str] = percent,
    height: float = 176,
    width: float | None = None,
) -> Drawing:
    """A line through the estimates, the band of their intervals, and a dashed level to compare with."""
    canvas = Canvas(height=height, kind="line", width=width, left=46, right=18)
    marks = _marks(points, reference, ends)
    scale = _Scale(marks[0], marks[-1], 10, height - 26)
    for mark in marks:
        canvas.line("chart__grid", (0, scale.y(mark)), (1, scale.y(mark)))
        canvas.text("chart__tick", (0, scale.y(mark) + 4), show(mark), anchor="end", dx=-8)
    for run in _runs(points):
        _draw_run(canvas, run, scale)
    if reference is not None:
        level = scale.y(reference)
        canvas.line("chart__reference", (0, level), (1, level))
        canvas.text("chart__note", (1, level + 15), reference_text, anchor="end")
    for share, label in _few_labels([point.label for point in points]):
        canvas.text("chart__tick", (share, height - 6), label)
    rows = [_row(point, show) for point in points]
    said = "; ".join(f"{when} {value} ({interval})" for when, value, interval in rows)
    columns = (headings[0], number_column(headings[1]), number_column(headings[2]))
    return canvas.finish(title, said, columns, rows)


def sparkline(
    values: Sequence[float], *, title: str, show: Callable[[float], str] = percent
) -> Drawing:
    """A line as small as a word, its last value marked; the same size everywhere."""
    width, height = 104.0, 26.0
    if not values:
        return Canvas(height=height, kind="spark", width=width).finish(title, NOTHING)
    low, high = min(values), max(values)
    scale = _Scale(low, high if high > low else low + 1, 4, height - 4)
    step = (width - 8) / max(len(values) - 1, 1)
    places = [(4 + index * step, scale.y(value)) for index, value in enumerate(values)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    said = span(show(values[0]), show(values[-1]))
    # Only numbers and escaped words go into it.
    svg = Markup(  # noqa: S704
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart--spark" width="{width:.0f}"'
        f' height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>"
        f'<polyline class="chart__line" points="{points}"/>'
        f'<circle class="chart__end" cx="{x:.1f}" cy="{y:.1f}" r="3"/></svg>'
    )
    return Drawing(svg, title, said)


def _draw_run(canvas: Canvas, run: list[tuple[float, Estimate]], scale: _Scale) -> None:
    upper = [(x, scale.y(estimate.high)) for x, estimate in run]
    lower = [(x, scale.y(estimate.low)) for x, estimate in reversed(run)]
    if len(run) > 1:
        canvas.area("chart__band", [*upper, *lower])
    else:
        canvas.line("chart__whisker", upper[0], lower[0])
    middle = [(x, scale.y(estimate.point)) for x, estimate in run if estimate.point is not None]
    canvas.path("chart__line", middle)
    if len(run) == 1 and middle:
        canvas.circle("chart__end", middle[0], 4)


def _runs(points: Sequence[Point]) -> Iterator[list[tuple[float, Estimate]]]:
    """Stretches of neighbouring points that have an estimate, with their places along x."""
    run: list[tuple[float, Estimate]] = []
    last = max(len(points) - 1, 1)
    for index, point in enumerate(points):
        if point.estimate is None or point.estimate.point is None:
            if run:
                yield run
            run = []
        else:
            run.append((index / last if len(points) > 1 else 0.5, point.estimate))
    if run:
        yield run


def _marks(
    points: Sequence[Point], reference: float | None, ends: tuple[float, float] | None
) -> list[float]:
    if ends is not None:
        margin = (ends[1] - ends[0]) * 0.01
        inner = [mark for mark in ticks(*ends) if ends[0] + margin < mark < ends[1] - margin]
        return [ends[0], *inner, ends[1]]
    known = [point.estimate for point in points if point.estimate is not None]
    values = [value for estimate in known for value in (estimate.low, estimate.high)]
    values += [] if reference is None else [reference]
    return ticks(min(values), max(values)) if values else ticks(0, 1)


def _few_labels(labels: Sequence[str]) -> list[tuple[float, str]]:
    """At most five labels, evenly spread from the first; the last one always."""
    if len(labels) < 2:
        return [(0.5, label) for label in labels]
    last = len(labels) - 1
    step = max(1, round(last / 4))
    chosen = [index for index in range(0, last, step) if last - index >= step * 0.6]
    return [(index / last, labels[index]) for index in [*chosen, last]]


def _row(point: Point, show: Callable[[float], str]) -> tuple[str, str, str]:
    estimate = point.estimate
    if estimate is None or estimate.point is None:
        return (point.label, NOTHING, NOTHING)
    return (point.label, show(estimate.point), span(show(estimate.low), show(estimate.high)))
