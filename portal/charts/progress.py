"""Work done so far, and when it will likely be finished."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from portal.charts.canvas import Canvas, Drawing, number_column
from portal.charts.numbers import span, ticks, whole


@dataclass(frozen=True)
class Forecast:
    """A day to come and how much will likely be done by then."""

    day: date
    low: float
    middle: float
    high: float


def progress_with_forecast(
    done: Sequence[tuple[date, float]],
    forecast: Sequence[Forecast],
    *,
    title: str,
    target: float,
    target_text: str,
    today_text: str = "today",
    headings: tuple[str, str, str] = ("Day", "Done", "Likely"),
    show: Callable[[float], str] = whole,
    show_day: Callable[[date], str] = lambda day: f"{day.day} {day:%b}",
    height: float = 232,
    width: float | None = None,
) -> Drawing:
    """A line up to today, then a dashed one in its widening band, towards the target.

    `done` has at least one day; the forecast begins after the last of them.
    """
    canvas = Canvas(height=height, kind="line", width=width, left=46, right=18)
    first, last = done[0][0], (forecast[-1].day if forecast else done[-1][0])
    days = max((last - first).days, 1)
    marks = ticks(0, max(target, *(point.high for point in forecast), done[-1][1]) * 1.02, about=6)
    top, bottom = 26.0, height - 26

    def place(day: date, value: float) -> tuple[float, float]:
        return (day - first).days / days, bottom - value / marks[-1] * (bottom - top)

    for mark in marks:
        level = place(first, mark)[1]
        canvas.line("chart__grid", (0, level), (1, level))
        canvas.text("chart__tick", (0, level + 4), show(mark), anchor="end", dx=-8)
    today = place(*done[-1])
    if forecast:
        upper = [place(point.day, point.high) for point in forecast]
        lower = [place(point.day, point.low) for point in reversed(forecast)]
        canvas.area("chart__band", [today, *upper, *lower])
        middle = [place(point.day, point.middle) for point in forecast]
        canvas.path("chart__likely", [today, *middle])
    canvas.path("chart__line", [place(*point) for point in done])
    level = place(first, target)[1]
    canvas.line("chart__target", (0, level), (1, level))
    canvas.text("chart__note", (1, level - 7), target_text, anchor="end", dx=-8)
    _draw_today(canvas, today[0], today_text, (top, bottom))
    for passed in sorted({round(share * days / 3) for share in range(4)}):
        day = date.fromordinal(first.toordinal() + passed)
        canvas.text("chart__tick", (passed / days, height - 6), show_day(day))
    rows = [(show_day(day), show(value), "") for day, value in done]
    rows += [
        (
            show_day(point.day),
            "",
            f"{show(point.middle)} ({span(show(point.low), show(point.high))})",
        )
        for point in forecast
    ]
    said = f"{show(done[-1][1])}; {target_text}; {show_day(last)}"
    columns = (headings[0], number_column(headings[1]), number_column(headings[2]))
    return canvas.finish(title, said, columns, rows)


def _draw_today(canvas: Canvas, today: float, words: str, ends: tuple[float, float]) -> None:
    canvas.line("chart__today", (today, ends[0]), (today, ends[1]))
    anchor = "start" if today < 0.08 else "end" if today > 0.92 else "middle"
    canvas.text("chart__tick", (today, ends[0] - 10), words, anchor=anchor)
