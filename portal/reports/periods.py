"""Periods as people type them: a month, or two days with the second left out."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from portal.errors import Invalid

_MONTH: Final = re.compile(r"^(\d{4})-(\d{2})$")
_LONGEST: Final = timedelta(days=731)


@dataclass(frozen=True)
class Period:
    """Half-open, in UTC: `start` is in it, `end` is not."""

    start: datetime
    end: datetime

    @property
    def first_day(self) -> date:
        """The first day in it, in UTC like the period itself."""
        return self.start.date()

    @property
    def last_day(self) -> date:
        """The last day that is wholly or partly in it."""
        return (self.end - timedelta(microseconds=1)).date()


def parse(text: str) -> Period:
    """Read `2026-10` or `2026-10-01..2026-11-01`. Raises `Invalid` saying what is wrong."""
    if month := _MONTH.match(text.strip()):
        first = _day(f"{month[1]}-{month[2]}-01")
        return Period(first, (first + timedelta(days=32)).replace(day=1))
    start, dots, end = text.strip().partition("..")
    if not dots:
        raise Invalid(f"“{text}” is not a period: write 2026-10, or 2026-10-01..2026-11-01.")
    return between(_day(start), _day(end))


def inclusive(first: str, last: str) -> Period:
    """A period of two days as people pick them in a form: the last one is in it."""
    return between(_day(first), _day(last) + timedelta(days=1))


def between(start: datetime, end: datetime) -> Period:
    """A period of two instants. Raises `Invalid` where it is empty or longer than two years."""
    if end <= start:
        raise Invalid("The period's end must come after its start.")
    if end - start > _LONGEST:
        raise Invalid("A report covers two years at the most.")
    return Period(start, end)


def up_to_yesterday(period: Period, now: datetime) -> Period:
    """The part of a period before today (UTC). Raises `Invalid` where there is none."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if period.start >= today:
        raise Invalid("A report covers whole days up to yesterday; this period has none yet.")
    return Period(period.start, min(period.end, today))


def month_before(now: datetime) -> Period:
    """The whole calendar month before the one that `now` is in."""
    end = datetime(now.year, now.month, 1, tzinfo=UTC)
    return Period((end - timedelta(days=1)).replace(day=1), end)


def _day(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"“{text}” is not a day: write it as 2026-10-01.") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
