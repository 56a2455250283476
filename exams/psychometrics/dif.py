"""Differential item functioning: does a question treat people of equal ability differently by group.

Everything here compares a focal group with a reference group at equal total score.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy.stats import chi2, norm

from exams.psychometrics.responses import UnusableResponses

_ROUNDS: Final = 60
_PURIFICATIONS: Final = 10
_ETS_DELTA: Final = -2.35  # of a log odds ratio


class EtsClass(StrEnum):
    """How large the difference is, by the rules of ETS (Zieky 1993)."""

    A = "A"  # negligible: |delta| < 1, or not different from zero
    B = "B"  # moderate
    C = "C"  # large: |delta| >= 1.5 and above 1 beyond chance


@dataclass(frozen=True)
class MantelHaenszel:
    """(items,) each. NaN where no score was reached by both groups with both answers."""

    statistic: np.ndarray  # chi-square with continuity correction, 1 degree of freedom
    p: np.ndarray
    odds_ratio: np.ndarray  # above 1: easier for the reference group
    delta: np.ndarray  # ETS's scale, below 0: harder for the focal group
    delta_se: np.ndarray
    classes: tuple[EtsClass | None, ...]

    @property
    def flagged(self) -> np.ndarray:
        """(items,) bool: moderate or large."""
        return np.array([found in {EtsClass.B, EtsClass.C} for found in self.classes])


@dataclass(frozen=True)
class LogisticDif:
    """(items,) each: likelihood-ratio tests between nested logistic regressions on the score."""

    uniform: np.ndarray  # group added to the score; 1 degree of freedom
    p_uniform: np.ndarray
    both: np.ndarray  # group and its interaction with the score added; 2 degrees of freedom
    p_both: np.ndarray
    r_squared: np.ndarray  # gain of Nagelkerke's R2 by both


def mantel_haenszel(
    answers: np.ndarray,
    focal: np.ndarray,
    *,
    match: np.ndarray | None = None,
    anchors: np.ndarray | None = None,
) -> MantelHaenszel:
    """The Mantel-Haenszel test of (persons, items) right-and-wrong answers (Holland, Thayer 1988).

    `focal` (persons,) bool. People are matched on their sum over `anchors` (items,) bool, default all,
    and the studied item; or on `match` (persons,), needed where not everybody saw everything. The
    variance of the log odds ratio is Phillips and Holland's (1987).
    """
    table = _right_and_wrong(answers)
    found = [
        _mantel_haenszel(*_strata(table[:, item], focal, matched))
        for item, matched in enumerate(_matches(table, match, anchors))
    ]
    statistic, odds, variance = np.array(found).reshape(-1, 3).T
    with np.errstate(divide="ignore", invalid="ignore"):
        delta = _ETS_DELTA * np.log(odds)
    error = -_ETS_DELTA * np.sqrt(variance)
    p = chi2.sf(statistic, 1)
    classes = tuple(_ets_class(*row) for row in zip(delta, error, p, strict=True))
    return MantelHaenszel(statistic, p, odds, delta, error, classes)


def standardised_difference(
    answers: np.ndarray,
    focal: np.ndarray,
    *,
    match: np.ndarray | None = None,
    anchors: np.ndarray | None = None,
) -> np.ndarray:
    """(items,): difference of shares right, focal less reference, over the focal group's scores.

    Dorans and Kulick's (1986) STD P-DIF; NaN where no score was reached by both groups.
    """
    table = _right_and_wrong(answers)
    found = []
    for item, matched in enumerate(_matches(table, match, anchors)):
        right, wrong, focal_right, focal_wrong = _strata(table[:, item], focal, matched)
        reference, weight = right + wrong, focal_right + focal_wrong
        both = (reference > 0) & (weight > 0)
        gap = focal_right[both] / weight[both] - right[both] / reference[both]
        found.append(gap @ weight[both] / weight[both].sum() if both.any() else np.nan)
    return np.array(found)


def logistic(
    answers: np.ndarray,
    focal: np.ndarray,
    *,
    match: np.ndarray | None = None,
    anchors: np.ndarray | None = None,
) -> LogisticDif:
    """Logistic regression on score, group and their product (Swaminathan, Rogers 1990)."""
    table = _right_and_wrong(answers)
    rows = [
        _logistic(table[:, item], focal, matched)
        for item, matched in enumerate(_matches(table, match, anchors))
    ]
    uniform, both, gain = np.array(rows).reshape(-1, 3).T
    return LogisticDif(uniform, chi2.sf(uniform, 1), both, chi2.sf(both, 2), gain)


def purified(flag: Callable[[np.ndarray], np.ndarray], items: int) -> tuple[np.ndarray, bool]:
    """The anchors that are left when every flagged item has been taken out of the matching score.

    `flag` takes anchors (items,) bool and gives the flagged items (items,) bool; it is asked again
    with the others until the flags stay (Holland, Thayer 1988). Gives the anchors and whether the
    flags settled. Never takes out so many that fewer than two remain.
    """
    anchors = np.ones(items, dtype=bool)
    for _ in range(_PURIFICATIONS):
        following = ~flag(anchors)
        if following.sum() < min(2, items):
            return anchors, False
        if (following == anchors).all():
            return anchors, True
        anchors = following
    return anchors, False


def _right_and_wrong(answers: np.ndarray) -> np.ndarray:
    table = np.asarray(answers, dtype=np.float64)
    if table.ndim != 2 or not np.isin(table[~np.isnan(table)], (0.0, 1.0)).all():
        raise UnusableResponses("a table of persons by questions, right and wrong only, is needed")
    return table


def _matches(
    table: np.ndarray, match: np.ndarray | None, anchors: np.ndarray | None
) -> list[np.ndarray]:
    """The matching score of each person, an entry an item; the studied item always counts."""
    if match is not None:
        return [np.asarray(match, dtype=np.float64)] * table.shape[1]
    if np.isnan(table).any():
        raise UnusableResponses("where not everybody saw everything a score to match on is needed")
    kept = np.ones(table.shape[1], dtype=bool) if anchors is None else anchors
    total = table[:, kept].sum(1)
    return [total if kept[item] else total + table[:, item] for item in range(table.shape[1])]


def _strata(
    answer: np.ndarray, focal: np.ndarray, match: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """People by score: reference right and wrong, focal right and wrong; (scores,) each."""
    seen = ~np.isnan(answer) & ~np.isnan(match)
    _, stratum = np.unique(match[seen], return_inverse=True)
    counts = np.zeros((int(stratum.max(initial=-1)) + 1, 4))
    column = 2 * focal[seen].astype(np.int64) + (answer[seen] == 0)
    np.add.at(counts, (stratum, column), 1)
    return counts[:, 0], counts[:, 1], counts[:, 2], counts[:, 3]


def _mantel_haenszel(
    right: np.ndarray, wrong: np.ndarray, focal_right: np.ndarray, focal_wrong: np.ndarray
) -> tuple[float, float, float]:
    """Chi-square, common odds ratio and the variance of its log."""
    people = right + wrong + focal_right + focal_wrong
    reference, focal = right + wrong, focal_right + focal_wrong
    all_right = right + focal_right
    usable = people > 1
    people, share = people[usable], (reference * all_right)[usable] / people[usable]
    spread = (share * focal[usable] * (wrong + focal_wrong)[usable] / people / (people - 1)).sum()
    with_, against = right[usable] * focal_wrong[usable], wrong[usable] * focal_right[usable]
    above, below = (with_ / people).sum(), (against / people).sum()
    if spread == 0 or above == 0 or below == 0:
        return np.nan, np.nan, np.nan
    statistic = max(0.0, abs(right[usable].sum() - share.sum()) - 0.5) ** 2 / spread
    odds = above / below
    crossed = (right + focal_wrong)[usable] + odds * (wrong + focal_right)[usable]
    variance = ((with_ + odds * against) * crossed / people**2).sum() / (2 * above**2)
    return float(statistic), float(odds), float(variance)


def _ets_class(delta: float, error: float, p: float) -> EtsClass | None:
    if np.isnan(delta):
        return None
    if abs(delta) < 1 or p >= 0.05:
        return EtsClass.A
    beyond = (abs(delta) - 1) / error > norm.isf(0.05)
    return EtsClass.C if abs(delta) >= 1.5 and beyond else EtsClass.B


def _logistic(
    answer: np.ndarray, focal: np.ndarray, match: np.ndarray
) -> tuple[float, float, float]:
    """Statistics of uniform and of both kinds, and the gain of Nagelkerke's R2."""
    seen = ~np.isnan(answer) & ~np.isnan(match)
    y, group, score = answer[seen], focal[seen].astype(np.float64), match[seen]
    if len(np.unique(y)) < 2 or len(np.unique(group)) < 2:
        return np.nan, np.nan, np.nan
    standard = (score - score.mean()) / max(score.std(), 1e-12)
    columns = np.stack([np.ones(len(y)), standard, group, standard * group], 1)
    nothing, plain, uniform, both = (_fitted(columns[:, :count], y) for count in (1, 2, 3, 4))
    gain = _nagelkerke(nothing, both, len(y)) - _nagelkerke(nothing, plain, len(y))
    return 2 * (uniform - plain), 2 * (both - plain), gain


def _fitted(columns: np.ndarray, y: np.ndarray) -> float:
    """The largest log-likelihood of a logistic regression, by Newton steps that never go down."""
    weights = np.zeros(columns.shape[1])
    best = _log_likelihood(columns @ weights, y)
    for _ in range(_ROUNDS):
        right = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        information = (columns * (right * (1 - right))[:, None]).T @ columns
        step = np.linalg.lstsq(information, columns.T @ (y - right), rcond=None)[0]
        found = _log_likelihood(columns @ (weights + step), y)
        while found < best and np.abs(step).max() > 1e-12:
            step = step / 2
            found = _log_likelihood(columns @ (weights + step), y)
        weights, gain, best = weights + step, found - best, max(found, best)
        if gain < 1e-12:
            break
    return best


def _log_likelihood(logit: np.ndarray, y: np.ndarray) -> float:
    return float(-np.logaddexp(0, np.where(y == 1, -logit, logit)).sum())


def _nagelkerke(nothing: float, model: float, people: int) -> float:
    return float((1 - np.exp(2 * (nothing - model) / people)) / (1 - np.exp(2 * nothing / people)))
