"""Where reasoning fails: for each clause, in what share of its cases reviewers find each kind of error."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.quality.share import Share, mean_share


@dataclass(frozen=True)
class ClauseRow:
    """One clause: how many cases and reviews, and the share of cases by kind of error."""

    clause: str
    cases: int
    reviews: int
    errors: dict[str, Share]
    sound: Share
    """Cases in whose reasoning no step is wrong."""


def failures(
    counted: Iterable[tuple[str, int, str | None, int]], kinds: Iterable[str]
) -> list[ClauseRow]:
    """One row a clause from `(clause, case, error or None, reviews)`, in the clauses' own order.

    A case on which two of three reviewers see an error counts two thirds for that kind.
    """
    names = tuple(kinds)
    tally: dict[str, dict[int, dict[str | None, int]]] = defaultdict(lambda: defaultdict(dict))
    for clause, case, error, reviews in counted:
        cases = tally[clause][case]
        cases[error] = cases.get(error, 0) + reviews
    return [_row(clause, tally[clause], names) for clause in sorted(tally, key=_order)]


def _row(clause: str, cases: dict[int, dict[str | None, int]], names: tuple[str, ...]) -> ClauseRow:
    def share(error: str | None) -> Share:
        parts = (found.get(error, 0) / sum(found.values()) for found in cases.values())
        return mean_share(sum(parts), len(cases))

    return ClauseRow(
        clause=clause,
        cases=len(cases),
        reviews=sum(sum(found.values()) for found in cases.values()),
        errors={name: share(name) for name in names},
        sound=share(None),
    )


def _order(clause: str) -> tuple[tuple[int, str], ...]:
    """`2.10` after `2.9`."""
    return tuple((int(part) if part.isdigit() else -1, part) for part in clause.split("."))
