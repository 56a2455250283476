"""Finding texts to grade: whose turn it is, what they may not see, what waits too long."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exams.models import (
    Attempt,
    CaseState,
    Exam,
    Grade,
    GradingCase,
    Question,
    QuestionVersion,
    SeedDeviation,
)
from portal.accounts.models import Account


def cases_of(attempt_id: int) -> sa.Select[GradingCase]:
    """The texts of an attempt."""
    mine = sa.select(GradingCase).where(GradingCase.attempt_id == attempt_id)
    return mine.order_by(GradingCase.position)


def unsettled(attempt_id: int) -> sa.Select[GradingCase]:
    """Those that people have not settled yet."""
    return cases_of(attempt_id).where(GradingCase.state != CaseState.SETTLED)


def graded_by(attempt_id: int) -> sa.Select[datetime | None]:
    """By when the last of an attempt's texts is expected to be graded; None where none waits."""
    waiting = sa.select(sa.func.max(GradingCase.due_at))
    return waiting.where(GradingCase.attempt_id == attempt_id)


def exam_of(version: QuestionVersion) -> sa.Select[int]:
    """The exam that a version belongs to."""
    return sa.select(Question.exam_id).where(Question.id == version.question_id)


def open_grade(grader_id: int) -> sa.Select[Grade]:
    """The text that somebody has open."""
    return sa.select(Grade).where(Grade.grader_id == grader_id, Grade.given_at.is_(None))


def grades_of(grader_id: int) -> sa.Select[Grade]:
    """What somebody has graded or has open, the newest first."""
    return sa.select(Grade).where(Grade.grader_id == grader_id).order_by(Grade.id.desc())


def given_count(grader_id: int) -> sa.Select[int]:
    """How many texts somebody has taken so far."""
    return sa.select(sa.func.count()).select_from(Grade).where(Grade.grader_id == grader_id)


def to_grade(grader_id: int, *, order: int = 0) -> sa.Select[GradingCase]:
    """Texts of others that lack a grader and that this one has not seen, in an order of their own."""
    taken = sa.select(sa.func.count()).where(Grade.case_id == GradingCase.id)
    room = taken.correlate(GradingCase).scalar_subquery() < 2
    waiting = _others(grader_id).where(GradingCase.state == CaseState.OPEN, room)
    return waiting.order_by(_shuffled(grader_id, order))


def seeds_for(grader_id: int, *, order: int = 0) -> sa.Select[GradingCase]:
    """Seeds that this one has not graded, in an order of their own."""
    seeds = sa.select(GradingCase).where(GradingCase.attempt_id.is_(None), ~_seen(grader_id))
    return seeds.order_by(_shuffled(grader_id, order))


def to_adjudicate(grader_id: int) -> sa.Select[GradingCase]:
    """Texts on which two others differ, the longest waiting first."""
    third = sa.exists().where(Grade.case_id == GradingCase.id, Grade.adjudicates)
    waiting = _others(grader_id).where(GradingCase.state == CaseState.ADJUDICATION, ~third)
    return waiting.order_by(GradingCase.opened_at, GradingCase.id)


def named(grader_id: int) -> sa.Select[GradingCase]:
    """A text that waits with this person by name, since its clock ran out."""
    taken = sa.select(sa.func.count()).where(
        Grade.case_id == GradingCase.id,
        Grade.adjudicates == (GradingCase.state == CaseState.ADJUDICATION),
    )
    most = sa.case((GradingCase.state == CaseState.ADJUDICATION, 1), else_=2)
    room = taken.correlate(GradingCase).scalar_subquery() < most
    mine = _others(grader_id).where(GradingCase.named_id == grader_id, room)
    return mine.order_by(GradingCase.due_at).limit(1)


def left_open(*, before: datetime) -> sa.Select[Grade]:
    """Texts that somebody opened and did not grade."""
    left = sa.select(Grade).where(Grade.given_at.is_(None), Grade.taken_at < before)
    return left.with_for_update(skip_locked=True)


def overdue(*, now: datetime) -> sa.Select[GradingCase]:
    """Texts whose clock has run out; each to one sweep only."""
    late = sa.select(GradingCase).where(GradingCase.due_at <= now)
    return late.with_for_update(skip_locked=True)


def graders_of(case_id: int) -> sa.Select[int]:
    """Who has graded a text, or has it open."""
    return sa.select(Grade.grader_id).where(Grade.case_id == case_id)


def bands_of(case_id: int) -> sa.Select[dict[str, Any] | None]:
    """The two blind grades of a text, in the order in which they were given."""
    given = sa.select(Grade.bands).where(
        Grade.case_id == case_id, Grade.given_at.is_not(None), ~Grade.adjudicates
    )
    return given.order_by(Grade.given_at, Grade.id)


def blind_grades(case_id: int) -> sa.Select[Grade]:
    """The two grades that an adjudicator reads, in an order that says nothing of who gave them."""
    given = sa.select(Grade).where(
        Grade.case_id == case_id, Grade.given_at.is_not(None), ~Grade.adjudicates
    )
    return given.order_by(Grade.public_id)


def double_grades(exam_id: int) -> sa.Select[GradingCase, Grade]:
    """Every blind grade of an exam's texts that was given, text by text."""
    query = sa.select(GradingCase, Grade).join(Grade, Grade.case_id == GradingCase.id)
    both = query.where(
        GradingCase.exam_id == exam_id,
        GradingCase.attempt_id.is_not(None),
        Grade.given_at.is_not(None),
        ~Grade.adjudicates,
    )
    return both.order_by(GradingCase.id, Grade.given_at, Grade.id)


def deviations(exam_id: int) -> sa.Select[Account, SeedDeviation]:
    """How far each grader's grades of seeds lie from what was agreed, the newest first."""
    query = (
        sa.select(Account, SeedDeviation)
        .join(Grade, Grade.id == SeedDeviation.grade_id)
        .join(GradingCase, GradingCase.id == Grade.case_id)
        .join(Account, Account.id == Grade.grader_id)
    )
    return query.where(GradingCase.exam_id == exam_id).order_by(Account.id, Grade.id.desc())


def exams_with_texts() -> sa.Select[Exam]:
    """Exams of which some text has come to graders."""
    return (
        sa.select(Exam).where(sa.exists().where(GradingCase.exam_id == Exam.id)).order_by(Exam.id)
    )


def _others(grader_id: int) -> sa.Select[GradingCase]:
    """Texts of other people that this one has not seen."""
    own = sa.exists().where(Attempt.id == GradingCase.attempt_id, Attempt.account_id == grader_id)
    real = GradingCase.attempt_id.is_not(None)
    return sa.select(GradingCase).where(real, ~own, ~_seen(grader_id))


def _seen(grader_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(Grade.case_id == GradingCase.id, Grade.grader_id == grader_id)


def _shuffled(grader_id: int, order: int) -> sa.ColumnElement[str]:
    """Another order for each grader and each text: neither time nor neighbours tell anything."""
    salted = sa.func.concat(sa.cast(GradingCase.public_id, sa.Text), f":{grader_id}:{order}")
    return sa.func.md5(salted)
