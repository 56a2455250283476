"""Who did better on leaked questions than their other answers foretell, and faster."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import chi2, norm

from exams.psychometrics.forensics.flags import Flags
from exams.psychometrics.items import Items
from exams.psychometrics.response_times import Lognormal, faster_on

_GRID: Final = np.linspace(-5.0, 5.0, 401)
_PRIOR: Final = 3.0  # deviation of the weak prior that keeps estimates finite where all is right


@dataclass(frozen=True)
class Preknowledge:
    """One statistic a person, and those that stand out."""

    signed_ratio: np.ndarray  # (persons,) about N(0, 1); large: better on the suspected questions
    faster: np.ndarray | None  # (persons,) likewise of speed, where times are known
    p: np.ndarray  # (persons,)
    flags: Flags


def preknowledge(
    items: Items,
    answers: np.ndarray,  # (persons, items); NaN where not seen
    suspected: np.ndarray,  # (items,) bool: found in public, or told of
    *,
    times: tuple[Lognormal, np.ndarray]
    | None = None,  # the fitted model and the (persons, items) seconds
    level: float = 0.001,
) -> Preknowledge:
    """The signed likelihood ratio test of Sinharay (2017), joined by Fisher with that of speed.

    Under honest work one ability explains the suspected and the other answers; the ratio weighs two
    abilities against one, with the sign of their difference. Given ability and speed, answers and times
    are independent, so the two p-values are joined by Fisher's method.
    """
    ratio = _signed_ratio(items, answers, suspected)
    p, faster = norm.sf(ratio), None
    if times is not None:
        faster = faster_on(*times, suspected)
        known = np.where(np.isnan(faster), 0.5, norm.sf(faster))
        p = chi2.sf(-2 * (np.log(np.maximum(p, 1e-300)) + np.log(np.maximum(known, 1e-300))), 4)
    comparable = ~np.isnan(ratio)
    people = np.flatnonzero(comparable)
    flags = Flags.below(people, p[comparable], compared=len(people), level=level)
    return Preknowledge(ratio, faster, np.asarray(p), flags)


def _signed_ratio(items: Items, answers: np.ndarray, suspected: np.ndarray) -> np.ndarray:
    on, off = (_log_likelihood(items, answers, side) for side in (suspected, ~suspected))
    seen = ~np.isnan(answers)
    weak = -0.5 * (_GRID / _PRIOR) ** 2
    best_on, best_off = (_GRID[(curve + weak).argmax(1)] for curve in (on, off))
    gain = (on + weak).max(1) + (off + weak).max(1) - (on + off + 2 * weak).max(1)
    ratio = np.sign(best_on - best_off) * np.sqrt(2 * np.maximum(gain, 0.0))
    both = (seen & suspected).any(1) & (seen & ~suspected).any(1)
    return np.asarray(np.where(both, ratio, np.nan))


def _log_likelihood(items: Items, answers: np.ndarray, side: np.ndarray) -> np.ndarray:
    """(persons, points) of the answers on one side."""
    logs = np.log(np.maximum(items.probabilities(_GRID), 1e-12))
    total = np.zeros((len(answers), len(_GRID)))
    for item in np.flatnonzero(side):
        seen = ~np.isnan(answers[:, item])
        total[seen] += logs[item][answers[seen, item].astype(np.int64)]
    return total
