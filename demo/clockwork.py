"""The demo's past: a clock that is moved back while the world is made, and ends where it belongs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from portal import clock
from portal.db import transaction

WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True)
class Calendar:
    """The weeks that the demo tells of: `weeks` whole ones, then the current one up to `end`."""

    end: datetime
    weeks: int = 6

    @property
    def this_week(self) -> datetime:
        """The Monday on which the current week began."""
        day = self.end.astimezone(UTC).date()
        return datetime.combine(day - timedelta(days=day.weekday()), time(0), UTC)

    @property
    def opens(self) -> datetime:
        """The Monday on which the work begins."""
        return self.this_week - self.weeks * WEEK

    @property
    def founded(self) -> datetime:
        """When the first people set everything up: a working morning three weeks before."""
        return self.opens - 3 * WEEK + timedelta(hours=8)

    def hour_of(self, moment: datetime) -> int:
        """Whole hours since the work began: the same past, whatever the day on which it is told."""
        return (moment - self.opens) // timedelta(hours=1)


@contextmanager
def moved_clock() -> Iterator[None]:
    """Give the clock back to the present at the end, however the seeding ends."""
    try:
        yield
    finally:
        with transaction() as session:
            clock.shift(session, timedelta(0))


def set_clock(moment: datetime) -> None:
    """Let every process of the demo believe that it is `moment`; from there the clock runs on."""
    with transaction() as session:
        present = clock.now(session) - clock.shifted(session)
        clock.shift(session, min(moment - present, timedelta(0)))
