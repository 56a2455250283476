"""One person among the others, and tables shaded by share."""

import pytest

from portal.charts import distribution, hours, percent
from portal.charts.heat import heat_table, level
from portal.charts.numbers import ticks
from tests.portal.charts.svg import description, number, shapes, words

N = "\u202f"


def test_everyone_is_one_dot() -> None:
    values = [0.6, 0.6, 0.6, 0.75, 0.9]
    drawn = distribution(values, title="Experts")
    assert len(shapes(drawn, "other")) == 5
    assert sum(int(row[1]) for row in drawn.rows) == 5


def test_equal_values_are_heaped_and_never_hide_each_other() -> None:
    drawn = distribution([0.7] * 40, title="Experts")
    places = {(number(dot, "cx"), number(dot, "cy")) for dot in shapes(drawn, "other")}
    assert len(places) == 40
    assert min(y for _, y in places) > 20


def test_ones_own_dot_lies_on_top_of_its_heap_and_says_whose_it_is() -> None:
    drawn = distribution([0.7, 0.7], title="Experts", own=0.7, own_text="you")
    (own,) = shapes(drawn, "dot")
    assert all(number(own, "cy") < number(dot, "cy") for dot in shapes(drawn, "other"))
    assert words(drawn, "own") == ["you"]
    assert description(drawn).startswith(f"you 70{N}%")


def test_nobody_else_yet_is_only_oneself() -> None:
    drawn = distribution([], title="Experts", own=0.7)
    assert (len(shapes(drawn, "other")), len(shapes(drawn, "dot"))) == (0, 1)


def test_the_needed_level_is_where_it_belongs() -> None:
    drawn = distribution([0.6], title="Experts", needed=0.75)
    assert number(shapes(drawn, "needed")[0], "x1") == 50


@pytest.mark.parametrize(
    ("share", "shade"), [(0, 0), (0.02, 1), (0.05, 2), (0.1, 3), (0.27, 4), (1, 4)]
)
def test_the_greater_the_share_the_deeper_the_shade(share: float, shade: int) -> None:
    assert level(share) == shade


def test_the_diagonal_is_agreement_and_not_shaded() -> None:
    table = str(
        heat_table(
            title="Confusion",
            corner="Consensus",
            names=["A", "<B>"],
            shares=[[0.9, 0.1], [0.3, 0.7]],
            counts=[10, 2000],
        )
    )
    assert table.count("heat__cell--same") == 2
    assert '<td class="heat__cell heat__cell--4">30</td>' in table
    assert "&lt;B&gt;" in table
    assert "<B>" not in table
    assert "2,000" in table


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, f"0{N}%"), (0.001, f"<1{N}%"), (0.914, f"91{N}%"), (0.996, f"99{N}%"), (1, f"100{N}%")],
)
def test_only_all_is_a_hundred_per_cent_and_only_nothing_is_none(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 m"), (3599, "59 m"), (3600, "1 h 00"), (12_270, "3 h 24")]
)
def test_hours_fit_above_a_bar(seconds: float, text: str) -> None:
    assert hours(seconds) == text


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.62, 0.97), (0, 10_400), (5, 5), (-3, 8)])
def test_ticks_enclose_the_numbers(low: float, high: float) -> None:
    marks = ticks(low, high)
    assert marks[0] <= low + 1e-9
    assert marks[-1] >= high - 1e-9
    assert 2 <= len(marks) <= 9
