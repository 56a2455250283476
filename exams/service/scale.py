"""The scale that results are told on: 100 to 300, and the pass mark is 200 on every form."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from exams.models import AttemptScore

LOWEST: Final = 100
CUT: Final = 200
HIGHEST: Final = 300


@dataclass(frozen=True)
class Scaled:
    """A score with its interval, in whole points of the scale."""

    score: int
    low: int
    high: int

    @property
    def position(self) -> tuple[float, float, float]:
        """Low end, score and high end as shares of the scale, for drawing."""
        low, score, high = ((one - LOWEST) / (HIGHEST - LOWEST) for one in self._three)
        return low, score, high

    @property
    def _three(self) -> tuple[int, int, int]:
        return self.low, self.score, self.high


def of(score: AttemptScore) -> Scaled:
    """A computed result on the scale. Rounding never carries a score over the pass mark."""
    told = _rounded(scaled(score.share, score.cut), passed=score.passed)
    low = max(0.0, score.share - score.margin)
    high = min(1.0, score.share + score.margin)
    return Scaled(told, floor(scaled(low, score.cut)), ceil(scaled(high, score.cut)))


def scaled(share: float, cut: float) -> float:
    """Straight from nothing (100) to the pass mark (200), and from there to everything (300)."""
    if share < cut:
        return LOWEST + (CUT - LOWEST) * share / cut
    if cut >= 1:
        return float(CUT)
    return CUT + (HIGHEST - CUT) * (share - cut) / (1 - cut)


def _rounded(exact: float, *, passed: bool) -> int:
    nearest = round(exact)
    return max(nearest, CUT) if passed else min(nearest, CUT - 1)
