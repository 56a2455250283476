"""How often a cut decides rightly, and how often it would decide the same way twice."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from exams.psychometrics.items import Items


@dataclass(frozen=True)
class Classification:
    """Shares of people. With several cuts, "pass" is any higher class than the right one."""

    accuracy: float  # put into the class in which they belong
    consistency: float  # put into the same class by two equal exams
    kappa: float  # consistency beyond chance (Cohen 1960); NaN where chance explains all
    false_pass: float
    false_fail: float


def rudner(
    theta: np.ndarray,  # (persons,) estimates
    se: np.ndarray,  # (persons,) their standard errors
    cuts: np.ndarray,  # (cuts,) rising
) -> Classification:
    """From estimates on the ability scale with normal errors (Rudner 2001, 2005)."""
    edges = np.concatenate([[-np.inf], np.asarray(cuts, np.float64), [np.inf]])
    below = norm.cdf((edges - np.asarray(theta)[:, None]) / np.asarray(se)[:, None])
    right = np.searchsorted(cuts, theta, side="right")
    return _from_shares(np.diff(below, axis=1), right, np.full(len(right), 1 / len(right)))


def lee(
    items: Items,
    theta: np.ndarray,  # (points,) people, or a grid
    cuts: np.ndarray,  # (cuts,) rising: the least points of each higher class
    *,
    weights: np.ndarray | None = None,  # (points,) of a grid; equal for people
) -> Classification:
    """From the distribution of summed scores at each ability (Lee 2010).

    With people's estimates this is Lee's P method, with a grid and its weights his D method. The true
    class is that of the expected score.
    """
    share = np.full(len(theta), 1 / len(theta)) if weights is None else weights / weights.sum()
    scores = summed_scores(items, theta)  # (points, sums)
    class_of_sum = np.searchsorted(cuts, np.arange(scores.shape[1]), side="right")
    classes = np.stack([scores[:, class_of_sum == k].sum(1) for k in range(len(cuts) + 1)], 1)
    right = np.searchsorted(cuts, items.expected(theta).sum(0), side="right")
    return _from_shares(classes, right, np.asarray(share))


def summed_scores(items: Items, theta: np.ndarray) -> np.ndarray:
    """(points, sums): how likely each summed score is at each ability (Lord, Wingersky 1984).

    Categories count from zero, mixed numbers of categories as in Thissen et al. (1995).
    """
    curves = items.probabilities(theta)  # (items, categories, points)
    found = np.ones((len(theta), 1))
    for curve, categories in zip(curves, items.categories.tolist(), strict=True):
        longer = np.zeros((len(theta), found.shape[1] + categories - 1))
        for category in range(categories):
            longer[:, category : category + found.shape[1]] += curve[category][:, None] * found
        found = longer
    return found


def _from_shares(classes: np.ndarray, right: np.ndarray, share: np.ndarray) -> Classification:
    """From (persons, classes) chances, each person's right class and their weight."""
    number = np.arange(classes.shape[1])
    weighted = share @ classes
    consistency, chance = float(share @ (classes**2).sum(1)), float((weighted**2).sum())
    return Classification(
        accuracy=float(share @ classes[np.arange(len(right)), right]),
        consistency=consistency,
        kappa=(consistency - chance) / (1 - chance) if chance < 1 else float("nan"),
        false_pass=float(share @ np.where(number > right[:, None], classes, 0).sum(1)),
        false_fail=float(share @ np.where(number < right[:, None], classes, 0).sum(1)),
    )
