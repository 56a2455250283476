"""A line over time shows what was known when, and its gaps."""

from datetime import date

import pytest

from portal.charts import (
    Estimate,
    Forecast,
    Point,
    line_with_band,
    progress_with_forecast,
    sparkline,
)
from tests.portal.charts.svg import description, number, shapes, words

N = "\u202f"
TO = "\u2013"


def known(value: float) -> Estimate:
    return Estimate(value - 0.05, value, value + 0.05)


def series(*values: float | None) -> list[Point]:
    return [
        Point(f"wk {index}", None if value is None else known(value))
        for index, value in enumerate(values, start=1)
    ]


def corners(text: str | None) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in (text or "").split())
    return [(float(x), float(y)) for x, y in pairs]


def test_the_line_runs_through_its_points_within_its_band() -> None:
    drawn = line_with_band(series(0.7, 0.8, 0.9), title="Accuracy", ends=(0.5, 1.0))
    (line,), (band,) = shapes(drawn, "line"), shapes(drawn, "band")
    middle, outline = corners(line.get("points")), corners(band.get("points"))
    assert [x for x, _ in middle] == [0, 500, 1000]
    upper, lower = outline[:3], outline[:2:-1]
    assert all(up[1] < mid[1] < low[1] for up, mid, low in zip(upper, middle, lower, strict=True))
    assert middle[0][1] > middle[1][1] > middle[2][1]


def test_a_week_without_evidence_breaks_the_line() -> None:
    drawn = line_with_band(series(0.7, 0.8, None, 0.9, 0.9), title="Accuracy")
    assert (len(shapes(drawn, "line")), len(shapes(drawn, "band"))) == (2, 2)
    assert drawn.rows[2] == ("wk 3", TO, TO)


def test_a_lonely_week_is_a_dot_with_its_interval() -> None:
    drawn = line_with_band(series(0.7, None, 0.9), title="Accuracy")
    assert (len(shapes(drawn, "end")), len(shapes(drawn, "whisker"))) == (2, 2)


def test_the_level_to_compare_with_stands_at_its_height() -> None:
    drawn = line_with_band(
        series(0.8, 0.8),
        title="Accuracy",
        reference=0.8,
        reference_text="needed 80 %",
        ends=(0.6, 1.0),
    )
    (level,), (line,) = shapes(drawn, "reference"), shapes(drawn, "line")
    assert number(level, "y1") == corners(line.get("points"))[0][1]
    assert words(drawn, "note") == ["needed 80 %"]


def test_ticks_are_round_numbers_said_once() -> None:
    drawn = line_with_band(series(0.8, 0.9), title="Accuracy", ends=(0.6, 1.0))
    assert words(drawn)[:5] == [f"{share}{N}%" for share in (60, 70, 80, 90, 100)]


@pytest.mark.parametrize("count", [2, 3, 5, 6, 12, 53])
def test_few_labels_stand_under_many_weeks(count: int) -> None:
    drawn = line_with_band(series(*[0.8] * count), title="Accuracy", ends=(0.6, 1.0))
    labels = [word for word in words(drawn) if word.startswith("wk")]
    assert labels[0] == "wk 1"
    assert labels[-1] == f"wk {count}"
    assert len(labels) == len(set(labels)) <= 6


def test_no_points_are_an_empty_grid() -> None:
    drawn = line_with_band([], title="Accuracy")
    assert shapes(drawn, "line") == []
    assert len(shapes(drawn, "grid")) > 1


def test_every_number_is_in_the_table() -> None:
    drawn = line_with_band(series(0.7), title="Accuracy")
    assert list(drawn.rows) == [("wk 1", f"70{N}%", f"65{N}% {TO} 75{N}%")]
    assert description(drawn) == f"wk 1 70{N}% (65{N}% {TO} 75{N}%)"


def test_a_sparkline_marks_its_last_value() -> None:
    drawn = sparkline([0.7, 0.9, 0.8], title="Accuracy")
    (line,), (end,) = shapes(drawn, "line"), shapes(drawn, "end")
    assert corners(line.get("points"))[-1] == (number(end, "cx"), number(end, "cy"))


@pytest.mark.parametrize("values", [[], [0.8], [0.8, 0.8]])
def test_a_sparkline_of_hardly_anything_is_still_drawn(values: list[float]) -> None:
    assert "nan" not in str(sparkline(values, title="Accuracy").svg)


def test_progress_reaches_today_and_the_forecast_leaves_from_there() -> None:
    drawn = progress_with_forecast(
        [(date(2026, 11, 1), 0), (date(2026, 11, 11), 500)],
        [Forecast(date(2026, 11, 21), 800, 1000, 1200)],
        title="Progress",
        target=1000,
        target_text="1,000 tasks",
    )
    (done,), (likely,) = shapes(drawn, "line"), shapes(drawn, "likely")
    today = corners(done.get("points"))[-1]
    assert today[0] == 500
    assert corners(likely.get("points"))[0] == today
    assert corners(likely.get("points"))[1][1] == number(shapes(drawn, "target")[0], "y1")
    assert drawn.rows[-1] == ("21 Nov", "", f"1,000 (800 {TO} 1,200)")


def test_progress_of_one_day_without_a_forecast_divides_by_nothing() -> None:
    drawn = progress_with_forecast(
        [(date(2026, 11, 1), 0)], [], title="Progress", target=10, target_text="10 tasks"
    )
    assert "nan" not in str(drawn.svg)


@pytest.mark.parametrize(
    ("last", "labels"), [(2, ["1 Nov", "2 Nov"]), (4, ["1 Nov", "2 Nov", "3 Nov", "4 Nov"])]
)
def test_no_day_is_written_twice_under_a_short_project(last: int, labels: list[str]) -> None:
    drawn = progress_with_forecast(
        [(date(2026, 11, 1), 0), (date(2026, 11, last), 5)],
        [],
        title="Progress",
        target=10,
        target_text="10",
    )
    assert [word for word in words(drawn) if "Nov" in word] == labels
