"""The streak says what is known, how well, and what is needed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.charts import Estimate, interval_bar, whole
from tests.portal.charts.svg import description, number, shapes, title, words

N = "\u202f"
TO = "\u2013"
shares = st.floats(0, 1)


def test_the_streak_lies_between_its_ends_and_the_dot_on_its_point() -> None:
    bar = interval_bar(Estimate(0.6, 0.75, 0.9), title="Reasoning")
    (streak,), (dot,) = shapes(bar, "streak"), shapes(bar, "dot")
    assert number(streak, "x") == pytest.approx(20)
    assert number(streak, "width") == pytest.approx(60)
    assert number(dot, "cx") == pytest.approx(50)


def test_the_needed_level_is_marked_and_named() -> None:
    bar = interval_bar(Estimate(0.6, 0.75, 0.9), title="Reasoning", needed=0.8)
    (mark,) = shapes(bar, "needed")
    assert number(mark, "x1") == number(mark, "x2") == pytest.approx(60)
    assert words(bar) == [f"50{N}%", f"100{N}%", f"needed 80{N}%"]


def test_too_early_is_a_dashed_outline_without_a_dot() -> None:
    bar = interval_bar(Estimate(0.55, None, 0.95), title="Yorùbá", needed=0.8)
    assert (len(shapes(bar, "early")), len(shapes(bar, "streak")), len(shapes(bar, "dot"))) == (
        1,
        0,
        0,
    )
    assert description(bar) == f"too early to say, 55{N}% {TO} 95{N}%; needed 80{N}%"


def test_an_interval_below_one_half_widens_the_track_to_nothing() -> None:
    bar = interval_bar(Estimate(0.2, 0.3, 0.45), title="Hate")
    assert words(bar) == [f"0{N}%", f"100{N}%"]
    assert number(shapes(bar, "dot")[0], "cx") == pytest.approx(30)


@pytest.mark.parametrize(
    ("needed", "expected"),
    [(0.95, [f"50{N}%", f"needed 95{N}%"]), (0.55, [f"100{N}%", f"needed 55{N}%"])],
)
def test_an_end_gives_way_to_a_needed_level_beside_it(needed: float, expected: list[str]) -> None:
    assert words(interval_bar(Estimate(0.7, 0.8, 0.9), title="x", needed=needed)) == expected


def test_a_score_has_its_own_scale_and_words() -> None:
    bar = interval_bar(
        Estimate(594, 612, 630),
        title="Exam",
        needed=560,
        ends=(400, 800),
        show=whole,
        needed_word="pass mark",
    )
    assert words(bar) == ["400", "800", "pass mark 560"]
    assert description(bar) == f"612, 594 {TO} 630; pass mark 560"


def test_what_comes_from_outside_stays_text() -> None:
    bar = interval_bar(Estimate(0.6, 0.7, 0.8), title="<script>1 & 2</script>", needed_word='"<b>')
    assert title(bar) == "<script>1 & 2</script>"
    assert "<script>" not in str(bar.svg)


def test_a_fixed_width_counts_pixels_and_keeps_room_for_the_dot() -> None:
    bar = interval_bar(Estimate(0.6, 0.75, 0.9), title="Paper", width=316)
    assert number(shapes(bar, "dot")[0], "cx") == pytest.approx(150)
    assert 'width="316" height="42" viewBox="-8 0 316 42"' in str(bar.svg)


@given(shares, shares, shares, st.none() | shares)
def test_nothing_is_ever_drawn_off_the_track(
    a: float, b: float, c: float, needed: float | None
) -> None:
    low, point, high = sorted((a, b, c))
    bar = interval_bar(Estimate(low, point, high), title="x", needed=needed, ends=(0.3, 0.9))
    (streak,), (dot,) = shapes(bar, "streak"), shapes(bar, "dot")
    start, end = number(streak, "x"), number(streak, "x") + number(streak, "width")
    assert -0.01 <= start <= number(dot, "cx") + 0.01 <= end + 0.03 <= 100.05
