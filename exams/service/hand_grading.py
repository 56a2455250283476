"""Grading by people: opening cases, handing them out blind and in random order, taking grades."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    CaseState,
    Grade,
    GradingCase,
    JobName,
    QuestionVersion,
    SeedGrade,
)
from exams.models.grading import GRADE_WITHIN, HOLD
from exams.queries import attempts as attempt_queries
from exams.queries import grading as queries
from exams.queries import reach
from exams.questions import BY_PEOPLE, rubric
from exams.service import letters, likeness, marking, reviewers, sheet
from portal import audit
from portal.access import Role
from portal.accounts.models import Account
from portal.db import lock
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from portal.jobs import enqueue

SEEDS: Final = 0.1
"""The share of texts given out whose bands were agreed on beforehand."""


def wait_for_people(session: Session, attempt: Attempt, *, now: datetime) -> bool:
    """Open a case for each text of an attempt that has ended; whether any is not settled yet.

    Run twice it opens nothing new. Needs the worker's login: the rubric is copied from the key.
    """
    versions = list(session.scalars(attempt_queries.questions(attempt.form_id)))
    texts = [(n, one) for n, one in enumerate(versions, 1) if one.type in BY_PEOPLE]
    if not texts:
        return False
    given = sheet.read(list(session.scalars(attempt_queries.events(attempt.id))))
    known = {case.position for case in session.scalars(queries.cases_of(attempt.id))}
    for position, version in texts:
        answer = given.answer(position)
        if answer is not None and position not in known:
            _open(session, attempt, position, version, text=answer["text"], now=now)
    session.flush()
    unsettled = queries.cases_of(attempt.id).where(GradingCase.state != CaseState.SETTLED)
    return session.scalar(unsettled.limit(1)) is not None


def plant(
    session: Session,
    version: QuestionVersion,
    *,
    text: str,
    bands: Mapping[str, int],
    now: datetime,
    actor: int | None = None,
) -> GradingCase:
    """Add a text whose bands were agreed on: graders get it like any other. Worker's login."""
    key = marking.newest_keys(session, [version.id])[version.id]
    rows = rubric.sheet(version.content, key.key)
    _check(rows, bands)
    case = GradingCase(
        public_id=random_id(),
        exam_id=session.scalars(queries.exam_of(version)).one(),
        question_version_id=version.id,
        key_number=key.number,
        rubric=rows,
        text=text,
        opened_at=now,
    )
    session.add(case)
    session.flush()
    session.add(SeedGrade(case_id=case.id, bands=dict(bands)))
    subject = ("grading_case", case.id)
    audit.record(session, actor=actor, action="grading.seed_planted", subject=subject, now=now)
    return case


def draw(session: Session, grader_id: int, *, now: datetime) -> Grade | None:
    """The text that the grader has open, else a random one of those that wait; None if none does.

    Never their own, never one they have graded. The lock on the account lets a person's tabs in one
    at a time; two people who draw at once get texts that have room for both.
    """
    session.execute(
        sa.select(Account.id).where(Account.id == grader_id).with_for_update(key_share=True)
    )
    held = session.scalar(queries.open_grade(grader_id))
    if held is not None:
        return held
    named = session.scalar(queries.named(grader_id).with_for_update(skip_locked=True))
    case = named or _chosen(session, grader_id)
    if case is None:
        return None
    adjudicates = case.state is CaseState.ADJUDICATION
    return _take(session, case, grader_id, adjudicates=adjudicates, now=now)


def adjudicate(session: Session, grader_id: int, *, now: datetime) -> Grade | None:
    """A text on which two graders differ, for a third: the longest waiting first."""
    session.execute(
        sa.select(Account.id).where(Account.id == grader_id).with_for_update(key_share=True)
    )
    held = session.scalar(queries.open_grade(grader_id))
    if held is not None:
        return held
    waiting = queries.to_adjudicate(grader_id).where(reach.cases_for(grader_id))
    case = session.scalar(waiting.limit(1).with_for_update(skip_locked=True))
    return _take(session, case, grader_id, adjudicates=True, now=now) if case else None


