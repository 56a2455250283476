"""Which timesheets a person should look at first, and why; none of it decides anything.

Pure. Each reason is a fact about the time that somebody can check, never a guess about the person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

_SOME: Final = 15 * 60
_MUCH_READING: Final = 30 * 60
_SLOWER: Final = 2.5
_JUDGED: Final = 10
"""A pace is told from so many judgments on."""
_SHEETS: Final = 5
"""And compared from so many timesheets on."""


class Why(StrEnum):
    """What is worth a look."""

    ASKED = "asked"
    NO_JUDGMENT = "no_judgment"
    READING = "reading"
    LONG_DAY = "long_day"
    SLOWER = "slower"


@dataclass(frozen=True)
class Facts:
    """One timesheet in numbers; times in seconds."""

    credited: float
    reading: float
    longest_day: float
    day_cap: float
    judgments: int
    asked: int
    """Adjustments that somebody has to decide on."""

    @property
    def pace(self) -> float | None:
        """Seconds a judgment, where there are enough to say."""
        return self.credited / self.judgments if self.judgments >= _JUDGED else None


def usual_pace(sheets: Iterable[Facts]) -> float | None:
    """The middle pace of the project's timesheets; None where there are too few to say."""
    known = [sheet.pace for sheet in sheets if sheet.pace is not None]
    return median(known) if len(known) >= _SHEETS else None


def reasons(sheet: Facts, *, usual: float | None) -> list[Why]:
    """Why it is worth a look; empty where nothing is special."""
    checks = (
        (Why.ASKED, sheet.asked > 0),
        (Why.NO_JUDGMENT, not sheet.judgments and sheet.credited > _SOME),
        (Why.READING, sheet.reading > max(_MUCH_READING, sheet.credited / 2)),
        (Why.LONG_DAY, sheet.longest_day > sheet.day_cap),
        (Why.SLOWER, bool(usual and sheet.pace and sheet.pace > _SLOWER * usual)),
    )
    return [why for why, holds in checks if holds]
