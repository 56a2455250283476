"""Attempts with a text in them, and grades that people gave."""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptState,
    Exam,
    Grade,
    GradingCase,
)
from exams.service import attempts, grading, hand_grading, settling
from portal.access import Role
from portal.accounts.models import Account
from portal.ids import random_id
from tests.exams.make import ESSAY, SINGLE
from tests.make import Make

TEXT = (
    "We took the post down because it names a place and a time together with an insult. Clause 3.1"
    " asks for no weapon to be named. You can appeal, and we are sorry that this comes as a surprise."
)
LATER = timedelta(minutes=20)


def written(
    session: Session,
    make: Make,
    exam: Exam,
    *,
    text: str = TEXT,
    account: Account | None = None,
    right: bool = False,
) -> Attempt:
    """An attempt that has ended, its essay (the first question) written; graders have not come."""
    attempt = make.attempt(account, exam)
    make.save(attempt, 1, [text])
    if right:
        make.save(attempt, 2, make.right_values(attempt)[1][0])
    attempts.finish(session, attempt, now=make.now + LATER)
    grading.grade(session, attempt, now=make.now + LATER)
    session.flush()
    return attempt


def exam_with_a_text(make: Make, **changes: float) -> Exam:
    """An essay worth four points and a single choice worth one."""
    return make.exam_of(ESSAY, SINGLE, **changes)


def case_of(session: Session, attempt: Attempt) -> GradingCase:
    return session.scalars(sa.select(GradingCase).where(GradingCase.attempt_id == attempt.id)).one()


def graded(
    session: Session,
    make: Make,
    case: GradingCase,
    *bands: Mapping[str, int],
    adjudicates: bool = False,
) -> list[Grade]:
    """Grades of as many people, given and looked at by the worker."""
    given = []
    for one in bands:
        grade = Grade(
            public_id=random_id(),
            case_id=case.id,
            grader_id=make.account(Role.REVIEWER).id,
            adjudicates=adjudicates,
            taken_at=make.now,
        )
        session.add(grade)
        session.flush()
        hand_grading.give(session, grade, bands=one, comment="Because.", now=make.now + LATER)
        settling.grades_in(session, grade, now=make.now + LATER)
        given.append(grade)
    return given


def finished(session: Session, make: Make, attempt: Attempt) -> AttemptState:
    grading.grade(session, attempt, now=make.now + LATER)
    return attempt.state


HIGH, MIDDLE, LOW = (
    {"reasoning": 2, "tone": 2},
    {"reasoning": 1, "tone": 1},
    {"reasoning": 0, "tone": 0},
)