def give(
    session: Session, grade: Grade, *, bands: Mapping[str, int], comment: str, now: datetime
) -> None:
    """Take a grade; the worker then looks whether the text is settled."""
    lock(session, grade)
    case = session.get_one(GradingCase, grade.case_id)
    _check(case.rubric, bands)
    if grade.adjudicates and not comment.strip():
        raise Invalid("Say what decided it: two people saw it differently.")
    grade.give(dict(bands), comment=comment.strip(), now=now)
    subject = ("grading_case", case.id)
    actor = grade.grader_id
    audit.record(session, actor=actor, action="grading.graded", subject=subject, now=now)
    enqueue(session, JobName.GRADES_IN, grade.id, now=now)


def give_back(session: Session, grade: Grade) -> None:
    """The grader does not want to grade this text: somebody else will."""
    lock(session, grade)
    if grade.given_at is not None:
        raise Conflict("You have graded this text already.")
    session.delete(grade)
    session.flush()


def release_overdue(session: Session, *, now: datetime) -> None:
    """Texts that were opened and left: free for others again."""
    for grade in session.scalars(queries.left_open(before=now - HOLD)):
        session.delete(grade)


def hand_over_overdue(session: Session, *, now: datetime) -> None:
    """Texts whose clock ran out go to a named person. Nothing is decided by waiting."""
    for case in session.scalars(queries.overdue(now=now)):
        seen = set(session.scalars(queries.graders_of(case.id)))
        about = session.get_one(Attempt, case.attempt_id).account_id
        named = reviewers.another(
            session, about=about, besides={case.named_id, *seen}, roles=(Role.REVIEWER,)
        )
        due = now + reviewers.SECOND_LOOK_WITHIN
        case.hand_over(named_id=named.id if named else None, due_at=due)
        if named:
            letters.to_colleague(
                session, named, what="A text to grade", path="/exams/grading", due=due, now=now
            )


def _open(
    session: Session,
    attempt: Attempt,
    position: int,
    version: QuestionVersion,
    *,
    text: str,
    now: datetime,
) -> None:
    key = marking.newest_keys(session, [version.id])[version.id]
    session.add(
        GradingCase(
            public_id=random_id(),
            exam_id=attempt.exam_id,
            question_version_id=version.id,
            key_number=key.number,
            rubric=rubric.sheet(version.content, key.key),
            text=text,
            opened_at=now,
            attempt_id=attempt.id,
            position=position,
            due_at=now + GRADE_WITHIN,
        )
    )
    likeness.look(session, attempt, position, version, text, now=now)


def _chosen(session: Session, grader_id: int) -> GradingCase | None:
    """At random among those that wait and, one time in ten, among the seeds."""
    count = session.scalar(queries.given_count(grader_id)) or 0
    random = Random(f"grader {grader_id}, text {count}")  # noqa: S311  which text, nothing secret
    waiting = queries.to_grade(grader_id, order=count).where(reach.cases_for(grader_id))
    seeds = queries.seeds_for(grader_id, order=count).where(reach.cases_for(grader_id))
    first, second = (seeds, waiting) if random.random() < SEEDS else (waiting, None)
    for query in (first, second):
        if query is not None:
            case = session.scalar(query.limit(1).with_for_update(skip_locked=True))
            if case is not None and (case.seeded or _has_room(session, case)):
                return case
    return None


def _has_room(session: Session, case: GradingCase) -> bool:
    """Looked at again under the lock: a grade may have come in before we had it."""
    return len(list(session.scalars(queries.graders_of(case.id)))) < 2


def _take(
    session: Session, case: GradingCase, grader_id: int, *, adjudicates: bool, now: datetime
) -> Grade:
    grade = Grade(
        public_id=random_id(),
        case_id=case.id,
        grader_id=grader_id,
        adjudicates=adjudicates,
        taken_at=now,
    )
    session.add(grade)
    session.flush()
    return grade


def _check(rows: list[dict[str, object]], bands: Mapping[str, int]) -> None:
    levels = {str(one["id"]): len(one["bands"]) for one in rows}  # type: ignore[arg-type]
    if bands.keys() != levels.keys():
        raise Invalid("Choose a band for every criterion.")
    if any(not 0 <= bands[name] < count for name, count in levels.items()):
        raise Invalid("That is none of the bands.")
