"""How long people take: the lognormal model, rapid guesses, and who was faster than they are.

log T_ij ~ N(intensity_j - speed_i, 1 / precision_j^2), speed ~ N(0, variance) (van der Linden 2006).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

_TOLERANCE: Final = 1e-8
_FEWEST_PEOPLE: Final = 20
_FEWEST_TIMES: Final = 10
_SMALLEST: Final = 1e-6  # of a variance: identical times would otherwise look infinitely precise


class UnusableTimes(ValueError):
    """The times cannot be used; the message says why."""


@dataclass(frozen=True)
class Pace:
    """What is known of the items' times."""

    intensity: np.ndarray  # (items,) log seconds that a person of mean speed takes
    precision: np.ndarray  # (items,) one over the deviation of log times


@dataclass(frozen=True)
class Lognormal:
    """The fitted model, with everybody's speed."""

    pace: Pace
    variance: float  # of speed
    speed: np.ndarray  # (persons,) log seconds saved
    speed_error: np.ndarray  # (persons,)
    converged: bool


def fit(
    seconds: np.ndarray,  # (persons, items); NaN where not seen
    *,
    most_rounds: int = 500,
) -> Lognormal:
    """Maximum likelihood by expectation-maximisation; speed integrated out in closed form.

    Raises `UnusableTimes` for times that are not positive, fewer than 20 people, or an item with fewer
    than 10 times.
    """
    logs, seen = _logs(seconds)
    intensity = np.nanmean(logs, 0)
    precision = 1 / np.maximum(np.nanstd(logs, 0), _SMALLEST)
    variance, converged = 0.1, False
    filled = np.where(seen, logs, 0.0)
    for _ in range(most_rounds):
        speed, error = _speeds(filled, seen, Pace(intensity, precision), variance)
        count = seen.sum(0)
        before = np.concatenate([intensity, np.log(precision), [np.log(variance)]])
        intensity = (np.where(seen, filled + speed[:, None], 0.0)).sum(0) / count
        gap = np.where(seen, (filled - intensity + speed[:, None]) ** 2 + error[:, None] ** 2, 0.0)
        precision = 1 / np.sqrt(np.maximum(gap.sum(0) / count, _SMALLEST))
        variance = max(float((speed**2 + error**2).mean()), _SMALLEST)
        after = np.concatenate([intensity, np.log(precision), [np.log(variance)]])
        if np.abs(after - before).max() < _TOLERANCE:
            converged = True
            break
    pace = Pace(intensity, precision)
    return Lognormal(pace, variance, *_speeds(filled, seen, pace, variance), converged)


def residuals(model: Lognormal, seconds: np.ndarray) -> np.ndarray:
    """(persons, items): each log time against what the person's other times foretell, standardised.

    Very negative: answered far faster than this person answers otherwise (van der Linden, Guo 2008).
    NaN where not seen.
    """
    logs = np.log(np.where(np.isnan(seconds), 1.0, seconds))
    seen = ~np.isnan(seconds)
    own = np.where(seen, model.pace.precision**2, 0.0)
    weight = 1 / model.variance + own.sum(1, keepdims=True) - own  # of everything but this item
    gap = model.pace.intensity - logs
    others = (own * gap).sum(1, keepdims=True) - own * gap
    expected = model.pace.intensity - others / weight
    spread = np.sqrt(1 / model.pace.precision**2 + 1 / weight)
    return np.asarray(np.where(seen, (logs - expected) / spread, np.nan))


def faster_on(
    model: Lognormal,
    seconds: np.ndarray,  # (persons, items)
    suspected: np.ndarray,  # (items,) bool
) -> np.ndarray:
    """(persons,): how much faster each was on the suspected items than on the others, about N(0, 1).

    The difference of two least-squares speeds over its standard error; large means that they hurried
    exactly where questions are suspected to be known. NaN without times on both sides.
    """
    logs, seen = np.log(np.where(np.isnan(seconds), 1.0, seconds)), ~np.isnan(seconds)
    estimates, variances = [], []
    for side in (suspected, ~suspected):
        weight = np.where(seen & side, model.pace.precision**2, 0.0)
        total = weight.sum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            estimates.append((weight * (model.pace.intensity - logs)).sum(1) / total)
            variances.append(1 / total)
    with np.errstate(invalid="ignore"):
        return np.asarray((estimates[0] - estimates[1]) / np.sqrt(sum(variances)))


def thresholds(
    seconds: np.ndarray,  # (persons, items)
    *,
    share: float = 0.10,
    most: float = 10.0,
) -> np.ndarray:
    """(items,) seconds under which nobody can have read the question.

    A tenth of the item's mean time, at most ten seconds (Wise, Ma 2012).
    """
    return np.asarray(np.minimum(share * np.nanmean(seconds, 0), most))


@dataclass(frozen=True)
class Effort:
    """Who answered without reading, and how often that happens at all."""

    rapid: np.ndarray  # (persons, items) bool
    effort: np.ndarray  # (persons,) share of answers given in earnest (Wise, Kong 2005)
    base_rate: float  # share of all answers that were rapid
    right_when_rapid: float  # NaN where nobody was rapid: about chance if the thresholds are right
    right_in_earnest: float

    def unmotivated(self, least: float = 0.90) -> np.ndarray:
        """(persons,) bool: less effort than `least`, so that the score says little of ability."""
        return np.asarray(self.effort < least)


def effort(
    seconds: np.ndarray,  # (persons, items); NaN where not seen
    right: np.ndarray,  # (persons, items) 0 or 1
    limits: np.ndarray | None = None,  # (items,) seconds; `thresholds` by default
) -> Effort:
    """Mark answers given too fast to have been read."""
    seen = ~np.isnan(seconds)
    floor = thresholds(seconds) if limits is None else limits
    rapid = seen & (np.where(seen, seconds, np.inf) < floor)
    earnest = seen & ~rapid
    with np.errstate(invalid="ignore", divide="ignore"):
        given = earnest.sum(1) / seen.sum(1)
    return Effort(
        rapid=rapid,
        effort=given,
        base_rate=float(rapid.sum() / seen.sum()),
        right_when_rapid=float(right[rapid].mean()) if rapid.any() else float("nan"),
        right_in_earnest=float(right[earnest].mean()) if earnest.any() else float("nan"),
    )


def _speeds(
    logs: np.ndarray, seen: np.ndarray, pace: Pace, variance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and deviation of everybody's speed."""
    weight = np.where(seen, pace.precision**2, 0.0)
    total = 1 / variance + weight.sum(1)
    return (weight * (pace.intensity - logs)).sum(1) / total, 1 / np.sqrt(total)


def _logs(seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    table = np.asarray(seconds, dtype=np.float64)
    if table.ndim != 2 or len(table) < _FEWEST_PEOPLE:
        raise UnusableTimes(f"times of at least {_FEWEST_PEOPLE} people are needed")
    seen = ~np.isnan(table)
    if (table[seen] <= 0).any():
        raise UnusableTimes("every time is more than zero seconds")
    few = seen.sum(0) < _FEWEST_TIMES
    if few.any():
        raise UnusableTimes(
            f"question {int(np.flatnonzero(few)[0]) + 1} has fewer than {_FEWEST_TIMES} times"
        )
    with np.errstate(invalid="ignore"):
        return np.log(table), seen
