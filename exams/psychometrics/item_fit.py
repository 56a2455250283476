"""Whether the model says of each item what people did: S-X2 against sum scores (Orlando, Thissen 2000)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import chi2

from exams.psychometrics.items import Items
from exams.psychometrics.responses import UnusableResponses

if TYPE_CHECKING:
    from exams.psychometrics.calibration import Calibration

_SMALLEST_CELL: Final = 1.0  # people expected in a cell; smaller ones join a neighbour
_GRID: Final = np.linspace(-6, 6, 61)
_DENSITY: Final = np.exp(-0.5 * _GRID**2) / np.exp(-0.5 * _GRID**2).sum()


@dataclass(frozen=True)
class ItemFit:
    """S-X2 of one item. `p` is None where no degree of freedom is left."""

    name: str
    statistic: float
    freedom: int
    p: float | None
    rmsea: float


@dataclass(frozen=True)
class ScoreGroups:
    """What people of each sum score did on one item, and what the model expects of them."""

    persons: int  # with those of the lowest and highest sum, who have no choice and no row
    scores: np.ndarray  # (scores,) sum scores that somebody reached
    people: np.ndarray  # (scores,)
    observed: np.ndarray  # (scores, categories) people
    expected: np.ndarray  # (scores, categories) people


def s_x2(calibration: "Calibration", answers: np.ndarray) -> list[ItemFit]:
    """S-X2 of every item, from the people who saw all of them; `answers` as given to `calibrate`.

    Neighbouring score groups are joined until each cell expects a person; for graded answers (Kang,
    Chen 2008) neighbouring categories of a score group. Raises `UnusableResponses` where nobody saw everything.
    """
    groups = score_groups(calibration, answers)
    spent = calibration.layout.free.sum(1).tolist()
    return [
        _test(name, group, free)
        for name, group, free in zip(calibration.names, groups, spent, strict=True)
    ]


def score_groups(calibration: "Calibration", answers: np.ndarray) -> list[ScoreGroups]:
    """Observed and expected answers by sum score, an entry an item: the data of an item's fit plot."""
    table = complete(calibration, answers)
    items = Items.of(calibration)
    theta = _GRID * np.sqrt(calibration.variance[0]) + calibration.mean[0]
    chance = items.probabilities(theta)  # (items, categories, points)
    return [_groups(item, chance, items.categories, table) for item in range(len(items))]


def complete(calibration: "Calibration", answers: np.ndarray) -> np.ndarray:
    """(persons, items) categories from zero of the people who saw everything.

    Raises `UnusableResponses` where there is nobody.
    """
    table = np.asarray(answers, dtype=np.float64)
    seen = ~np.isnan(table) & (table != -1)
    whole = table[seen.all(1)] - calibration.lowest
    if not len(whole):
        raise UnusableResponses("nobody saw every question, which a test by sum scores needs")
    return np.asarray(whole.astype(np.int64))


def sum_score_chances(chance: np.ndarray, categories: np.ndarray) -> np.ndarray:
    """(sums, points): the probability of each sum score (Lord, Wingersky 1984)."""
    found = np.ones((1, chance.shape[2]))
    for item, count in zip(chance, categories.tolist(), strict=True):
        longer = np.zeros((len(found) + count - 1, chance.shape[2]))
        for category in range(count):
            longer[category : category + len(found)] += found * item[category]
        found = longer
    return found


def _groups(
    item: int, chance: np.ndarray, categories: np.ndarray, table: np.ndarray
) -> ScoreGroups:
    total = table.sum(1)
    people = np.bincount(total, minlength=int((categories - 1).sum()) + 1)
    others = np.delete(np.arange(len(chance)), item)
    rest = sum_score_chances(chance[others], categories[others])
    most, count = len(people), int(categories[item])
    joint = np.zeros((most, count))
    for category in range(count):
        reached = slice(category, category + len(rest))
        joint[reached, category] = (rest * chance[item, category]) @ _DENSITY
    # The lowest and the highest sum leave the item no choice.
    scores = np.flatnonzero(people[1:-1]) + 1
    share = joint[scores] / joint[scores].sum(1, keepdims=True)
    observed = np.zeros((most, count))
    np.add.at(observed, (total, table[:, item]), 1)
    expected = share * people[scores][:, None]
    return ScoreGroups(len(total), scores, people[scores], observed[scores], expected)


def _test(name: str, group: ScoreGroups, free: int) -> ItemFit:
    rows = list(zip(group.observed, group.expected, strict=True))
    binary = group.observed.shape[1] == 2
    cells = _joined_rows(rows) if binary else [_joined_categories(*row) for row in rows]
    statistic = sum(float(((o - e) ** 2 / e).sum()) for o, e in cells)
    freedom = max(0, sum(len(o) - 1 for o, _ in cells) - free)
    excess = max(0.0, statistic - freedom) if freedom > 0 else 0.0
    rmsea = float(np.sqrt(excess / (freedom * (group.persons - 1)))) if excess else 0.0
    p = float(chi2.sf(statistic, freedom)) if freedom > 0 else None
    return ItemFit(name, statistic, freedom, p, rmsea)


def _joined_rows(
    rows: list[tuple[np.ndarray, np.ndarray]],
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Join score groups from both ends towards the middle while a cell expects too few people."""
    rows = list(rows)
    for end in (0, -1):
        while len(rows) > 1 and rows[end][1].min() < _SMALLEST_CELL:
            first, second = rows.pop(end), rows.pop(end)
            joined = (first[0] + second[0], first[1] + second[1])
            rows.insert(0 if end == 0 else len(rows), joined)
    return rows


def _joined_categories(observed: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join the category that expects the fewest with its smaller neighbour until all expect enough."""
    seen, wanted = observed.tolist(), expected.tolist()
    while len(wanted) > 1 and min(wanted) < _SMALLEST_CELL:
        place = wanted.index(min(wanted))
        sides = [side for side in (place - 1, place + 1) if 0 <= side < len(wanted)]
        side = min(sides, key=wanted.__getitem__)
        seen[side] += seen.pop(place) if side < place else 0
        if side < place:
            wanted[side] += wanted.pop(place)
        else:
            seen[place] += seen.pop(side)
            wanted[place] += wanted.pop(side)
    return np.array(seen), np.array(wanted)
