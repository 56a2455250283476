"""Periods as people type them."""

from datetime import UTC, datetime

import pytest

from portal.errors import Invalid
from portal.reports import periods


def test_a_month_is_half_open() -> None:
    period = periods.parse("2026-12")
    assert period.start == datetime(2026, 12, 1, tzinfo=UTC)
    assert period.end == datetime(2027, 1, 1, tzinfo=UTC)


def test_two_days_leave_the_second_one_out() -> None:
    period = periods.parse("2026-10-05..2026-10-12")
    assert (period.end - period.start).days == 7


def test_a_forms_last_day_is_in_the_period() -> None:
    period = periods.inclusive("2026-10-05", "2026-10-05")
    assert (period.end - period.start).days == 1


def test_the_month_before_january_is_december() -> None:
    period = periods.month_before(datetime(2026, 1, 15, tzinfo=UTC))
    assert period == periods.parse("2025-12")


def test_a_report_ends_with_yesterday_at_the_latest() -> None:
    now = datetime(2026, 10, 20, 15, 30, tzinfo=UTC)
    cut = periods.up_to_yesterday(periods.parse("2026-10"), now)
    assert cut.end == datetime(2026, 10, 20, tzinfo=UTC)
    assert periods.up_to_yesterday(periods.parse("2026-09"), now) == periods.parse("2026-09")
    with pytest.raises(Invalid, match="up to yesterday"):
        periods.up_to_yesterday(periods.parse("2026-10-20..2026-10-21"), now)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-13", "not a day"),
        ("last month", "not a period"),
        ("2026-10-02..2026-10-01", "after its start"),
        ("2026-10-01..2026-10-01", "after its start"),
        ("2020-01-01..2026-01-01", "two years"),
        ("2026-10-01..soon", "“soon” is not a day"),
    ],
)
def test_what_is_no_period_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        periods.parse(text)
