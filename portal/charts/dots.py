"""One person among the others: a dot for each, in heaps, the person's own filled."""

from collections import Counter
from collections.abc import Callable, Sequence

from portal.charts.canvas import Canvas, Drawing, number_column
from portal.charts.numbers import NOTHING, percent, span

_HEAP = 30  # places along x at which dots are heaped


def distribution(
    others: Sequence[float],
    *,
    title: str,
    own: float | None = None,
    own_text: str = "you",
    ends: tuple[float, float] | None = None,
    needed: float | None = None,
    needed_text: str = "",
    needed_band: tuple[float, float] | None = None,
    band_text: str = "",
    show: Callable[[float], str] = percent,
    headings: tuple[str, str] = ("Up to", "People"),
    width: float | None = None,
) -> Drawing:
    """Everyone's value without a name, and one's own with a word.

    `needed_band` are the values between which one cannot be sure on which side of the needed one
    somebody stands; `band_text` says so where the drawing is not seen.
    """
    ends = ends or _ends([*others, *([] if own is None else [own])])
    heaps = Counter(_place(value, ends) for value in others)
    own_place = None if own is None else _place(own, ends)
    tallest = max(heaps.values(), default=1)
    step = min(11.0, 110 / tallest)
    floor = tallest * step + 36
    canvas = Canvas(height=floor + 26, kind="dots", width=width, left=8, right=8)
    if needed_band is not None:
        low, high = (_share(value, ends) for value in needed_band)
        canvas.rect("chart__band", low, high - low, top=20, height=floor - 20, title=band_text)
    canvas.line("chart__track", (0, floor), (1, floor))
    if needed is not None:
        share = _share(needed, ends)
        canvas.line("chart__needed", (share, 20), (share, floor + 5))
        canvas.text("chart__tick", (share, floor + 20), needed_text or show(needed))
    for place, count in heaps.items():
        for level in range(count):
            canvas.circle(
                "chart__other", (place, floor - 7 - level * step), min(4.5, step / 2 - 0.5)
            )
    if own_place is not None:
        _draw_own(canvas, own_place, floor - 7 - heaps[own_place] * step, own_text)
    canvas.text("chart__tick", (0, floor + 20), show(ends[0]), anchor="start")
    canvas.text("chart__tick", (1, floor + 20), show(ends[1]), anchor="end")
    rows = _table(others, ends, show)
    said = "" if own is None else f"{own_text} {show(own)}; "
    said += f"{len(others)}: {span(show(min(others)), show(max(others)))}" if others else NOTHING
    if needed_band is not None:
        said += f"; {band_text} {span(show(needed_band[0]), show(needed_band[1]))}"
    return canvas.finish(title, said, (headings[0], number_column(headings[1])), rows)


def _draw_own(canvas: Canvas, place: float, level: float, words: str) -> None:
    canvas.circle("chart__dot", (place, level), 6.5)
    anchor = "start" if place < 0.06 else "end" if place > 0.94 else "middle"
    canvas.text("chart__own", (place, level - 12), words, anchor=anchor)


def _table(
    values: Sequence[float], ends: tuple[float, float], show: Callable[[float], str]
) -> list[tuple[str, str]]:
    """Counts in ten steps."""
    width = (ends[1] - ends[0]) / 10
    counts = Counter(min(9, max(0, int((value - ends[0]) / width))) for value in values)
    return [(show(ends[0] + width * (step + 1)), str(counts[step])) for step in range(10)]


def _place(value: float, ends: tuple[float, float]) -> float:
    return round(_share(value, ends) * _HEAP) / _HEAP


def _share(value: float, ends: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - ends[0]) / (ends[1] - ends[0])))


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return (0.5, 1.0) if all(0.5 <= value <= 1 for value in values) else (0.0, max(1.0, *values))
