"""Flags on how one person's answers fit together: better on what is known outside, or odd altogether."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.stats import norm

from exams.models import FlagKind
from exams.psychometrics import response_times
from exams.psychometrics.calibration import Calibration, calibrate
from exams.psychometrics.forensics.flags import Flags
from exams.psychometrics.forensics.preknowledge import preknowledge
from exams.psychometrics.items import Items
from exams.psychometrics.person_fit import odd_answers
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.scoring import Method, score

LEVEL: Final = 0.001
"""How rarely an honest one may look so to be looked at at all."""
MOST_FALSE: Final = 0.05
"""People are flagged while at most this share of them is honest."""
FEWEST_QUESTIONS: Final = 15
"""With fewer, answers that fit badly together say too little."""
FEWEST_ON_A_SIDE: Final = 3
"""Questions known outside, and others, that people are compared on."""


@dataclass(frozen=True)
class Fitted:
    """Right or wrong answers to the questions that not everybody did alike on, with their fit."""

    attempts: list[int]
    right: np.ndarray  # (attempts, questions) 0 or 1
    seconds: np.ndarray  # (attempts, questions); NaN where not known
    fit: Calibration
    columns: np.ndarray  # (questions,) which columns of the form they are

    @classmethod
    def of(
        cls,
        attempts: list[int],
        right: np.ndarray,  # (attempts, columns) share of the points
        seconds: np.ndarray,
    ) -> "Fitted | None":
        """None where no model can be fitted."""
        whole = (right >= 1).astype(np.float64)
        varied = np.flatnonzero((whole.mean(0) > 0) & (whole.mean(0) < 1))
        if len(varied) < 2:
            return None
        try:
            fit = calibrate(whole[:, varied], "2pl")
        except UnusableResponses:
            return None
        return cls(attempts, whole[:, varied], seconds[:, varied], fit, varied)


def odd(found: Fitted) -> list[dict[str, Any]]:
    """People whose answers fit together far worse than the model expects (lz*, Snijders 2001)."""
    if len(found.columns) < FEWEST_QUESTIONS:
        return []
    theta = np.asarray(score(found.fit, found.right, Method.MAP).theta)
    star = odd_answers(found.fit, theta, found.right)
    told = ~np.isnan(star)
    people = np.flatnonzero(told)
    flags = Flags.below(people, norm.cdf(star[told]), compared=len(people), level=LEVEL)
    return [
        _flag(FlagKind.ODD, found, flags, number)
        | {
            "evidence": {
                "fit": float(star[person]),
                "right": int(found.right[person].sum()),
                "questions": len(found.columns),
                "flagged": count,
            }
        }
        for number, person, count in _worth(flags)
    ]


def known(found: Fitted, suspected: np.ndarray) -> list[dict[str, Any]]:
    """People far better on what is known outside than on the rest; `suspected` (columns,) bool."""
    on = suspected[found.columns]
    if min(on.sum(), (~on).sum()) < FEWEST_ON_A_SIDE:
        return []
    seen = preknowledge(
        Items.of(found.fit), found.right, on, times=_times(found.seconds), level=LEVEL
    )
    return [
        _flag(FlagKind.KNOWN, found, seen.flags, number)
        | {
            "evidence": {
                "known": int(on.sum()),
                "share_known": float(found.right[person][on].mean()),
                "share_others": float(found.right[person][~on].mean()),
                "everybody_known": float(found.right[:, on].mean()),
                "everybody_others": float(found.right[:, ~on].mean()),
                "faster": seen.faster is not None and bool(seen.faster[person] > norm.isf(0.05)),
                "flagged": count,
            }
        }
        for number, person, count in _worth(seen.flags)
    ]


def _worth(flags: Flags) -> Iterator[tuple[int, int, int]]:
    """Place among the flags, person, and how many are shown: while few of them are honest."""
    places = np.flatnonzero(flags.false_share <= MOST_FALSE).tolist()
    for number in places:
        yield number, int(flags.found[number]), len(places)


def _flag(kind: FlagKind, found: Fitted, flags: Flags, number: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "attempt_id": found.attempts[int(flags.found[number])],
        "other_attempt_id": None,
        "compared": flags.compared,
        "by_chance": flags.by_chance,
        "false_share": float(flags.false_share[number]),
    }


def _times(seconds: np.ndarray) -> tuple[response_times.Lognormal, np.ndarray] | None:
    """The model of times, where there are enough of them."""
    told = np.where(seconds > 0, seconds, np.nan)
    try:
        return response_times.fit(told), told
    except response_times.UnusableTimes:
        return None
