"""The share right on gold with its interval: Jeffreys' Beta(1/2, 1/2), computed without scipy.

Brown, Cai and DasGupta (2001), "Interval Estimation for a Binomial Proportion", section 4.3. The
incomplete beta function is the continued fraction of Abramowitz and Stegun 26.5.8, evaluated by
Lentz's method; its inverse is found by bisection, which cannot miss on a monotone function.
"""

from dataclasses import dataclass
from math import exp, lgamma, log, log1p
from typing import Final

ENOUGH: Final = 10
"""Below this many gold judgments it is too early to say."""
_TINY: Final = 1e-300


@dataclass(frozen=True)
class Share:
    """`right` of `judged`, the share between `low` and `high` with the level's probability."""

    right: int
    judged: int
    point: float | None
    """None while it is too early to say."""
    low: float
    high: float


def share_right(right: int, judged: int, *, level: float = 0.9) -> Share:
    """Estimate a share from counts. At 0 or all right the interval reaches the end."""
    if not 0 <= right <= judged:
        raise ValueError(f"{right} right of {judged}")
    a, b, tail = right + 0.5, judged - right + 0.5, (1 - level) / 2
    low = 0.0 if right == 0 else beta_quantile(tail, a, b)
    high = 1.0 if right == judged else beta_quantile(1 - tail, a, b)
    point = right / judged if judged >= ENOUGH else None
    return Share(right, judged, point, low, high)


def mean_share(total: float, cases: int, *, level: float = 0.9) -> Share:
    """Estimate a share over cases of which each gives a share of its own, their sum in `total`.

    The case is the unit, however many judged it: their judgments of one case are not independent. So
    the interval is Jeffreys' with the sum in place of a count, a little wide where cases are split.
    """
    if not 0 <= total <= cases + 1e-9:
        raise ValueError(f"{total} of {cases} cases")
    inside = min(total, float(cases))
    a, b, tail = inside + 0.5, cases - inside + 0.5, (1 - level) / 2
    low = 0.0 if inside == 0 else beta_quantile(tail, a, b)
    high = 1.0 if inside == cases else beta_quantile(1 - tail, a, b)
    point = inside / cases if cases >= ENOUGH else None
    return Share(round(inside), cases, point, low, high)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = probability, to 1e-12."""
    low, high = 0.0, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if beta_cdf(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Evaluate the continued fraction by Lentz's method."""
    numerator, denominator = 1.0, _guard(1 - (a + b) * x / (a + 1))
    denominator = 1 / denominator
    result = denominator
    for step in range(1, 1000):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        change = 1.0
        for term in (even, odd):
            denominator = 1 / _guard(1 + term * denominator)
            numerator = _guard(1 + term / numerator)
            change = denominator * numerator
            result *= change
        if abs(change - 1) < 1e-15:
            break
    return result


def _guard(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
