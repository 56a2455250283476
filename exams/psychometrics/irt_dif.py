"""Differential item functioning by the likelihood ratio of item response models (Thissen and others 1993).

An item that may differ stands in the table twice, once for each group and unseen by the other: what is
left is an ordinary calibration of several groups.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import chi2

from exams.psychometrics.calibration import ENOUGH_FOR_SLOPES, Calibration, calibrate
from exams.psychometrics.models import Model
from exams.psychometrics.responses import UnusableResponses

_LEVEL: Final = 0.05


@dataclass(frozen=True)
class ItemDif:
    """What letting one item differ between the groups gained."""

    name: str
    statistic: float
    freedom: int
    p: float


def calibrate_apart(
    answers: np.ndarray,
    groups: np.ndarray,
    apart: np.ndarray,
    *,
    model: Model | str = Model.TWO_PL,
    names: tuple[str, ...] | None = None,
    enough: int = ENOUGH_FOR_SLOPES,
) -> Calibration:
    """Fit (persons, items) answers with the items of `apart` (items,) bool free in each group.

    All other items are the same in every group; the first group, in order of value, has N(0, 1).
    An item that is apart is named after its group. Raises `UnusableResponses` as `calibrate` does,
    where nothing ties the groups together, and where a group gave an item fewer than `enough` answers.
    """
    table = np.asarray(answers, dtype=np.float64)
    if apart.all():
        raise UnusableResponses("at least one question must be the same in every group")
    named = names or tuple(f"Q{number + 1}" for number in range(table.shape[1]))
    columns, called = [], []
    for item, free in enumerate(apart.tolist()):
        for value in np.unique(groups) if free else [None]:
            here = np.ones(len(table), dtype=bool) if value is None else groups == value
            columns.append(np.where(here, table[:, item], np.nan))
            called.append(named[item] if value is None else f"{named[item]} ({value})")
    fit = calibrate(np.stack(columns, 1), model, groups=groups, names=called, enough=enough)
    if fit.asked is not None:
        raise UnusableResponses(f"{fit.fewest:g} answers in a group are too few for {fit.asked}")
    return fit


def likelihood_ratio(
    answers: np.ndarray,
    groups: np.ndarray,
    *,
    model: Model | str = Model.TWO_PL,
    anchors: np.ndarray | None = None,
    names: tuple[str, ...] | None = None,
    enough: int = ENOUGH_FOR_SLOPES,
) -> list[ItemDif]:
    """Test of each item whether it is the same in every group, given that the `anchors` are.

    `anchors` (items,) bool; by default all other items are. Items that are neither anchors nor under test are free.
    """
    items = np.asarray(answers).shape[1]
    kept = np.ones(items, dtype=bool) if anchors is None else np.asarray(anchors)
    named = names or tuple(f"Q{number + 1}" for number in range(items))
    base = calibrate_apart(answers, groups, ~kept, model=model, names=named, enough=enough)
    return [
        _test(base, answers, groups, kept, item, named=named, model=model, enough=enough)
        for item in range(items)
    ]


def purified_likelihood_ratio(
    answers: np.ndarray,
    groups: np.ndarray,
    *,
    model: Model | str = Model.TWO_PL,
    names: tuple[str, ...] | None = None,
    enough: int = ENOUGH_FOR_SLOPES,
) -> tuple[list[ItemDif], np.ndarray]:
    """Test every item against the anchors that are left; gives the tests and those anchors.

    Anchors lose the item with the largest significant statistic, one at a time, until none is
    significant (Bonferroni) or two remain.
    """
    anchors = np.ones(np.asarray(answers).shape[1], dtype=bool)
    while True:
        tests = likelihood_ratio(
            answers, groups, model=model, anchors=anchors, names=names, enough=enough
        )
        suspects = [
            (test.statistic, item)
            for item, test in enumerate(tests)
            if anchors[item] and test.p < _LEVEL / len(tests)
        ]
        if not suspects or anchors.sum() <= 2:
            return tests, anchors
        anchors[max(suspects)[1]] = False


def _test(
    base: Calibration,
    answers: np.ndarray,
    groups: np.ndarray,
    anchors: np.ndarray,
    item: int,
    *,
    named: tuple[str, ...],
    model: Model | str,
    enough: int,
) -> ItemDif:
    """An anchor is set free and must gain; an item that is free is tied and must lose."""
    apart = ~anchors
    apart[item] = anchors[item]
    other = calibrate_apart(answers, groups, apart, model=model, names=named, enough=enough)
    free, tied = (other, base) if anchors[item] else (base, other)
    freedom = free.marginal.parameters.count - tied.marginal.parameters.count
    statistic = max(0.0, 2 * (free.log_likelihood - tied.log_likelihood))
    return ItemDif(named[item], statistic, freedom, float(chi2.sf(statistic, freedom)))
