"""The forecast of progress: a range that holds what comes, and silence where nothing can be said."""

from datetime import date, timedelta
from random import Random

import pytest
from scipy.stats import t

from tasks.quality import forecast
from tasks.quality.forecast import reached
from tasks.views.pictures import whole_days


def test_below_a_week_or_with_hardly_any_work_it_is_too_early_to_say() -> None:
    assert forecast.forecast([10] * 6, done=60, target=1000) == []
    assert forecast.forecast([0] * 20 + [10] * 4, done=40, target=1000) == []
    assert forecast.forecast([10] * 7, done=70, target=1000) != []


def test_what_is_done_needs_no_forecast() -> None:
    assert forecast.forecast([10] * 20, done=1000, target=1000) == []


def test_even_days_leave_no_doubt() -> None:
    ahead = forecast.forecast([10] * 14, done=140, target=200)
    assert [(each.low, each.middle, each.high) for each in ahead][-1] == (200, 200, 200)
    assert reached(ahead, 200) == (6, 6)


def test_the_range_widens_and_never_goes_backwards() -> None:
    ahead = forecast.forecast([0, 30, 5, 12, 0, 18, 9, 3, 22, 1], done=100, target=2000)
    assert all(each.low <= each.middle <= each.high for each in ahead)
    widths = [each.high - each.low for each in ahead if each.high < 2000]
    assert widths == sorted(widths)
    assert [each.low for each in ahead] == sorted(each.low for each in ahead)
    assert min(each.low for each in ahead) >= 100


def test_a_target_beyond_the_horizon_has_no_latest_day() -> None:
    ahead = forecast.forecast([0, 3, 0, 0, 9, 1, 0, 2, 4, 0], done=19, target=400)
    assert len(ahead) == forecast.HORIZON
    assert reached(ahead, 400)[1] is None


@pytest.mark.parametrize("days_ahead", [1, 7, 21])
def test_nine_in_ten_ranges_hold_what_then_comes(days_ahead: int) -> None:
    random = Random(7)  # noqa: S311  repeatable by seed
    inside, rounds = 0, 600
    for _ in range(rounds):
        seen = [random.randint(0, 40) for _ in range(28)]
        came = sum(random.randint(0, 40) for _ in range(days_ahead))
        ahead = forecast.forecast(seen, done=0, target=10**9)[days_ahead - 1]
        inside += ahead.low <= came <= ahead.high
    assert 0.86 <= inside / rounds <= 0.95


@pytest.mark.parametrize("freedom", [6, 13, 27])
def test_the_quantile_is_students(freedom: int) -> None:
    assert forecast._student(freedom) == pytest.approx(t.ppf(0.95, freedom), abs=0.002)


def test_days_are_counted_whole_and_without_today() -> None:
    first, today = date(2026, 11, 1), date(2026, 11, 5)
    days = [(first, 4), (first + timedelta(days=2), 6), (today, 1)]
    assert whole_days(days, today=today) == [4, 0, 6, 0]
    assert whole_days([], today=today) == []
