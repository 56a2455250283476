"""Bringing two calibrations onto one scale by the items they share (Kolen, Brennan 2014, chapter 6).

The new form's scale becomes the base form's by theta_base = A theta_new + B. Mean-mean and mean-sigma
compare parameters, Haebara (1980) each item's curve, Stocking and Lord (1983) the whole anchor's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy.optimize import minimize

from exams.psychometrics.items import Items

_POINTS: Final = 30  # of the quadrature over N(0, 1), as equateIRT has it
_FEWEST_ANCHORS: Final = 3
_TO_NORMAL: Final = 0.7413  # interquartile range of a normal to its standard deviation


class Unlinkable(ValueError):
    """The two forms cannot be linked; the message says why."""


class LinkMethod(StrEnum):
    """How the constants are found."""

    MEAN_MEAN = "mean-mean"
    MEAN_SIGMA = "mean-sigma"
    HAEBARA = "haebara"
    STOCKING_LORD = "stocking-lord"


@dataclass(frozen=True)
class Link:
    """theta_base = slope · theta_new + shift."""

    slope: float
    shift: float

    def items(self, new: Items) -> Items:
        """The new form's items on the base scale."""
        return new.on_scale(self.slope, self.shift)

    def abilities(self, theta: np.ndarray) -> np.ndarray:
        """Abilities estimated on the new form's scale, on the base scale."""
        return np.asarray(self.slope * theta + self.shift)


def link(new: Items, base: Items, method: LinkMethod | str = LinkMethod.STOCKING_LORD) -> Link:
    """The constants that bring `new` to the scale of `base`, the same anchors in the same order.

    Raises `Unlinkable` for fewer than three anchors, forms of different shape, or slopes that are not
    positive numbers.
    """
    _refuse(new, base)
    return _METHODS[LinkMethod(method)](new, base)


@dataclass(frozen=True)
class PurifiedLink:
    """A link from the anchors that held, and how far each anchor stands from it."""

    link: Link
    kept: np.ndarray  # (anchors,) bool
    robust_z: np.ndarray  # (anchors, 2) of log slope and of difficulty
    drift: (
        np.ndarray
    )  # (anchors,) largest difference of the two curves weighted by N(0, 1), in points
    rounds: int


def link_without_drift(
    new: Items,
    base: Items,
    method: LinkMethod | str = LinkMethod.STOCKING_LORD,
    *,
    critical: float = 2.7,
    smallest: float = 0.05,
    most_dropped: float = 0.4,
) -> PurifiedLink:
    """Link, drop the anchor that drifted most, and link again until none stands out.

    An anchor drifted when its robust z (Huynh, Meyer 2010: distance from the median over .74 times the
    interquartile range, of log slope ratio or of difficulty after linking) is beyond `critical` and its
    curves, after linking, lie more than `smallest` points apart on average: the one says it differs
    from the others, the other that this matters. Raises `Unlinkable` where more than the share
    `most_dropped` would have to go: such a link has no majority to stand on.
    """
    _refuse(new, base)
    kept = np.ones(len(new), dtype=bool)
    for rounds in range(1, len(new) + 1):
        found = link(new.take(kept), base.take(kept), method)
        scores = _robust_z(found, new, base, kept)
        drift = _distance(found, new, base)
        suspects = kept & (np.abs(scores).max(1) > critical) & (drift > smallest)
        if not suspects.any():
            return PurifiedLink(found, kept, scores, drift, rounds)
        kept[np.where(suspects, drift, -1.0).argmax()] = False
        if (~kept).sum() > most_dropped * len(kept):
            raise Unlinkable(
                f"{(~kept).sum()} of {len(kept)} anchors drifted: too many to say which side moved"
            )
    raise AssertionError("each round drops an anchor, and dropping too many is refused")


def without_purification(
    new: Items, base: Items, method: LinkMethod | str = LinkMethod.STOCKING_LORD
) -> PurifiedLink:
    """Link through all anchors, and say how each stands from the result."""
    found, everybody = link(new, base, method), np.ones(len(new), dtype=bool)
    scores = _robust_z(found, new, base, everybody)
    return PurifiedLink(found, everybody, scores, _distance(found, new, base), 1)


