"""What people of each ability did on a question beside what the model expects: the data of its trace lines."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from exams.psychometrics.calibration import Calibration
from exams.psychometrics.item_statistics import correlation, rest_scores
from exams.psychometrics.items import Items
from exams.psychometrics.person_fit import item_mean_squares
from exams.psychometrics.scoring import score

_A_GROUP: Final = 15  # people; with fewer a share says next to nothing
_MOST_GROUPS: Final = 10
_FEWEST_GROUPS: Final = 3
_THETA: Final = np.linspace(-3, 3, 31)


@dataclass(frozen=True)
class Group:
    """People of about one ability. `shares` of them by category; `ability` None without a scale."""

    ability: float | None
    people: int
    shares: tuple[float, ...]


@dataclass(frozen=True)
class TracePoint:
    """The model's share of each category at one ability."""

    theta: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Trace:
    """One question. Without a fit there are groups by score, no curve and no mean squares."""

    groups: tuple[Group, ...]
    curve: tuple[TracePoint, ...] = ()
    infit: float | None = None
    outfit: float | None = None


@dataclass(frozen=True)
class OptionShare:
    """One option: how many took it, of each ability group which share, and how taking it goes with the rest."""

    option: str
    chosen: int
    share: float
    by_group: tuple[float | None, ...]  # None where nobody of the group saw the question
    correlation: (
        float | None
    )  # point-biserial with the other questions; None where it does not vary


def ability_groups(measure: np.ndarray) -> np.ndarray:
    """(persons,) group numbers from 0, the weakest: about equally many, equals together."""
    count = int(np.clip(len(measure) // _A_GROUP, _FEWEST_GROUPS, _MOST_GROUPS))
    edges = np.quantile(measure, np.arange(1, count) / count) if len(measure) else []
    number = np.searchsorted(edges, measure, side="left")
    return np.asarray(np.unique(number, return_inverse=True)[1])


def measured(fit: Calibration | None, coded: np.ndarray, earned: np.ndarray) -> np.ndarray:
    """(persons,) what people are grouped by: their ability (EAP), or the mean of their points."""
    if fit is None:
        with np.errstate(invalid="ignore"):
            mean = np.nansum(earned, 1) / (~np.isnan(earned)).sum(1)
        return np.asarray(np.nan_to_num(mean))
    return np.asarray(score(fit, coded).theta)


def fitted(
    fit: Calibration, coded: np.ndarray, theta: np.ndarray, group: np.ndarray
) -> list[Trace]:
    """A trace an item of a fit; `coded` (persons, items) as it was fitted, `theta` and `group` (persons,)."""
    items = Items.of(fit)
    at = _THETA * float(np.sqrt(fit.variance[0])) + float(fit.mean[0])
    chance = items.probabilities(at)
    squares = item_mean_squares(items, theta, coded)
    return [
        Trace(
            _groups(coded[:, item], int(count), group, theta),
            tuple(
                TracePoint(float(place), tuple(chance[item, :count, number].tolist()))
                for number, place in enumerate(at)
            ),
            _number(squares.infit[item]),
            _number(squares.outfit[item]),
        )
        for item, count in enumerate(items.categories.tolist())
    ]


def plain(coded: np.ndarray, group: np.ndarray) -> Trace:
    """The trace of a question (persons,) that no fit holds: who did what, and no line."""
    known = coded[~np.isnan(coded)]
    return Trace(_groups(coded, int(known.max(initial=0)) + 1, group, None))


def option_shares(
    took: np.ndarray,  # (persons, options) 1 or 0; NaN where not seen
    options: list[str],
    earned: np.ndarray,  # (persons, items) points
    item: int,
    group: np.ndarray,  # (persons,)
) -> list[OptionShare]:
    """Who chose what. A wrong option whose correlation is above zero draws those who do well elsewhere."""
    rest = rest_scores(earned)[:, item]
    seen = ~np.isnan(took).any(1)
    return [
        OptionShare(
            option=name,
            chosen=int(took[seen, place].sum()),
            share=float(took[seen, place].mean()) if seen.any() else 0.0,
            by_group=tuple(
                float(took[seen & (group == number), place].mean())
                if (seen & (group == number)).any()
                else None
                for number in range(int(group.max(initial=-1)) + 1)
            ),
            correlation=_number(correlation(took[:, place], rest)),
        )
        for place, name in enumerate(options)
    ]


def _groups(
    coded: np.ndarray, categories: int, group: np.ndarray, theta: np.ndarray | None
) -> tuple[Group, ...]:
    found = []
    for number in range(int(group.max(initial=-1)) + 1):
        mine = (group == number) & ~np.isnan(coded)
        people = int(mine.sum())
        if people:
            counts = np.bincount(coded[mine].astype(np.int64), minlength=categories)
            ability = None if theta is None else float(theta[mine].mean())
            found.append(Group(ability, people, tuple((counts / people).tolist())))
    return tuple(found)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
