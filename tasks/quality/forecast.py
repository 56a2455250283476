"""When a count that grows day by day will reach its target: a predictive interval from the last days.

The days' counts are taken as draws of one distribution. The sum of `h` days to come then lies around
`h` times the mean, with the days' own variance and that of the estimated mean: h·s² + h²·s²/n (the
prediction interval of Hahn and Meeker, "Statistical Intervals", 1991, section 4.7, for a sum). The
quantile is Student's, by Abramowitz and Stegun 26.7.5. Weekends and holidays count as days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance
from typing import Final

ENOUGH_DAYS: Final = 7
"""Below so many whole days, or with work on fewer than `BUSY_DAYS`, it is too early to say."""
BUSY_DAYS: Final = 5
LOOKED_BACK: Final = 28
HORIZON: Final = 90
_Z: Final = 1.6448536269514722  # the normal's 95 %: 90 % lie between both ends


@dataclass(frozen=True)
class Ahead:
    """What will likely be done in total `days` from now."""

    days: int
    low: float
    middle: float
    high: float


def forecast(counts: Sequence[int], *, done: float, target: float) -> list[Ahead]:
    """The days to come until the slow end reaches the target, or `HORIZON` of them.

    `counts` are whole days, the last one last. Empty where there is not enough evidence yet, or the
    target is reached.
    """
    recent = counts[-LOOKED_BACK:]
    busy = sum(count > 0 for count in recent)
    if len(recent) < ENOUGH_DAYS or busy < BUSY_DAYS or done >= target:
        return []
    mean, spread = fmean(recent), variance(recent)
    quantile = _student(len(recent) - 1)
    found: list[Ahead] = []
    for days in range(1, HORIZON + 1):
        reach = quantile * sqrt(spread * (days + days**2 / len(recent)))
        low, high = max(0.0, days * mean - reach), days * mean + reach
        before = found[-1].low if found else done
        ahead = Ahead(
            days,
            min(target, max(before, done + low)),
            min(target, done + days * mean),
            min(target, done + high),
        )
        found.append(ahead)
        if ahead.low >= target:
            break
    return found


def reached(ahead: Sequence[Ahead], target: float) -> tuple[int | None, int | None]:
    """In how many days the target is reached at the earliest and at the latest; None: later than looked."""
    early = next((each.days for each in ahead if each.high >= target), None)
    late = next((each.days for each in ahead if each.low >= target), None)
    return early, late


def _student(freedom: int) -> float:
    """Student's 95 % quantile, to 0.002 from 5 degrees of freedom on."""
    first = (_Z**3 + _Z) / 4
    second = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
    third = (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384
    return _Z + first / freedom + second / freedom**2 + third / freedom**3
