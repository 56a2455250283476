"""Curves lie where their numbers are, tell themselves apart without colour, and say the same in words."""

import pytest

from portal.charts import Curve, Mark, curves, distribution
from tests.portal.charts.svg import description, number, shapes, words

TO = "\u2013"
_RISING = [(x / 2, 1 / (1 + 3 ** (-x / 2))) for x in range(-6, 7)]


def test_a_curve_and_its_points_share_a_scale() -> None:
    drawn = curves(
        [Curve("right", [(0.0, 0.0), (1.0, 1.0)], [Mark(0.5, 0.5, 20)])], title="T", ends=(0, 1)
    )
    (line,) = shapes(drawn, "line")
    (point,) = shapes(drawn, "point")
    ends = [tuple(map(float, place.split(","))) for place in (line.get("points") or "").split()]
    assert number(point, "cx") == pytest.approx(50)
    assert number(point, "cy") == pytest.approx((ends[0][1] + ends[1][1]) / 2)


def test_more_people_make_a_larger_dot() -> None:
    marks = [Mark(0, 0.2, 10), Mark(1, 0.8, 90)]
    small, large = shapes(curves([Curve("a", [], marks)], title="T", ends=(0, 1)), "point")
    assert number(small, "r") < number(large, "r")


def test_several_curves_have_a_name_and_a_line_of_their_own_each() -> None:
    drawn = curves([Curve(name, _RISING) for name in ("Form 1", "Form 2", "Form 3")], title="T")
    assert [len(shapes(drawn, kind)) for kind in ("line", "line-2", "line-3")] == [2, 2, 2]
    assert words(drawn, "value") == ["Form 1", "Form 2", "Form 3"]


def test_one_curve_needs_no_legend() -> None:
    assert words(curves([Curve("a", _RISING)], title="T"), "value") == []


def test_the_place_that_matters_stands_upright_with_its_word() -> None:
    drawn = curves([Curve("a", _RISING)], title="T", at=1.0, at_text="pass mark")
    (line,) = shapes(drawn, "needed")
    assert line.get("x1") == line.get("x2")
    assert words(drawn, "note") == ["pass mark"]
    assert description(drawn).endswith("pass mark 1")


def test_the_words_name_the_best_of_a_curve_that_rises_and_falls() -> None:
    drawn = curves(
        [Curve("told", [(0, 1.0), (1, 4.0), (2, 2.0)])], title="T", show=lambda value: f"{value:g}"
    )
    assert description(drawn) == f"told: 1 {TO} 2 (4, 1)"


def test_the_table_holds_what_was_observed() -> None:
    drawn = curves([Curve("right", _RISING, [Mark(-1, 0.25, 31)])], title="T", ends=(0, 1))
    assert [tuple(row) for row in drawn.rows] == [("right", "-1", "25\u202f%", "31")]


@pytest.mark.parametrize("drawn", [[], [Curve("a")], [Curve("a", [(1.0, 0.0)])]])
def test_next_to_nothing_is_drawn_without_a_fault(drawn: list[Curve]) -> None:
    assert curves(drawn, title="T").svg


def test_a_pass_mark_shows_how_far_it_is_uncertain() -> None:
    drawn = distribution(
        [0.2, 0.8],
        title="Scores",
        ends=(0, 1),
        needed=0.6,
        needed_band=(0.5, 0.7),
        band_text="not sure",
    )
    (band,) = shapes(drawn, "band")
    assert [number(band, name) for name in ("x", "width")] == pytest.approx([50, 20])
    assert description(drawn).endswith(f"not sure 50\u202f% {TO} 70\u202f%")
