"""The arithmetic of the clock: what a gap between two beats credits, and where days and weeks end.

Pure. Every length is computed between instants in UTC; a local day is as long as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isnan
from typing import Final
from zoneinfo import ZoneInfo

LONGEST_GAP: Final = timedelta(seconds=75)
_NOTHING: Final = timedelta(0)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Piece:
    """A half-open stretch within one local day."""

    started_at: datetime
    ended_at: datetime
    day: date


def credit(gap: timedelta, *, idle: timedelta, limit: timedelta) -> timedelta:
    """What a gap is worth: the gap less idleness beyond the limit; a longer gap than 75 s nothing."""
    if not _NOTHING < gap <= LONGEST_GAP:
        return _NOTHING
    return gap - min(gap, max(_NOTHING, idle - limit))


def clipped(idle_seconds: float, *, since: datetime, now: datetime) -> timedelta:
    """An idle time as the browser says it, clipped to the session's length."""
    longest = max(_NOTHING, now - since).total_seconds()
    sensible = longest if isnan(idle_seconds) else idle_seconds
    return timedelta(seconds=min(max(0.0, sensible), longest))


def pieces(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Piece]:
    """Cut a half-open span at the zone's midnights."""
    while start < end:
        day = start.astimezone(zone).date()
        until = min(end, midnight(day + _DAY, zone))
        yield Piece(start, until, day)
        start = until


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant a local day begins, in UTC; the first one that exists where midnight does not."""
    local = datetime.combine(day, time(0), tzinfo=zone)
    instant = local.astimezone(UTC)
    while instant.astimezone(zone).date() < day:
        instant += timedelta(minutes=15)
    return instant


def monday(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def week_bounds(week: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open week that begins on `week`, in UTC: 167, 168 or 169 hours, or what the zone does."""
    return midnight(week, zone), midnight(week + timedelta(days=7), zone)