def _refuse(new: Items, base: Items) -> None:
    if len(new) != len(base):
        raise Unlinkable(f"{len(new)} anchors on one side, {len(base)} on the other")
    if len(new) < _FEWEST_ANCHORS:
        raise Unlinkable(f"{len(new)} anchors: at least {_FEWEST_ANCHORS} are needed")
    if (new.categories != base.categories).any() or (new.divided != base.divided).any():
        raise Unlinkable("an anchor has another model or other categories on the two sides")
    for side in (new, base):
        if not (np.isfinite(side.slope).all() and (side.slope > 0).all()):
            raise Unlinkable("every anchor needs a positive slope on both sides")
        if np.isinf(side.difficulty).any():
            raise Unlinkable("two neighbouring categories of an anchor say the same of ability")


def _mean_mean(new: Items, base: Items) -> Link:
    """Loyd, Hoover 1980: the ratio of mean slopes."""
    return _through_means(float(new.slope.mean() / base.slope.mean()), new, base)


def _mean_sigma(new: Items, base: Items) -> Link:
    """Marco 1977: the ratio of the deviations of difficulties."""
    spread = float(np.nanstd(new.difficulty))
    if spread == 0:
        raise Unlinkable("all anchors are equally difficult: mean-sigma has no spread to compare")
    return _through_means(float(np.nanstd(base.difficulty)) / spread, new, base)


def _through_means(slope: float, new: Items, base: Items) -> Link:
    return Link(slope, float(np.nanmean(base.difficulty) - slope * np.nanmean(new.difficulty)))


def _haebara(new: Items, base: Items) -> Link:
    return _fit_curves(new, base, lambda gap: (gap**2).sum((0, 1)))


def _stocking_lord(new: Items, base: Items) -> Link:
    def whole(gap: np.ndarray) -> np.ndarray:
        points = np.einsum("k,ikp->p", np.arange(gap.shape[1]), gap)
        return np.asarray(points**2)

    return _fit_curves(new, base, whole)


def _fit_curves(new: Items, base: Items, loss: Callable[[np.ndarray], np.ndarray]) -> Link:
    """Least squares between (anchors, categories, points) curves over N(0, 1) on the base scale."""
    theta, weight = np.polynomial.hermite_e.hermegauss(_POINTS)
    weight = weight / weight.sum()
    wanted = base.probabilities(theta)

    def distance(constants: np.ndarray) -> float:
        slope, shift = np.exp(constants[0]), constants[1]
        return float(weight @ loss(wanted - new.on_scale(slope, shift).probabilities(theta)))

    begin = _mean_mean(new, base)
    found = minimize(
        distance,
        [np.log(begin.slope), begin.shift],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-14, "maxiter": 2000},
    )
    if not found.success:
        raise Unlinkable(f"the curves could not be brought together: {found.message}")
    return Link(float(np.exp(found.x[0])), float(found.x[1]))


def _robust_z(found: Link, new: Items, base: Items, kept: np.ndarray) -> np.ndarray:
    """(anchors, 2): of the difference in log slope and in mean difficulty, against those kept."""
    moved = found.items(new)
    gaps = np.stack(
        [
            np.log(moved.slope / base.slope),
            np.nanmean(moved.difficulty, 1) - np.nanmean(base.difficulty, 1),
        ],
        1,
    )
    low, middle, high = np.percentile(gaps[kept], [25, 50, 75], axis=0)
    return np.asarray((gaps - middle) / np.maximum(_TO_NORMAL * (high - low), 1e-9))


def _distance(found: Link, new: Items, base: Items) -> np.ndarray:
    """(anchors,): root mean squared difference of expected points over N(0, 1)."""
    theta, weight = np.polynomial.hermite_e.hermegauss(_POINTS)
    gap = found.items(new).expected(theta) - base.expected(theta)
    return np.asarray(np.sqrt(gap**2 @ (weight / weight.sum())))


_METHODS: Final[dict[LinkMethod, Callable[[Items, Items], Link]]] = {
    LinkMethod.MEAN_MEAN: _mean_mean,
    LinkMethod.MEAN_SIGMA: _mean_sigma,
    LinkMethod.HAEBARA: _haebara,
    LinkMethod.STOCKING_LORD: _stocking_lord,
}
