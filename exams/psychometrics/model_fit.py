"""Whether a model holds as a whole: M2 on the moments of one and of two items (Maydeu-Olivares, Joe 2006)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2

from exams.psychometrics.item_fit import complete
from exams.psychometrics.models import cell_slopes
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.threads import one_thread

if TYPE_CHECKING:
    from exams.psychometrics.calibration import Calibration

_GRID: Final = torch.linspace(-6, 6, 61, dtype=torch.float64)
_MOST_MOMENTS: Final = 6000  # their covariance is dense


@dataclass(frozen=True)
class ModelFit:
    """M2 with the error of approximation and its 90 % interval."""

    statistic: float
    freedom: int
    p: float
    rmsea: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class _Moments:
    """P(answer = k) and P(answer = k, other = l): which items and categories each is about, -1 for none."""

    item: np.ndarray  # (moments, 2)
    category: np.ndarray  # (moments, 2)

    @classmethod
    def of(cls, categories: np.ndarray) -> "_Moments":
        """Every category but the lowest, of every item and every pair of items."""
        single = [(i, k) for i, count in enumerate(categories.tolist()) for k in range(1, count)]
        rows = [((i, -1), (k, -1)) for i, k in single]
        rows += [
            ((i, j), (k, m)) for n, (i, k) in enumerate(single) for j, m in single[n + 1 :] if j > i
        ]
        return cls(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))


@one_thread()
def m2(calibration: "Calibration", answers: np.ndarray) -> ModelFit:
    """M2 from the people who saw every question; `answers` as given to `calibrate`.

    Raises `UnusableResponses` where nobody did, where the items leave no degree of freedom, or where
    some pairs of answers are so rare that the moments' covariance cannot be inverted.
    """
    table = complete(calibration, answers)
    moments = _Moments.of(calibration.layout.categories.numpy())
    freedom = len(moments.item) - calibration.marginal.parameters.of_items
    if freedom < 1:
        raise UnusableResponses("too few questions: M2 has no degree of freedom")
    if len(moments.item) > _MOST_MOMENTS:
        raise UnusableResponses(f"M2 takes at most {_MOST_MOMENTS} pairs of answers")
    chance, change = _curves(calibration)
    weight = torch.softmax(-0.5 * _GRID**2, 0).numpy()
    parts = [_part(chance, moments, side) for side in (0, 1)]  # (moments, points) each
    expected = (parts[0] * parts[1]) @ weight
    residual = _observed(table, moments) - expected
    factor = _factored(_covariance(moments, chance, parts, weight))
    slope = _jacobian(calibration, moments, parts, change, weight)
    solved, weighted = cho_solve(factor, residual), cho_solve(factor, slope)
    inner = np.linalg.lstsq(slope.T @ weighted, slope.T @ solved, rcond=None)[0]
    statistic = float(len(table) * residual @ (solved - weighted @ inner))
    return _result(statistic, freedom, len(table))


def _result(statistic: float, freedom: int, persons: int) -> ModelFit:
    scale = freedom * (persons - 1)
    bounds = [_noncentrality(statistic, freedom, share) for share in (0.95, 0.05)]
    return ModelFit(
        statistic,
        freedom,
        float(chi2.sf(statistic, freedom)),
        float(np.sqrt(max(0.0, statistic - freedom) / scale)),
        (float(np.sqrt(bounds[0] / scale)), float(np.sqrt(bounds[1] / scale))),
    )


def _noncentrality(statistic: float, freedom: int, share: float) -> float:
    """The noncentrality under which `statistic` is the quantile `share`; zero where none is."""
    if chi2.cdf(statistic, freedom) <= share:
        return 0.0
    most = 4 * statistic + 100.0
    return float(brentq(lambda shift: ncx2.cdf(statistic, freedom, shift) - share, 1e-9, most))


def _curves(calibration: "Calibration") -> tuple[np.ndarray, np.ndarray]:
    """(items, categories, points) probabilities, and (width, …) their change by each cell of the table."""
    logs, slopes = cell_slopes(calibration.layout, calibration.table, _GRID)
    chance = logs.exp()
    return chance.numpy(), (slopes * chance).numpy()


def _part(chance: np.ndarray, moments: _Moments, side: int) -> np.ndarray:
    """(moments, points): the probability of one of the two answers; one where there is none."""
    item, category = moments.item[:, side], moments.category[:, side]
    return np.where(item[:, None] >= 0, chance[item, category], 1.0)


def _observed(table: np.ndarray, moments: _Moments) -> np.ndarray:
    """(moments,): shares of people; cross products of category indicators."""
    found = np.empty(len(moments.item))
    for row, (items, categories) in enumerate(zip(moments.item, moments.category, strict=True)):
        hit = table[:, items[0]] == categories[0]
        found[row] = (hit & (table[:, items[1]] == categories[1]) if items[1] >= 0 else hit).mean()
    return found


def _covariance(
    moments: _Moments, chance: np.ndarray, parts: list[np.ndarray], weight: np.ndarray
) -> np.ndarray:
    """(moments, moments): of the indicators of one person, under the model.

    Answers are independent given ability, so moments that share no item need a product only; those
    that share one count it once; those about the same items exclude each other or are the same.
    """
    whole = parts[0] * parts[1]
    joint = (whole * weight) @ whole.T
    for item in np.unique(moments.item[moments.item >= 0]):
        with_it = np.flatnonzero((moments.item == item).any(1))
        side = (moments.item[with_it, 1] == item).astype(int)
        other = np.where(side[:, None] == 0, parts[1][with_it], parts[0][with_it])
        category = moments.category[with_it, side]
        block = np.zeros((len(with_it), len(with_it)))
        for one in np.unique(category):
            same = np.flatnonzero(category == one)
            rest = other[same]
            block[np.ix_(same, same)] = (rest * (weight * chance[item, one])) @ rest.T
        joint[np.ix_(with_it, with_it)] = block
    expected = whole @ weight
    for rows in _same_items(moments):
        joint[np.ix_(rows, rows)] = np.diag(expected[rows])
    return np.asarray(joint - np.outer(expected, expected))


def _same_items(moments: _Moments) -> list[np.ndarray]:
    _, code = np.unique(moments.item, axis=0, return_inverse=True)
    order = np.argsort(code.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code.ravel()[order])) + 1)


def _jacobian(
    calibration: "Calibration",
    moments: _Moments,
    parts: list[np.ndarray],
    change: np.ndarray,
    weight: np.ndarray,
) -> np.ndarray:
    """(moments, parameters): how the expected moments move with the free item parameters."""
    place = calibration.marginal.parameters.place.numpy()
    found = np.zeros((len(moments.item), calibration.marginal.parameters.of_items))
    for side in (0, 1):
        has = np.flatnonzero(moments.item[:, side] >= 0)
        item, category = moments.item[has, side], moments.category[has, side]
        for column in range(len(change)):
            free = place[item, column] >= 0
            rows = has[free]
            moved = change[column][item[free], category[free]] * parts[1 - side][rows]
            np.add.at(found, (rows, place[item[free], column]), moved @ weight)
    return found


def _factored(covariance: np.ndarray) -> tuple[np.ndarray, bool]:
    try:
        factor: tuple[np.ndarray, bool] = cho_factor(covariance)
    except np.linalg.LinAlgError as error:
        raise UnusableResponses("some answers are too rare for M2") from error
    return factor
