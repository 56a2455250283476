"""Working days: Monday to Friday in UTC; public holidays count, since people live everywhere."""

from datetime import datetime, timedelta
from typing import Final

_SATURDAY: Final = 5


def later(moment: datetime, days: int) -> datetime:
    """The same time of day that many working days later; from a weekend, counted from its Monday."""
    while moment.weekday() >= _SATURDAY:
        moment += timedelta(days=1)
    for _ in range(days):
        moment += timedelta(days=3 if moment.weekday() == _SATURDAY - 1 else 1)
    return moment
