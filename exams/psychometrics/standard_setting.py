"""Where the pass mark lies: modified Angoff, bookmark and contrasting groups, each with its error.

Every method turns what people judged into a cut and says how far another panel might have put it
(Cizek, Bunch 2007).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from exams.psychometrics.items import Items

_REACH: Final = 8.0
_FEWEST_JUDGES: Final = 2
_MEDIAN_OVER_MEAN: Final = float(np.sqrt(np.pi / 2))  # standard errors, for a normal
_ROUNDS: Final = 50


class Unsettled(ValueError):
    """No cut follows from these judgments; the message says why."""


@dataclass(frozen=True)
class PanelCut:
    """What a panel said: a cut, its standard error over panels, and each judge's own."""

    cut: float
    se: float
    of_judge: np.ndarray  # (judges,)


@dataclass(frozen=True)
class Angoff:
    """A round of the modified Angoff method (Angoff 1971), in points of the form."""

    panel: PanelCut
    spread: (
        np.ndarray
    )  # (items,) deviation of the judges' ratings: where to talk before the next round
    severity: np.ndarray  # (judges,) each judge's mean rating less the panel's


def angoff(
    ratings: np.ndarray,  # (judges, items): share of barely competent people who get it right; NaN if not rated
    points: np.ndarray | None = None,  # (items,) the most each is worth; one by default
) -> Angoff:
    """The cut of one round: the sum of mean ratings; its error, the judges' deviation over root judges.

    A judge who left items out is completed by the item's mean plus the judge's severity. Raises
    `Unsettled` for fewer than two judges, an item that nobody rated, a judge who rated nothing, or a
    rating outside [0, 1].
    """
    table = np.asarray(ratings, dtype=np.float64)
    _refuse_ratings(table)
    worth = np.ones(table.shape[1]) if points is None else np.asarray(points, np.float64)
    item = np.nanmean(table, 0)
    severity = np.nanmean(table - item, 1)
    whole = np.where(np.isnan(table), np.clip(item + severity[:, None], 0, 1), table)
    of_judge = whole @ worth
    panel = PanelCut(float(of_judge.mean()), _mean_error(of_judge), of_judge)
    return Angoff(panel, np.nanstd(table, 0, ddof=0), severity)


def bookmark(
    items: Items,
    marks: np.ndarray,  # (judges,) how many questions, easiest first, the barely competent master
    *,
    response_probability: float = 0.67,
) -> PanelCut:
    """The cut on the ability scale from bookmarks (Lewis, Mitzel, Green 1996).

    Questions are ordered by where they are answered right with `response_probability`; a judge's cut
    lies midway between the last mastered and the first not mastered. The panel's is the median.
    Raises `Unsettled` for too few judges or a mark before the first or behind the last question.
    """
    placed = np.sort(locations(items, response_probability))
    marks = np.asarray(marks)
    if len(marks) < _FEWEST_JUDGES:
        raise Unsettled(f"{len(marks)} judges: at least {_FEWEST_JUDGES} are needed")
    if ((marks < 1) | (marks >= len(placed))).any():
        raise Unsettled(
            "a bookmark before the first or behind the last question says only that the cut lies"
            " outside this form"
        )
    of_judge = (placed[marks - 1] + placed[marks]) / 2
    error = _MEDIAN_OVER_MEAN * _mean_error(of_judge)
    return PanelCut(float(np.median(of_judge)), error, of_judge)


def locations(items: Items, response_probability: float = 0.67) -> np.ndarray:
    """(items,): the ability at which each right-or-wrong question is answered right so often.

    Raises `Unsettled` for graded questions, or a question so guessable that everybody does.
    """
    if (items.categories != 2).any():
        raise Unsettled("a bookmark stands between right-or-wrong questions")
    if (items.guessing >= response_probability).any():
        raise Unsettled("a question can be guessed more often than the response probability")
    share = (response_probability - items.guessing) / (1 - items.guessing)
    return np.asarray((np.log(share / (1 - share)) - items.intercepts[:, 0]) / items.slope)


