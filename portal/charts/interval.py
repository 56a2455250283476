"""The brand's streak: one estimate with its interval, against the level it needs."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.charts.canvas import Canvas, Drawing
from portal.charts.numbers import percent, span

_TRACK = 13.0


@dataclass(frozen=True)
class Estimate:
    """A number we do not know exactly. `point` is None while it is too early to say."""

    low: float
    point: float | None
    high: float


def interval_bar(
    estimate: Estimate,
    *,
    title: str,
    needed: float | None = None,
    ends: tuple[float, float] | None = None,
    show: Callable[[float], str] = percent,
    needed_word: str = "needed",
    too_early: str = "too early to say",
    width: float | None = None,
) -> Drawing:
    """Track, streak and dot; dashed and without a dot while it is too early.

    `ends` are the values at the ends of the track: 50 % to 100 % unless the interval reaches lower.
    """
    ends = ends or ((0.5, 1.0) if estimate.low >= 0.5 else (0.0, 1.0))
    canvas = Canvas(height=42, kind="interval", width=width, left=8, right=8)
    canvas.line("chart__track", (0, _TRACK), (1, _TRACK))
    _streak(canvas, estimate, ends)
    _labels(canvas, needed, ends, show, needed_word)
    return canvas.finish(title, _words(estimate, needed, show, needed_word, too_early))


def _streak(canvas: Canvas, estimate: Estimate, ends: tuple[float, float]) -> None:
    low, high = _share(estimate.low, ends), _share(estimate.high, ends)
    if estimate.point is None:
        canvas.rect("chart__early", low, high - low, top=_TRACK - 4.5, height=9, corner=4.5)
        return
    canvas.rect("chart__streak", low, high - low, top=_TRACK - 4, height=8, corner=4)
    canvas.circle("chart__dot", (_share(estimate.point, ends), _TRACK), 7.5)


def _labels(
    canvas: Canvas,
    needed: float | None,
    ends: tuple[float, float],
    show: Callable[[float], str],
    needed_word: str,
) -> None:
    share = None if needed is None else _share(needed, ends)
    if share is None or share >= 0.27:
        canvas.text("chart__tick", (0, 39), show(ends[0]), anchor="start")
    if share is None or share <= 0.73:
        canvas.text("chart__tick", (1, 39), show(ends[1]), anchor="end")
    if needed is not None and share is not None:
        canvas.line("chart__needed", (share, 2), (share, 25))
        anchor = "start" if share < 0.12 else "end" if share > 0.88 else "middle"
        canvas.text("chart__tick", (share, 39), f"{needed_word} {show(needed)}", anchor=anchor)


def _words(
    estimate: Estimate,
    needed: float | None,
    show: Callable[[float], str],
    needed_word: str,
    too_early: str,
) -> str:
    point = too_early if estimate.point is None else show(estimate.point)
    level = "" if needed is None else f"; {needed_word} {show(needed)}"
    return f"{point}, {span(show(estimate.low), show(estimate.high))}{level}"


def _share(value: float, ends: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - ends[0]) / (ends[1] - ends[0])))
