"""Whether a subscore says more about its part than the total does (Haberman 2008)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

RELIABLE: Final = 0.7
"""A subscore less reliable than this is not reported."""
FEWEST: Final = 100
"""With fewer persons nothing is said: the coefficients would be noise."""


@dataclass(frozen=True)
class Subscore:
    """One part of a test, and how well its true score is predicted."""

    name: str
    persons: int
    reliability: float
    """Cronbach's alpha of the part."""
    prmse_subscore: float
    """Proportional reduction of mean squared error when the true subscore is had from the subscore."""
    prmse_total: float
    """The same from the total."""
    standard_error: float
    """Of the observed subscore, in points."""

    @property
    def meaningful(self) -> bool:
        """Reliable enough, and better than the total at saying what it is there to say."""
        enough = self.persons >= FEWEST and self.reliability >= RELIABLE
        return enough and self.prmse_subscore > self.prmse_total


def study(points: np.ndarray, parts: Sequence[str]) -> list[Subscore]:
    """The subscores of (persons, items) points, with the part that each item belongs to, by name.

    Haberman, S. J. (2008), When can subscores have value?, Journal of Educational and Behavioral
    Statistics 33, 204-229: with errors that are uncorrelated between parts,

        cov(s_true, x) = cov(s, x) - var(e_s),   var(e_s) = (1 - alpha) var(s),
        PRMSE(s) = alpha,   PRMSE(x) = cov(s_true, x)^2 / (alpha var(s) var(x)).

    Parts of a single item have no alpha and are left out, as are those that do not vary. Raises
    `ValueError` where points are missing or there are fewer than two persons.
    """
    points = np.asarray(points, dtype=float)  # (persons, items)
    if points.ndim != 2 or len(points) < 2 or points.shape[1] != len(parts):
        raise ValueError("points are (persons, items), two persons at least, one part an item")
    if not np.isfinite(points).all():
        raise ValueError("every person needs points for every item")
    total = points.sum(1)  # (persons,)
    found = (_subscore(name, points, np.array(parts) == name, total) for name in sorted(set(parts)))
    return [one for one in found if one is not None]


def _subscore(
    name: str, points: np.ndarray, mine: np.ndarray, total: np.ndarray
) -> Subscore | None:
    items = points[:, mine]  # (persons, items of the part)
    observed = items.sum(1)
    variance = float(observed.var(ddof=1))
    count = items.shape[1]
    if count < 2 or variance <= 0:
        return None
    alpha = count / (count - 1) * (1 - float(items.var(axis=0, ddof=1).sum()) / variance)
    error = max(0.0, 1 - alpha) * variance
    return Subscore(
        name,
        len(points),
        reliability=alpha,
        prmse_subscore=min(1.0, max(0.0, alpha)),
        prmse_total=_from_total(observed, total, alpha * variance, error),
        standard_error=error**0.5,
    )


def _from_total(observed: np.ndarray, total: np.ndarray, true: float, error: float) -> float:
    """PRMSE of the true subscore from the total; 0 where there is no true variance to predict."""
    spread = float(total.var(ddof=1))
    if true <= 0 or spread <= 0:
        return 0.0
    shared = float(np.cov(observed, total)[0, 1]) - error
    return min(1.0, shared**2 / (true * spread))
