"""Counts side by side: bars of days, and the steps of a funnel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from portal.charts.canvas import Canvas, Drawing, number_column
from portal.charts.numbers import NOTHING, hours, percent, whole

_VALUES: Final = 10  # so many values stand side by side on a phone
_LABELS: Final = 8


@dataclass(frozen=True)
class Bar:
    """One bar: what it is called and how much it is."""

    label: str
    value: float


def bars(
    data: Sequence[Bar],
    *,
    title: str,
    headings: tuple[str, str] = ("Day", "Time"),
    show: Callable[[float], str] = hours,
    height: float = 128,
    width: float | None = None,
) -> Drawing:
    """Upright bars, each with its value above it; nothing is a hairline.

    Where there are many, the values stand only in the table and under the pointer, and not every bar
    has its label.
    """
    kind = "few-bars" if len(data) <= _VALUES else "bars"
    canvas = Canvas(height=height, kind=kind, width=width)
    most = max((bar.value for bar in data), default=0) or 1
    slot = 1 / max(len(data), 1)
    every = ceil(len(data) / _LABELS)
    for index, bar in enumerate(data):
        middle = (index + 0.5) * slot
        top = _draw_bar(canvas, middle, slot, bar.value / most, f"{bar.label}: {show(bar.value)}")
        if bar.value and len(data) <= _VALUES:
            canvas.text("chart__value", (middle, top - 6), show(bar.value))
        if index % every == 0:
            canvas.text("chart__tick", (middle, height - 5), bar.label)
    said = "; ".join(f"{bar.label} {show(bar.value)}" for bar in data)
    rows = [(bar.label, show(bar.value)) for bar in data]
    return canvas.finish(title, said, (headings[0], number_column(headings[1])), rows)


def _draw_bar(canvas: Canvas, middle: float, slot: float, share: float, title: str) -> float:
    """A bar of a share of the room, or a hairline; gives its upper edge."""
    floor, room = canvas.height - 22, canvas.height - 44
    left, right = middle - slot * 0.37, middle + slot * 0.37
    if not share:
        canvas.line("chart__track", (left, floor), (right, floor))
        return floor
    tall = max(share * room, 2)
    top = floor - tall
    canvas.rect("chart__bar", left, right - left, top=top, height=tall, corner=3, title=title)
    return top


def funnel(
    steps: Sequence[Bar],
    *,
    title: str,
    headings: tuple[str, str, str] = ("Step", "People", "Of the step before"),
    width: float | None = None,
) -> Drawing:
    """How many reach each step: lying bars, the count and the share of the step before at the right."""
    each = 44.0
    canvas = Canvas(height=each * max(len(steps), 1), kind="funnel", width=width)
    most = max((step.value for step in steps), default=0) or 1
    rows = []
    for index, step in enumerate(steps):
        top = index * each
        before = steps[index - 1].value if index else 0
        share = percent(step.value / before) if before else ""
        canvas.text("chart__name", (0, top + 15), step.label, anchor="start")
        said = f"{whole(step.value)} · {share}" if share else whole(step.value)
        canvas.text("chart__value", (1, top + 15), said, anchor="end")
        canvas.line("chart__rail", (0, top + 28), (1, top + 28))
        canvas.rect("chart__bar", 0, step.value / most, top=top + 22, height=12, corner=3)
        rows.append((step.label, whole(step.value), share or NOTHING))
    said = "; ".join(f"{name} {count}" for name, count, _ in rows)
    columns = (headings[0], number_column(headings[1]), number_column(headings[2]))
    return canvas.finish(title, said, columns, rows)
