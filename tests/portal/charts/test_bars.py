"""Bars are as tall as their numbers, and say them."""

import itertools

import pytest

from portal.charts import Bar, bars, funnel, whole
from tests.portal.charts.svg import description, number, shapes, words

N = "\u202f"
TO = "\u2013"


def test_bars_are_in_proportion_and_carry_their_hours() -> None:
    drawn = bars([Bar("Mon", 3600), Bar("Tue", 7200)], title="Hours")
    small, tall = (number(bar, "height") for bar in shapes(drawn, "bar"))
    assert tall == pytest.approx(2 * small)
    assert words(drawn, "value") == ["1 h 00", "2 h 00"]


def test_a_day_without_work_is_a_hairline_and_not_a_bar() -> None:
    drawn = bars([Bar("Mon", 3600), Bar("Tue", 0)], title="Hours")
    assert (len(shapes(drawn, "bar")), len(shapes(drawn, "track"))) == (1, 1)


def test_the_least_work_can_still_be_seen() -> None:
    drawn = bars([Bar("Mon", 1), Bar("Tue", 1_000_000)], title="Hours")
    assert number(shapes(drawn, "bar")[0], "height") == 2


def test_bars_never_touch_their_neighbours_or_the_edges() -> None:
    drawn = bars([Bar(str(day), 60 + day) for day in range(31)], title="Hours")
    spans = [
        (number(bar, "x"), number(bar, "x") + number(bar, "width")) for bar in shapes(drawn, "bar")
    ]
    assert spans[0][0] > 0
    assert spans[-1][1] < 100
    assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))


def test_the_table_and_the_description_say_every_number() -> None:
    drawn = bars([Bar("Mon", 3600), Bar("Tue", 0)], title="Hours")
    assert list(drawn.rows) == [("Mon", "1 h 00"), ("Tue", "0 m")]
    assert description(drawn) == "Mon 1 h 00; Tue 0 m"


def test_no_days_at_all_are_an_empty_drawing() -> None:
    assert shapes(bars([], title="Hours"), "bar") == []


def test_a_funnel_tells_the_share_of_the_step_before() -> None:
    drawn = funnel([Bar("Applied", 400), Bar("Passed", 100), Bar("Verified", 99)], title="Way in")
    assert [number(bar, "width") for bar in shapes(drawn, "bar")] == pytest.approx([100, 25, 24.75])
    assert words(drawn, "value") == ["400", f"100 · 25{N}%", f"99 · 99{N}%"]
    assert [row[2] for row in drawn.rows] == [TO, f"25{N}%", f"99{N}%"]


def test_a_funnel_nobody_entered_divides_by_nothing() -> None:
    drawn = funnel([Bar("Applied", 0), Bar("Passed", 0)], title="Way in")
    assert words(drawn, "value") == ["0", "0"]


def test_other_numbers_take_other_words() -> None:
    assert words(bars([Bar("wk 1", 1200)], title="Judgments", show=whole), "value") == ["1,200"]


def test_a_month_of_bars_is_labelled_here_and_there_and_told_in_the_table() -> None:
    drawn = bars([Bar(f"{day} Nov", 60 * day) for day in range(1, 31)], title="Hours")
    assert len(shapes(drawn, "bar")) == 30
    assert words(drawn, "value") == []
    assert words(drawn) == [f"{day} Nov" for day in range(1, 31, 4)]
    assert len(drawn.rows) == 30
