"""How far two people agree who grade the same texts. Plain Python: pages compute it themselves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

NINE_IN_TEN = 1.645


@dataclass(frozen=True)
class Agreement:
    """Agreement of pairs of grades on bands 0 … `bands` - 1."""

    pairs: int
    kappa: float | None
    """Quadratic-weighted kappa; None where it is undefined (see `why_not`)."""
    standard_error: float | None
    exact: float | None
    """Share of pairs in the same band."""
    adjacent: float | None
    """Share of pairs at most one band apart."""
    why_not: str = ""


def quadratic_weighted_kappa(
    first: Sequence[int], second: Sequence[int], *, bands: int
) -> Agreement:
    """Cohen's kappa with weights (i - j)² / (bands - 1)².

    Cohen, J. (1968), Weighted kappa, Psychological Bulletin 70(4), 213-220. Standard error by the
    jackknife over pairs. Undefined where every grade lies in one band: then nothing could disagree
    by chance. Raises `ValueError` for columns of different length or a grade outside the bands.
    """
    if len(first) != len(second):
        raise ValueError("both graders grade the same texts")
    if any(not 0 <= one < bands for one in (*first, *second)):
        raise ValueError(f"a grade lies outside 0 … {bands - 1}")
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        return Agreement(0, None, None, None, None, "no text has two grades yet")
    exact = sum(a == b for a, b in pairs) / len(pairs)
    adjacent = sum(abs(a - b) <= 1 for a, b in pairs) / len(pairs)
    kappa = _kappa(pairs)
    if kappa is None:
        reason = "every grade is the same"
        return Agreement(len(pairs), None, None, exact, adjacent, reason)
    return Agreement(len(pairs), kappa, _jackknife(pairs), exact, adjacent)


@dataclass(frozen=True)
class Drift:
    """How much kinder (above 0) or stricter (below 0) a grader is than was agreed, in bands."""

    texts: int
    mean: float | None
    margin: float | None
    """Half the width of the interval that holds the mean nine times in ten; None below two texts."""


def drift(deviations: Sequence[float]) -> Drift:
    """The mean deviation from seeded texts with its margin."""
    count = len(deviations)
    if not count:
        return Drift(0, None, None)
    mean = sum(deviations) / count
    if count == 1:
        return Drift(1, mean, None)
    variance = sum((one - mean) ** 2 for one in deviations) / (count - 1)
    return Drift(count, mean, NINE_IN_TEN * math.sqrt(variance / count))


def _kappa(pairs: Sequence[tuple[int, int]]) -> float | None:
    """1 - observed / expected squared disagreement: the weights' divisor cancels out."""
    count = len(pairs)
    observed = sum((a - b) ** 2 for a, b in pairs) / count
    mean_a, mean_b = (sum(one) / count for one in zip(*pairs, strict=True))
    square_a, square_b = (sum(x * x for x in one) / count for one in zip(*pairs, strict=True))
    expected = square_a + square_b - 2 * mean_a * mean_b  # E(A - B)² with A and B independent
    return None if expected <= 1e-12 else 1 - observed / expected


def _jackknife(pairs: Sequence[tuple[int, int]]) -> float | None:
    if len(pairs) < 3:
        return None
    left_out = [_kappa([*pairs[:at], *pairs[at + 1 :]]) for at in range(len(pairs))]
    known = [one for one in left_out if one is not None]
    if len(known) < len(pairs):
        return None
    mean = sum(known) / len(known)
    return math.sqrt((len(known) - 1) / len(known) * sum((one - mean) ** 2 for one in known))
