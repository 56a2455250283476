"""What comes of the grades: settled where two people agree, a third person where they do not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    CaseState,
    Grade,
    GradingCase,
    JobName,
    SeedDeviation,
    SeedGrade,
)
from exams.queries import grading as queries
from exams.service import marking, scoring
from portal.db import lock
from portal.jobs import enqueue

Bands = Mapping[str, float]
MOST_APART = 1
"""Bands by which two grades may differ before a third person decides."""


def grades_in(session: Session, grade: Grade, *, now: datetime) -> None:
    """Look what a grade that was just given changes. Run twice it changes nothing; worker's login."""
    case = lock(session, session.get_one(GradingCase, grade.case_id))
    if case.seeded:
        _measure(session, grade, now)
        return
    attempt = lock(session, session.get_one(Attempt, case.attempt_id))
    if case.state is CaseState.ADJUDICATION and grade.adjudicates and grade.bands is not None:
        case.settle(grade.bands, now=now)
    elif case.state is CaseState.OPEN:
        _compare(session, attempt, now=now)
    session.flush()
    if not session.scalar(queries.unsettled(attempt.id).limit(1)):
        enqueue(session, JobName.GRADE, attempt.id, now=now)


def apart(first: Bands, second: Bands) -> bool:
    """Whether two grades of a text differ by more than a band on any criterion."""
    return any(abs(first[name] - second[name]) > MOST_APART for name in first)


def mean(grades: Sequence[Bands]) -> dict[str, float]:
    """The band between two grades, criterion by criterion."""
    return {name: sum(one[name] for one in grades) / len(grades) for name in grades[0]}


def _compare(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Texts more than a band apart go to a third person at once; the others once all have two grades.

    Then what straddles the cut goes too: one grade would pass the attempt and the other would not.
    """
    cases = list(session.scalars(queries.unsettled(attempt.id)))
    given = {case.id: _given(session, case) for case in cases}
    for case in cases:
        pair = given[case.id]
        if case.state is CaseState.OPEN and len(pair) == 2 and apart(*pair):
            case.adjudicate()
    still = [case for case in cases if case.state is CaseState.OPEN]
    if any(len(given[case.id]) < 2 for case in still):
        return
    straddling = _straddling(session, attempt, still, given)
    for case in still:
        if case.id in straddling:
            case.adjudicate()
        else:
            case.settle(mean(given[case.id]), now=now)


def _straddling(
    session: Session,
    attempt: Attempt,
    cases: Sequence[GradingCase],
    given: Mapping[int, list[dict[str, float]]],
) -> set[int]:
    """The texts whose two grades lie on different sides of the cut, alone or together."""
    differing = [case for case in cases if given[case.id][0] != given[case.id][1]]
    middle = {case.position or 0: mean(given[case.id]) for case in cases}

    def passes(chosen: Mapping[int, Bands]) -> bool:
        settled = marking.settled_bands(session, attempt.id)
        points = marking.points_of(session, attempt, bands={**settled, **middle, **chosen})
        return scoring.result(points, cut=attempt.cut).passed

    alone = {
        case.id
        for case in differing
        if passes({case.position or 0: given[case.id][0]})
        != passes({case.position or 0: given[case.id][1]})
    }
    if alone or not differing:
        return alone
    low, high = (
        {c.position or 0: _edge(given[c.id], pick) for c in differing} for pick in (min, max)
    )
    return {case.id for case in differing} if passes(low) != passes(high) else set()


def _edge(grades: Iterable[Bands], pick: object) -> dict[str, float]:
    """The lowest, or highest, band of each criterion."""
    pairs = list(grades)
    return {name: pick(one[name] for one in pairs) for name in pairs[0]}  # type: ignore[operator]


def _given(session: Session, case: GradingCase) -> list[dict[str, float]]:
    return [bands for bands in session.scalars(queries.bands_of(case.id)) if bands is not None]


def _measure(session: Session, grade: Grade, now: datetime) -> None:
    """How far a seed's grade lies from what was agreed."""
    if grade.bands is None or session.get(SeedDeviation, grade.id) is not None:
        return
    agreed = session.get_one(SeedGrade, grade.case_id).bands
    deviation = {name: grade.bands[name] - agreed[name] for name in agreed}
    session.add(SeedDeviation(grade_id=grade.id, bands=deviation, found_at=now))
    session.flush()
