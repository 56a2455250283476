"""From points to a score with its error: arithmetic only, no database."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

METHOD: Final = "binomial error (Lord 1957), half a point added on either side"


@dataclass(frozen=True)
class Points:
    """One question's result."""

    position: int
    version_id: int
    key_number: int
    area: str
    earned: float
    possible: int
    answered: bool
    seconds: float | None = None
    scored: bool = True
    """Pilot questions are kept, and count nothing."""


@dataclass(frozen=True)
class Result:
    """A whole attempt's result."""

    raw: float
    maximum: float
    standard_error: float
    passed: bool
    areas: dict[str, dict[str, float]]
    method: str = METHOD
    """How the standard error was had, named after its source."""


def result(points: Sequence[Points], *, cut: float) -> Result:
    """Sum up what is scored, and compare with the cut: a share of the maximum."""
    points = [one for one in points if one.scored]
    raw = sum(one.earned for one in points)
    maximum = float(sum(one.possible for one in points))
    error = standard_error(raw / maximum, len(points)) * maximum
    return Result(raw, maximum, error, raw >= cut * maximum - 1e-9, by_area(points))


def by_area(points: Sequence[Points]) -> dict[str, dict[str, float]]:
    """Points earned and possible in each area."""
    areas: dict[str, dict[str, float]] = {}
    for one in points:
        area = areas.setdefault(one.area, {"earned": 0.0, "possible": 0.0})
        area["earned"] += one.earned
        area["possible"] += one.possible
    return areas


def standard_error(share: float, questions: int) -> float:
    """Of a share of right answers among so many questions: sqrt(p(1 - p) / (n - 1)).

    Lord, F. M. (1957), Do tests of the same length have the same standard error of measurement?,
    Educational and Psychological Measurement 17, 510-521. With half a point added on either side
    before, so that a perfect score has an error too. Where an answer may earn a part of its points
    the error is at most this.
    """
    shrunk = (share * questions + 0.5) / (questions + 1)
    return math.sqrt(shrunk * (1 - shrunk) / max(1, questions - 1))
