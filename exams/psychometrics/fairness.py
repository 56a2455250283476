"""The fairness table of an application's stages: rates by group and by pairs of groups, small ones hidden."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

import numpy as np

from exams.psychometrics.adverse_impact import Impact, Passage, impacts
from exams.psychometrics.suppression import LEAST, Margins, shown

EVERYBODY: Final = "everybody"


@dataclass(frozen=True)
class Applicant:
    """One person's groups, by attribute, and how many of the stages they passed."""

    groups: Mapping[str, str]  # attribute to value; one who did not say has a value that says so
    passed: int


@dataclass(frozen=True)
class StageTable:
    """One stage in one table of groups: only rows that may be shown."""

    stage: str
    attributes: tuple[str, ...]
    rows: tuple[Passage, ...]
    hidden: int  # rows that exist and are not shown
    impacts: tuple[Impact, ...]


@dataclass(frozen=True)
class Fairness:
    """What may leave: no person, no small group, nothing from which one follows."""

    tables: tuple[StageTable, ...]
    withheld: tuple[str, ...]  # stages where too few passed or too few failed to tell of

    @property
    def to_look_at(self) -> tuple[tuple[StageTable, Impact], ...]:
        """Differences below four fifths, beyond chance and not the doing of one person."""
        return tuple(
            (table, impact)
            for table in self.tables
            for impact in table.impacts
            if impact.to_look_at
        )


@dataclass(frozen=True)
class _Row:
    table: tuple[str, ...]  # attributes
    values: tuple[str, ...]


def without_loss(
    applicants: Sequence[Applicant],
    stages: Sequence[str],
    attributes: Sequence[str],
    *,
    unsaid: str | None = None,  # the value of those who did not say
    least: int = LEAST,
) -> Fairness:
    """Each attribute by itself, and every pair that costs no row of what is told without it.

    Pairs are tried in order, each beside those that were taken: a pair of which nothing could be shown,
    or for whose sake a row shown before would have to be hidden, is left out.
    """
    found = fairness(applicants, stages, attributes, crossed=(), least=least)
    taken: list[tuple[str, str]] = []
    for pair in combinations(attributes, 2):
        large = _large(applicants, stages, pair, least)
        if sum(unsaid not in groups for groups in large) < 2:
            continue  # nothing to compare
        tried = fairness(applicants, stages, attributes, crossed=(*taken, pair), least=least)
        more = any(table.rows for table in tried.tables if table.attributes == pair)
        if more and _rows(found) <= _rows(tried):
            found, taken = tried, [*taken, pair]
    return found


def fairness(
    applicants: Sequence[Applicant],
    stages: Sequence[str],
    attributes: Sequence[str],
    *,
    crossed: Sequence[tuple[str, str]] | None = None,
    least: int = LEAST,
) -> Fairness:
    """Passage through the stages by each attribute and each pair of them (`crossed`: all), safe to show.

    A person reached a stage if they passed all before it. A group of whom fewer than `least` reached
    the last stage told of is hidden at all of them. A stage that fewer than `least` passed, or
    failed, is withheld: it would say of everybody in a hidden group what became of them. What is
    hidden is hidden at every stage, and cannot be derived (see `suppression.shown`) even though how many
    people there were in all is known from elsewhere.
    """
    kept, withheld = _told(applicants, stages, least)
    values = [sorted({one.groups[name] for one in applicants}) for name in attributes]
    cells = list(product(*values))  # also those that nobody is in: an outsider cannot tell
    place = {cell: number for number, cell in enumerate(cells)}
    counts = np.zeros((len(kept) + 1, len(cells)), dtype=np.int64)
    for one in applicants:
        outcome = sum(one.passed > stage for stage in kept)
        counts[outcome, place[tuple(one.groups[name] for name in attributes)]] += 1
    pairs = list(combinations(attributes, 2)) if crossed is None else crossed
    rows, margins = _margins(cells, attributes, pairs)
    visible = _visible(rows, margins, counts, least)
    tables = [
        _table(stages[stage], table, rows, _passages(rows, margins, counts, number), visible)
        for number, stage in enumerate(kept)
        for table in dict.fromkeys(row.table for row in rows)
    ]
    return Fairness(tuple(tables), tuple(stages[stage] for stage in withheld))


def _told(
    applicants: Sequence[Applicant], stages: Sequence[str], least: int
) -> tuple[list[int], list[int]]:
    """Stages that enough people passed and enough failed, and the others.

    Failing a stage that is left out counts as failing the next one told of, or as passing all.
    """
    kept: list[int] = []
    withheld: list[int] = []
    for stage in range(len(stages)):
        since = kept[-1] if kept else -1
        reached = [one for one in applicants if one.passed > since]
        passed = sum(one.passed > stage for one in reached)
        enough = passed >= least and len(reached) - passed >= least
        (kept if enough else withheld).append(stage)
    return kept, withheld


def _large(
    applicants: Sequence[Applicant], stages: Sequence[str], pair: tuple[str, str], least: int
) -> list[tuple[str, str]]:
    """The groups by both attributes that are large enough at the last stage told of."""
    kept, _withheld = _told(applicants, stages, least)
    before = kept[-2] if len(kept) > 1 else -1
    groups = Counter(
        (one.groups[pair[0]], one.groups[pair[1]]) for one in applicants if one.passed > before
    )
    return [group for group, people in groups.items() if people >= least]


def _visible(rows: Sequence[_Row], margins: Margins, counts: np.ndarray, least: int) -> np.ndarray:
    """(rows,) bool: groups that are large enough at the last stage told of, and give nobody away."""
    everybody = np.array([not row.table for row in rows], dtype=bool)
    if len(counts) < 2:
        return np.zeros_like(everybody)
    at_the_end = margins.members @ counts[-2:].sum(0)
    return shown(counts, margins, least=least, known=everybody, smallest=at_the_end)


def _rows(found: Fairness) -> set[tuple[str, tuple[str, ...], str]]:
    """What is told, row by row."""
    return {
        (table.stage, table.attributes, row.group) for table in found.tables for row in table.rows
    }


def _margins(
    cells: Sequence[tuple[str, ...]],
    attributes: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> tuple[list[_Row], Margins]:
    rows, members, tables = [], [], []
    chosen: list[tuple[str, ...]] = [(), *((name,) for name in attributes), *pairs]
    for number, names in enumerate(chosen):
        choice = [list(attributes).index(name) for name in names]
        for values in sorted({tuple(cell[i] for i in choice) for cell in cells}):
            rows.append(_Row(names, values))
            members.append([tuple(cell[i] for i in choice) == values for cell in cells])
            tables.append(number)
    shape = (len(rows), len(cells))
    return rows, Margins(np.array(members, dtype=bool).reshape(shape), np.array(tables))


def _passages(
    rows: Sequence[_Row], margins: Margins, counts: np.ndarray, number: int
) -> list[Passage]:
    """What became of every group at the stage with this number."""
    reached = margins.members @ counts[number:].sum(0)
    passed = margins.members @ counts[number + 1 :].sum(0)
    return [
        Passage(" · ".join(row.values) or EVERYBODY, int(here), int(through))
        for row, here, through in zip(rows, reached, passed, strict=True)
    ]


def _table(
    stage: str,
    attributes: tuple[str, ...],
    rows: Sequence[_Row],
    passages: Sequence[Passage],
    visible: np.ndarray,
) -> StageTable:
    here = [index for index, row in enumerate(rows) if row.table == attributes]
    told = [passages[index] for index in here if visible[index]]
    return StageTable(stage, attributes, tuple(told), len(here) - len(told), tuple(impacts(told)))
