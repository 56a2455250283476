"""The arithmetic of the clock: what a gap between two beats credits, and where days and weeks end.

Pure. Every length is computed between instants in UTC; a local day is as long as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isnan
from typing import Final
from zoneinfo import ZoneInfo

LONGEST_GAP: Final = timedelta(seconds=75)
WORDS_A_MINUTE: Final = 180
SLOW: Final = 1.5
"""Careful reading takes this much longer than plain reading."""
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


def idle_limit(seconds: int, *, words: int) -> timedelta:
    """How long one may read without a sign: the agreed limit, or 1.5 times the text's reading time."""
    return timedelta(seconds=max(float(seconds), SLOW * words / WORDS_A_MINUTE * 60))


def words(content: object) -> int:
    """The words in a JSON value's texts. A script without spaces counts two characters as a word."""
    if isinstance(content, str):
        dense = sum(map(_is_dense, content))
        return len(content.split()) + (dense + 1) // 2
    if isinstance(content, Mapping):
        return sum(words(each) for each in content.values())
    return sum(words(each) for each in content) if isinstance(content, list) else 0


def clipped(idle_seconds: float, *, since: datetime, now: datetime) -> timedelta:
    """An idle time as the browser says it, clipped to the session's length."""
    longest = max(_NOTHING, now - since).total_seconds()
    sensible = longest if isnan(idle_seconds) else idle_seconds
    return timedelta(seconds=min(max(0.0, sensible), longest))


def less(
    spans: Iterable[tuple[datetime, datetime]], taken: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Half-open spans without what others have taken of them already, in order."""
    left = sorted(spans)
    for begin, end in taken:
        parts = [[(start, min(until, begin)), (max(start, end), until)] for start, until in left]
        left = [(start, until) for pair in parts for start, until in pair if start < until]
    return left


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


def _is_dense(character: str) -> bool:
    """Chinese characters, kana and Thai, which are written without spaces."""
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or "\u0e00" <= character <= "\u0e7f"  # fmt: skip
