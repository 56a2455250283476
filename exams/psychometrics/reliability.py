"""How far a score can be trusted: alpha, omega, marginal reliability, conditional errors of measurement."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import least_squares

from exams.psychometrics.items import Items

if TYPE_CHECKING:
    from exams.psychometrics.calibration import Calibration

_FINE: Final = np.linspace(-8, 8, 641)


class Unreliable(ValueError):
    """A coefficient that is not defined for these answers; the message says why."""


@dataclass(frozen=True)
class Alpha:
    """Cronbach's alpha with its standard error."""

    value: float
    se: float
    without: np.ndarray  # (items,) alpha if the item were left out; NaN where two would not remain


@dataclass(frozen=True)
class Omega:
    """McDonald's omega total from one common factor."""

    value: float
    loadings: np.ndarray  # (items,)


def alpha(answers: np.ndarray) -> Alpha:
    """Cronbach's alpha of (persons, items) scores, NaN where not seen (Cronbach 1951).

    Covariances use every pair of answers that there is. The standard error is that of Duhachek and
    Iacobucci (2004), for as many persons as answered anything. Raises `Unreliable` for fewer than two
    items, a pair that nobody saw together, or scores that do not vary.
    """
    covariance, persons = _covariance(answers)
    whole = _alpha(covariance)
    count = len(covariance)
    keep = [np.delete(np.arange(count), item) for item in range(count)]
    without = [_alpha(covariance[np.ix_(k, k)]) if count > 2 else np.nan for k in keep]
    total, trace, square = covariance.sum(), np.trace(covariance), covariance @ covariance
    spread = total * (np.trace(square) + trace**2) - 2 * trace * square.sum()
    scale = 2 * count**2 / ((count - 1) ** 2 * total**3)
    return Alpha(whole, float(np.sqrt(max(0.0, scale * spread) / persons)), np.array(without))


def omega_total(answers: np.ndarray) -> Omega:
    """Omega total of (persons, items) scores: the common part of the standardised total's variance.

    1 - sum(uniqueness) / sum(R), with one factor by minimum residuals: least squares over the
    correlations off the diagonal (Harman, Jones 1966; McDonald 1999). Items that run against the
    factor are turned round first, as psych does. Raises `Unreliable` as `alpha` does, for fewer than
    three items and for an item that does not vary.
    """
    covariance, _ = _covariance(answers)
    if len(covariance) < 3:
        raise Unreliable("a factor needs at least three questions")
    deviation = np.sqrt(np.diag(covariance))
    if (deviation <= 0).any():
        raise Unreliable("a question that everybody answered alike has no correlation")
    correlation = covariance / np.outer(deviation, deviation)
    loadings = _one_factor(correlation)
    signs = np.where(loadings < 0, -1.0, 1.0)
    turned = correlation * np.outer(signs, signs)
    return Omega(float(1 - (1 - loadings**2).sum() / turned.sum()), loadings)


def marginal_reliability(calibration: "Calibration", counted: np.ndarray | None = None) -> float:
    """Reliability over N(0, 1) abilities: the mean of I / (I + 1) (Green and others 1984).

    Of the items in `counted` (items,) bool; all by default.
    """
    each = Items.of(calibration).information(_abilities(calibration))
    information = each.sum(0) if counted is None else each[counted].sum(0)
    information *= float(calibration.variance[0])
    density = np.exp(-0.5 * _FINE**2)
    return float((information / (information + 1)) @ density / density.sum())


def error_of_ability(calibration: "Calibration", theta: np.ndarray) -> np.ndarray:
    """(points,): standard error of measurement of a maximum-likelihood ability, 1 / sqrt(I)."""
    with np.errstate(divide="ignore"):
        return np.asarray(1 / np.sqrt(Items.of(calibration).information(theta).sum(0)))


def error_of_points(calibration: "Calibration", theta: np.ndarray) -> np.ndarray:
    """(points,): standard deviation of the raw score of a person of this ability (Lord 1980)."""
    items = Items.of(calibration)
    chance = items.probabilities(theta)
    category = np.arange(chance.shape[1])
    mean = np.einsum("k,ikp->ip", category, chance)
    square = np.einsum("k,ikp->ip", category**2, chance)
    return np.asarray(np.sqrt((square - mean**2).sum(0)))


def _abilities(calibration: "Calibration") -> np.ndarray:
    return np.asarray(_FINE * np.sqrt(calibration.variance[0]) + calibration.mean[0])


def _alpha(covariance: np.ndarray) -> float:
    count, total = len(covariance), covariance.sum()
    if total <= 0:
        raise Unreliable("the total does not vary, so nothing of it is reliable")
    return float(count / (count - 1) * (1 - np.trace(covariance) / total))


def _covariance(answers: np.ndarray) -> tuple[np.ndarray, int]:
    """Covariances over the persons who saw both items, and how many persons saw anything."""
    table = np.asarray(answers, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise Unreliable("reliability needs at least two questions")
    seen = ~np.isnan(table)
    mask, filled = seen.astype(np.float64), np.where(seen, table, 0.0)
    both = mask.T @ mask
    if (both < 2).any():
        raise Unreliable("two of the questions were seen together by fewer than two people")
    here = (filled.T @ mask) / both  # [i, j]: mean of i over those who saw j too
    covariance = (filled.T @ filled - both * here * here.T) / (both - 1)
    return covariance, int(seen.any(1).sum())


def _one_factor(correlation: np.ndarray) -> np.ndarray:
    """Loadings that leave the least in the correlations off the diagonal, the heavier side positive."""
    rows, columns = np.triu_indices(len(correlation), 1)
    observed = correlation[rows, columns]
    values, vectors = np.linalg.eigh(correlation)
    start = vectors[:, -1] * np.sqrt(values[-1]) * 0.8

    def residual(loading: np.ndarray) -> np.ndarray:
        return np.asarray(observed - loading[rows] * loading[columns])

    found = least_squares(residual, start, bounds=(-1, 1), xtol=1e-14, ftol=1e-14, gtol=1e-12).x
    return np.asarray(found if found.sum() >= 0 else -found)
