"""Adverse impact: does a stage let through clearly fewer of one group than of another.

The four-fifths rule and its caveats are those of the US Uniform Guidelines (1978, section 4D and
questions 20 and 21); they name differences worth a look, they prove nothing.
"""

import math
from dataclasses import dataclass
from typing import Final

from scipy.stats import fisher_exact

FOUR_FIFTHS: Final = 0.8
_Z: Final = 1.959963984540054


@dataclass(frozen=True)
class Passage:
    """How many of a group reached a stage, and how many passed it."""

    group: str
    reached: int
    passed: int

    @property
    def rate(self) -> float | None:
        """The share that passed; None where nobody reached the stage."""
        return self.passed / self.reached if self.reached else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the rate (Wilson 1927)."""
        if not self.reached:
            return None
        share, n = self.passed / self.reached, self.reached
        middle = share + _Z**2 / (2 * n)
        reach = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        return ((middle - reach) / (1 + _Z**2 / n), (middle + reach) / (1 + _Z**2 / n))


@dataclass(frozen=True)
class Impact:
    """One group against the group with the highest rate at the same stage."""

    group: Passage
    against: Passage
    ratio: float  # of rates
    interval: (
        tuple[float, float] | None
    )  # 95 %, of the ratio; None where nobody of the group passed
    p: float  # Fisher's exact test, two-sided
    hangs_on_one: (
        bool  # one person less passing there and one more here would lift it over four fifths
    )

    @property
    def below_four_fifths(self) -> bool:
        """Whether the rule of thumb says to look."""
        return self.ratio < FOUR_FIFTHS

    @property
    def to_look_at(self) -> bool:
        """Below four fifths, beyond chance, and not the doing of one person."""
        return self.below_four_fifths and self.p < 0.05 and not self.hangs_on_one


def impacts(passages: list[Passage]) -> list[Impact]:
    """Every other group against the one with the highest rate; empty where there is nothing to compare.

    Groups that nobody of reached the stage are left out, and so is a stage that nobody passed. Of equal
    rates the larger group is the one compared with.
    """
    met = [one for one in passages if one.reached]
    if len(met) < 2 or not any(one.passed for one in met):
        return []
    best = max(met, key=lambda one: (one.passed / one.reached, one.reached))
    return [_impact(one, best) for one in met if one is not best]


def _impact(group: Passage, best: Passage) -> Impact:
    ratio = _ratio(group.passed, group.reached, best)
    table = [
        [group.passed, group.reached - group.passed],
        [best.passed, best.reached - best.passed],
    ]
    return Impact(
        group=group,
        against=best,
        ratio=ratio,
        interval=_interval(group, best, ratio),
        p=float(fisher_exact(table).pvalue),
        hangs_on_one=ratio < FOUR_FIFTHS and _flipped(group, best) >= FOUR_FIFTHS,
    )


def _ratio(passed: int, reached: int, best: Passage) -> float:
    return (passed / reached) / (best.passed / best.reached)


def _flipped(group: Passage, best: Passage) -> float:
    """The ratio if one more of the group had passed and one fewer of the other."""
    if group.passed == group.reached or best.passed == 1:
        return math.inf
    less = Passage(best.group, best.reached, best.passed - 1)
    return _ratio(group.passed + 1, group.reached, less)


def _interval(group: Passage, best: Passage, ratio: float) -> tuple[float, float] | None:
    """Katz's interval of a ratio of rates (Katz and others 1978)."""
    if not group.passed:
        return None
    variance = 1 / group.passed - 1 / group.reached + 1 / best.passed - 1 / best.reached
    reach = _Z * math.sqrt(variance)
    return (ratio * math.exp(-reach), ratio * math.exp(reach))
