"""Taking a judgment, in time or late; giving a task back; drafts and questions."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import mail, settings
from portal.accounts.models import Account
from portal.db import lock, one_or_404
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import uuid7
from portal.jobs import enqueue
from tasks.models import (
    Assignment,
    AssignmentState,
    Draft,
    Enrolment,
    Escalation,
    Gold,
    JobName,
    Judgment,
    Segment,
    Task,
)
from tasks.queries import time as time_queries
from tasks.queries import work as queries
from tasks.service import claims, clock
from tasks.types import BadField, kind

_LONGEST_DRAFT = 20_000
_ANSWERED = """Hello {name},

The policy team has answered your question.

You asked:
{question}

The answer:
{answer}

All your questions and their answers: {link}

Touchstone
"""


def judge(
    session: Session, assignment: Assignment, entries: Mapping[str, str], *, now: datetime
) -> Judgment:
    """Keep what the expert submitted: an expired assignment is late, and counts and is paid the same.

    Raises `BadField` where the form is not complete, `Conflict` where the task was already answered
    or given back. Gold is scored by a job, which is put down for every judgment alike.
    """
    _lock_in_order(session, assignment)
    _refuse_closed(assignment)
    clock.act(session, expert_id=assignment.expert_id, assignment=assignment, now=now)
    payload = one_or_404(session, queries.payload(assignment))
    rules = kind(payload.task_type)
    value = rules.value(entries, payload.value, assignment.order_shown)
    late = assignment.state is AssignmentState.EXPIRED
    if late:
        _take_slot_back(session, assignment)
    assignment.submit(now=now)
    claims.offer(session, assignment, now=now)
    judgment = Judgment(
        pool_id=assignment.pool_id,
        task_id=assignment.task_id,
        expert_id=assignment.expert_id,
        value=value,
        schema_version=rules.schema_version,
        guideline_version_id=assignment.guideline_version_id,
        terms_id=assignment.terms_id,
        order_shown=assignment.order_shown,
        active_seconds=active_seconds(session, assignment),
        late=late,
        submitted_at=now,
    )
    session.add(judgment)
    session.execute(_drafts(assignment))
    session.flush()
    enqueue(session, JobName.SCORE_GOLD, judgment.id, now=now)
    return judgment


def problem(
    session: Session, assignment: Assignment, entries: Mapping[str, str]
) -> BadField | None:
    """What the form still lacks, or None where it can be submitted."""
    payload = one_or_404(session, queries.payload(assignment))
    try:
        kind(payload.task_type).value(entries, payload.value, assignment.order_shown)
    except BadField as bad:
        return bad
    return None


def release(session: Session, assignment: Assignment, *, now: datetime) -> None:
    """Give the task back: it goes to somebody else, and the time spent stays credited."""
    _lock_in_order(session, assignment)
    clock.act(session, expert_id=assignment.expert_id, assignment=assignment, now=now)
    assignment.release(now=now)
    session.execute(_drafts(assignment))
    reopen_slot(session, assignment)


def expire_overdue(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Close the holds that have run out and reopen their slots; gives how many. Safe to run twice.

    The draft stays: an expired assignment loses no word and no minute.
    """
    overdue = (
        sa.select(Assignment)
        .where(Assignment.state == AssignmentState.OPEN, Assignment.due_at <= now)
        .order_by(Assignment.pool_id, Assignment.task_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(overdue).all()
    for assignment in found:
        assignment.expire(now=now)
        reopen_slot(session, assignment)
    return len(found)


def save_draft(
    session: Session, assignment: Assignment, entries: Mapping[str, str], *, now: datetime
) -> None:
    """Keep the form as it stands; the last one saved wins, and none comes after the answer."""
    lock(session, assignment)
    _refuse_closed(assignment)
    if sum(len(text) for text in entries.values()) > _LONGEST_DRAFT:
        raise Invalid("This is longer than a draft can be.")
    row = {
        "pool_id": assignment.pool_id,
        "task_id": assignment.task_id,
        "expert_id": assignment.expert_id,
        "entries": dict(entries),
        "saved_at": now,
    }
    newer = {"entries": row["entries"], "saved_at": now}
    upsert = insert(Draft).values(**row)
    session.execute(
        upsert.on_conflict_do_update(index_elements=["pool_id", "task_id", "expert_id"], set_=newer)
    )


def escalate(
    session: Session, assignment: Assignment, *, question: str, now: datetime
) -> Escalation:
    """Ask the policy team about the task; the expert keeps it and may answer meanwhile."""
    asked = question.strip()
    if not asked:
        raise Invalid("Write what you would like to ask.")
    escalation = Escalation(
        public_id=uuid7(now),
        pool_id=assignment.pool_id,
        task_id=assignment.task_id,
        expert_id=assignment.expert_id,
        question=asked[:_LONGEST_DRAFT],
        asked_at=now,
    )
    session.add(escalation)
    session.flush()
    return escalation


def answer_question(
    session: Session, escalation: Escalation, *, answer: str, by: int, now: datetime
) -> None:
    """Answer a question from the work, and write to whoever asked. Raises `Conflict` where it is answered."""
    if not answer.strip():
        raise Invalid("Write an answer first.")
    lock(session, escalation)
    if by == escalation.expert_id:
        raise Forbidden("Nobody answers their own question.")
    escalation.settle(answer=answer.strip(), by=by, now=now)
    expert = session.get_one(Account, escalation.expert_id)
    link = f"{settings.load().base_url.rstrip('/')}/work/questions"
    told = {"question": escalation.question, "answer": answer.strip(), "link": link}
    body = _ANSWERED.format(name=expert.display_name, **told)
    mail.send(session, to=expert.email, subject="Your question was answered", body=body, now=now)


def active_seconds(session: Session, assignment: Assignment) -> float:
    """Credited seconds spent on the task."""
    spent = sa.select(time_queries.SECONDS).where(
        Segment.pool_id == assignment.pool_id,
        Segment.task_id == assignment.task_id,
        Segment.expert_id == assignment.expert_id,
    )
    return session.scalar(spent) or 0.0


def reopen_slot(session: Session, assignment: Assignment) -> None:
    """Let somebody else have the task; gold never has slots."""
    session.execute(
        sa.update(Task)
        .where(Task.pool_id == assignment.pool_id, Task.id == assignment.task_id, ~_is_gold())
        .values(open_slots=Task.open_slots + 1)
    )


def _take_slot_back(session: Session, assignment: Assignment) -> None:
    """The late answer fills the slot that its expiry reopened, unless somebody else already has."""
    session.execute(
        sa.update(Task)
        .where(Task.pool_id == assignment.pool_id, Task.id == assignment.task_id)
        .where(Task.open_slots > 0)
        .values(open_slots=Task.open_slots - 1)
    )


def _lock_in_order(session: Session, assignment: Assignment) -> None:
    """Enrolment before assignment before work session before task, as everywhere."""
    lock(session, session.get_one(Enrolment, (assignment.pool_id, assignment.expert_id)))
    lock(session, assignment)


def _refuse_closed(assignment: Assignment) -> None:
    if assignment.state not in {AssignmentState.OPEN, AssignmentState.EXPIRED}:
        raise Conflict("You have already answered this task or given it back.")


def _is_gold() -> sa.ColumnElement[bool]:
    return sa.exists().where(Gold.pool_id == Task.pool_id, Gold.task_id == Task.id)


def _drafts(assignment: Assignment) -> sa.Delete:
    return sa.delete(Draft).where(
        Draft.pool_id == assignment.pool_id,
        Draft.task_id == assignment.task_id,
        Draft.expert_id == assignment.expert_id,
    )