@dataclass(frozen=True)
class ContrastingGroups:
    """The score at which somebody is as likely competent as not (Livingston, Zieky 1982)."""

    cut: float
    se: float
    slope: float  # log odds of being competent, a point of score


def contrasting_groups(
    scores: np.ndarray,  # (persons,)
    competent: np.ndarray,  # (persons,) bool, judged by those who know the work and not the score
    *,
    wrong_pass_cost: float = 1.0,
) -> ContrastingGroups:
    """Logistic regression of competence on score; where the odds equal `wrong_pass_cost`.

    A wrong pass that costs three times a wrong fail moves the cut to odds of three to one. The error
    is the delta method's. Raises `Unsettled` where a group is empty, the groups do not overlap, or
    the competent do not score higher.
    """
    known = np.asarray(competent, dtype=bool)
    yes, no = np.asarray(scores)[known], np.asarray(scores)[~known]
    if not len(yes) or not len(no):
        raise Unsettled("both groups need people")
    if yes.min() > no.max():
        raise Unsettled(
            f"the groups do not overlap: any cut between {no.max():g} and {yes.min():g} parts them"
        )
    if yes.mean() <= no.mean():
        raise Unsettled(
            "those judged competent do not score higher: the exam measures another thing"
        )
    centre, scale = float(np.mean(scores)), float(np.std(scores))
    beta, covariance = _logistic((np.asarray(scores) - centre) / scale, known)
    cut = (np.log(wrong_pass_cost) - beta[0]) / beta[1]
    gradient = -np.array([1.0, cut]) / beta[1]
    error = float(np.sqrt(gradient @ covariance @ gradient))
    return ContrastingGroups(float(centre + scale * cut), scale * error, float(beta[1] / scale))


def ability_at(items: Items, points: float) -> float:
    """The ability whose expected score on the form is `points`: a cut in points, on the scale.

    Raises `Unsettled` where no ability is expected to score so low or so high.
    """
    low, high = (float(items.expected(np.array([end])).sum()) for end in (-_REACH, _REACH))
    if not low < points < high:
        raise Unsettled(f"expected scores on this form lie between {low:.1f} and {high:.1f} points")
    found = brentq(
        lambda theta: float(items.expected(np.array([theta])).sum()) - points, -_REACH, _REACH
    )
    return float(found)


def ability_error(items: Items, theta: float, se_points: float) -> float:
    """A standard error in points as one on the ability scale: over the slope of the expected score."""
    step = 1e-4
    low, high = (float(items.expected(np.array([theta + d])).sum()) for d in (-step, step))
    return se_points * 2 * step / (high - low)


def _refuse_ratings(table: np.ndarray) -> None:
    if table.ndim != 2 or table.shape[0] < _FEWEST_JUDGES:
        raise Unsettled(f"at least {_FEWEST_JUDGES} judges are needed")
    rated = ~np.isnan(table)
    if not rated.any(0).all():
        raise Unsettled(f"question {int(np.flatnonzero(~rated.any(0))[0]) + 1}: nobody rated it")
    if not rated.any(1).all():
        raise Unsettled(f"judge {int(np.flatnonzero(~rated.any(1))[0]) + 1} rated nothing")
    if (rated & ((table < 0) | (table > 1))).any():
        raise Unsettled("a rating is a share between 0 and 1")


def _mean_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _logistic(score: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their covariance by Newton's method."""
    design = np.stack([np.ones_like(score), score], 1)
    beta = np.zeros(2)
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-design @ beta))
        information = (design * (chance * (1 - chance))[:, None]).T @ design
        step = np.linalg.solve(information, design.T @ (known - chance))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            return beta, np.linalg.inv(information)
    raise Unsettled("the groups hardly overlap: the regression has no finite answer")
