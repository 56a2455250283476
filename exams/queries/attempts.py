"""Finding attempts, what happened in them, and what they scored."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    GRACE,
    Attempt,
    AttemptEvent,
    AttemptScore,
    AttemptState,
    EventKind,
    Exam,
    Form,
    FormQuestion,
    QuestionVersion,
    Signal,
)


def attempts_of(account_id: int) -> sa.Select[Attempt]:
    """The person's attempts, newest first."""
    query = sa.select(Attempt).where(Attempt.account_id == account_id)
    return query.order_by(Attempt.id.desc())


def at_exam(account_id: int, exam_id: int) -> sa.Select[Attempt]:
    """The person's attempts at one exam, newest first."""
    return attempts_of(account_id).where(Attempt.exam_id == exam_id)


def open_of(account_id: int) -> sa.Select[Attempt]:
    """The person's attempts under way."""
    return attempts_of(account_id).where(Attempt.state == AttemptState.OPEN)


def newest_form(exam_id: int) -> sa.Select[Form]:
    """The newest form that is given to many."""
    given = sa.select(Form).where(Form.exam_id == exam_id, Form.design_id.is_(None))
    return given.order_by(Form.number.desc()).limit(1)


def questions(form_id: int) -> sa.Select[QuestionVersion]:
    """The versions on a form, in its order."""
    query = sa.select(QuestionVersion).join(FormQuestion)
    return query.where(FormQuestion.form_id == form_id).order_by(FormQuestion.position)


def question_at(form_id: int, position: int) -> sa.Select[QuestionVersion]:
    """The version at one place of a form."""
    return questions(form_id).where(FormQuestion.position == position)


def length(session: Session, form_id: int) -> int:
    """How many questions a form has."""
    counted = sa.select(sa.func.count()).where(FormQuestion.form_id == form_id)
    return session.scalar(counted) or 0


def events(attempt_id: int) -> sa.Select[AttemptEvent]:
    """Everything that happened, in order."""
    query = sa.select(AttemptEvent).where(AttemptEvent.attempt_id == attempt_id)
    return query.order_by(AttemptEvent.seq)


def newest_of(
    attempt_id: int, kind: EventKind, *, outage: bool | None = None
) -> sa.Select[AttemptEvent]:
    """The newest event of a kind; with `outage`, of those that say so."""
    query = sa.select(AttemptEvent).where(
        AttemptEvent.attempt_id == attempt_id, AttemptEvent.kind == kind
    )
    if outage is not None:
        query = query.where(AttemptEvent.payload["outage"].as_boolean().is_(outage))
    return query.order_by(AttemptEvent.seq.desc()).limit(1)


def told(attempt_id: int) -> sa.Select[Any]:
    """What a page needs of each event, in order: columns, since there are many of them."""
    return events(attempt_id).with_only_columns(
        AttemptEvent.kind,
        AttemptEvent.position,
        AttemptEvent.payload,
        AttemptEvent.at,
        AttemptEvent.late,
    )


def signals(attempt_id: int, what: Signal, *, after: int = 0) -> sa.Select[AttemptEvent]:
    """What was noticed of one sort, after some event."""
    query = sa.select(AttemptEvent).where(
        AttemptEvent.attempt_id == attempt_id,
        AttemptEvent.kind == EventKind.SIGNAL,
        AttemptEvent.seq > after,
        AttemptEvent.payload["what"].as_string() == what.value,
    )
    return query.order_by(AttemptEvent.seq).limit(1)


def score(session: Session, attempt_id: int) -> AttemptScore | None:
    """The newest score of an attempt."""
    query = sa.select(AttemptScore).where(AttemptScore.attempt_id == attempt_id)
    return session.scalar(query.order_by(AttemptScore.number.desc()).limit(1))


def run_out(*, now: datetime) -> sa.Select[Attempt]:
    """Open attempts whose time and grace are over; each to one sweep only."""
    query = sa.select(Attempt).where(Attempt.state == AttemptState.OPEN)
    return query.where(Attempt.deadline < now - GRACE).with_for_update(skip_locked=True)


def waiting() -> sa.Select[Attempt]:
    """Attempts below the pass mark that a person must look at, the most urgent first."""
    query = sa.select(Attempt).where(Attempt.state == AttemptState.BELOW)
    return query.order_by(Attempt.review_due_at, Attempt.id)


def overdue(*, now: datetime) -> sa.Select[Attempt]:
    """Those whose clock has run out; each to one sweep only."""
    return waiting().where(Attempt.review_due_at <= now).with_for_update(skip_locked=True)


def exam_by_slug(slug: str) -> sa.Select[Exam]:
    """The exam with this slug."""
    return sa.select(Exam).where(Exam.slug == slug)


def exams() -> sa.Select[Exam]:
    """Every exam."""
    return sa.select(Exam).order_by(Exam.id)
