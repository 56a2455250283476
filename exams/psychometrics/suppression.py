"""Which counts of people may be shown so that nobody can work out the small ones that are not.

A table of counts is a set of sums over *cells*, the finest groups. Small sums are hidden; then further
ones, until whoever subtracts all that is shown from all else cannot pin a hidden one down (complementary
suppression; Cox 1980).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

LEAST: Final = 10
"""Fewer people than this are never shown."""


@dataclass(frozen=True)
class Margins:
    """The sums that could be shown, each over some of the cells."""

    members: np.ndarray  # (margins, cells) bool
    table: np.ndarray  # (margins,) which table each stands in; the same number, the same table


@dataclass(frozen=True)
class Range:
    """What a hidden sum can be, given everything shown."""

    least: int
    most: int

    @property
    def width(self) -> int:
        """How far the two ends are apart."""
        return self.most - self.least


def shown(
    counts: np.ndarray,
    margins: Margins,
    *,
    least: int = LEAST,
    known: np.ndarray | None = None,  # (margins,) bool: sums that outsiders have from elsewhere
    smallest: np.ndarray | None = None,  # (margins,) what must not be below `least`: its people
) -> np.ndarray:
    """(margins,) bool: the sums that may be shown.

    `counts` (outcomes, cells): people by outcome, each person in one outcome and one cell; showing a
    sum shows it for every outcome. Of every hidden sum an outsider who knows all that is shown, and
    that people are whole and not fewer than none, is left with a range at least `least` wide for its
    people, and with more than one possibility for every outcome. Deterministic: hides the smallest sum
    of the same table first, and everything but what is known anyway where nothing else is safe.
    """
    people = margins.members @ counts.sum(0)
    public = np.zeros(len(people), dtype=bool) if known is None else known
    visible = np.asarray(((people if smallest is None else smallest) >= least) | public)
    safe = np.zeros_like(visible)
    while (visible & ~public).any():
        exposed = _first_exposed(counts, margins, visible, safe, least)
        if exposed is None:
            break
        visible[_sacrificed(people, margins, visible & ~public, exposed)] = False
    return visible


def hidden_range(counts: np.ndarray, margins: Margins, visible: np.ndarray, margin: int) -> Range:
    """What an outsider can say of one outcome's sum over a hidden margin; `counts` (cells,)."""
    if not visible.any():
        return Range(0, np.iinfo(np.int64).max)
    total = margins.members[visible] @ counts
    # Cells that are in all the same sums are one unknown: only their own sum matters.
    kinds = np.unique(np.vstack([margins.members[visible], margins.members[margin]]), axis=1)
    known, members = kinds[:-1], kinds[-1].astype(np.float64)
    free = ~known.any(0)
    least = _extreme(members, known, total)
    if (free & kinds[-1]).any():
        return Range(least, np.iinfo(np.int64).max)
    return Range(least, _extreme(-members, known, total))


def _extreme(objective: np.ndarray, known: np.ndarray, total: np.ndarray) -> int:
    """The least of `objective` over whole counts with these sums, as a size."""
    found = milp(
        objective,
        constraints=LinearConstraint(known.astype(np.float64), total, total),
        integrality=np.ones(len(objective)),
        bounds=Bounds(0, np.inf),
    )
    return round(abs(float(found.fun)))


def _first_exposed(
    counts: np.ndarray, margins: Margins, visible: np.ndarray, safe: np.ndarray, least: int
) -> int | None:
    """The first hidden margin that what is shown gives away.

    Those found safe on the way are marked: the less is shown, the wider every range, so they stay so.
    """
    for margin in np.flatnonzero(~visible & ~safe).tolist():
        ranges = [hidden_range(outcome, margins, visible, margin) for outcome in counts]
        if any(one.width < 1 for one in ranges) or sum(one.width for one in ranges) < least:
            return int(margin)
        safe[margin] = True
    return None


def _sacrificed(people: np.ndarray, margins: Margins, visible: np.ndarray, exposed: int) -> int:
    """The smallest shown sum of the exposed one's table, or of any; the one over most cells last."""
    inside = visible & (margins.table == margins.table[exposed])
    candidates = np.flatnonzero(inside if inside.any() else visible)
    return int(min(candidates, key=lambda margin: (people[margin], margin)))
