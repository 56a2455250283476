"""Sitting an exam: starting once, saving durably, finishing in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    GRACE,
    Attempt,
    AttemptEvent,
    AttemptNonce,
    AttemptState,
    EventKind,
    Exam,
    JobName,
)
from exams.queries import attempts as queries
from exams.questions import KINDS, Answer, arrangement
from exams.service import progress, sheet
from portal import agreements, audit
from portal.accounts.models import Account
from portal.db import lock, one_or_404
from portal.errors import Conflict
from portal.ids import random_id
from portal.jobs import enqueue


@dataclass(frozen=True)
class MayStart:
    """Whether someone may sit an exam now; if not, why and from when."""

    reason: str | None
    not_before: datetime | None
    left: int

    @property
    def allowed(self) -> bool:
        """Whether nothing stands in the way."""
        return self.reason is None


@dataclass(frozen=True)
class Acknowledged:
    """What a save says once it is durable."""

    at: datetime
    late: bool


def may_start(session: Session, exam: Exam, account_id: int, *, now: datetime) -> MayStart:
    """Look at agreements, attempts that count, the cool-down and what is held already."""
    counted = [
        attempt
        for attempt in session.scalars(queries.at_exam(account_id, exam.id))
        if attempt.state is not AttemptState.VOIDED
    ]
    left = max(0, exam.maximum_attempts - len(counted))
    if progress.outstanding(session, account_id):
        return MayStart("Please accept the agreement first.", None, left)
    if progress.qualified(session, account_id, exam.id, now=now):
        return MayStart("You have passed this exam.", None, left)
    if any(one.state in {AttemptState.FINISHED, AttemptState.BELOW} for one in counted):
        return MayStart("Your last attempt is still being looked at.", None, left)
    if not left:
        return MayStart("You have used every attempt at this exam.", None, left)
    ends = [one.finished_at for one in counted if one.finished_at is not None]
    ready = max(ends) + timedelta(days=exam.cool_down_days) if ends else now
    if ready > now:
        return MayStart("You can sit this exam again after a pause.", ready, left)
    return MayStart(None, None, left)


def start(
    session: Session,
    exam: Exam,
    *,
    account_id: int,
    now: datetime,
    extra_time: float = 1.0,
    seed: int | None = None,
) -> Attempt:
    """Begin an attempt, or give the one under way: however many ask at once, there is one.

    The lock on the account lets a person's devices in one at a time. Raises `Conflict` where they
    may not start, with the reason.
    """
    session.execute(
        sa.select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)
    )
    mine = queries.at_exam(account_id, exam.id)
    held = session.scalar(mine.where(Attempt.state == AttemptState.OPEN))
    if held is not None:
        return held
    verdict = may_start(session, exam, account_id, now=now)
    agreement = agreements.current(session, progress.AGREEMENTS[0])
    if verdict.reason is not None:
        raise Conflict(verdict.reason)
    if agreement is None:
        raise Conflict("The agreement is not published yet, so the exam cannot be sat.")
    form = one_or_404(session, queries.newest_form(exam.id))
    public_id = random_id()
    attempt = Attempt(
        public_id=public_id,
        exam_id=exam.id,
        form_id=form.id,
        account_id=account_id,
        number=_next_number(session, exam, account_id),
        agreement_id=agreement.id,
        seed=Random(public_id.int).getrandbits(62) if seed is None else seed,  # noqa: S311
        cut=exam.cut,
        extra_time=extra_time,
        started_at=now,
        deadline=now + timedelta(minutes=exam.allowed_minutes) * extra_time,
    )
    session.add(attempt)
    session.flush()
    _append(session, attempt, EventKind.STARTED, nonce=random_id(), now=now)
    _note(session, attempt, "started", now)
    return attempt


def save(
    session: Session,
    attempt: Attempt,
    *,
    position: int,
    values: list[str],
    nonce: UUID,
    following: int,
    now: datetime,
) -> Acknowledged:
    """Keep an answer; the same nonce again gives the same acknowledgement and keeps nothing new.

    The caller has locked the attempt and asked the clock after that. Raises `Conflict` once time
    and grace are over, `Invalid` for something that was not on the page.
    """
    before = _seen(session, attempt, nonce)
    if before is not None:
        return Acknowledged(before.at, before.late)
    _refuse_closed(attempt, now)
    version = one_or_404(session, queries.question_at(attempt.form_id, position))
    kind = KINDS[version.type]
    order = arrangement(attempt.seed, position, kind.size(version.content))
    answer: Answer | None = kind.read(version.content, order, values)
    event = _append(
        session,
        attempt,
        EventKind.ANSWERED,
        nonce=nonce,
        now=now,
        position=position,
        payload={"answer": answer, "next": following},
    )
    return Acknowledged(event.at, event.late)


def mark(
    session: Session,
    attempt: Attempt,
    *,
    position: int,
    kind: EventKind,
    nonce: UUID,
    now: datetime,
) -> None:
    """Mark a question to return to, or take the mark away; repeated, it does nothing."""
    if _seen(session, attempt, nonce) is None:
        _refuse_closed(attempt, now)
        one_or_404(session, queries.question_at(attempt.form_id, position))
        _append(session, attempt, kind, nonce=nonce, now=now, position=position)


def finish(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """End it, by its person or because the time is over, and have it graded. Harmless repeated."""
    lock(session, attempt)
    if attempt.state is not AttemptState.OPEN:
        return
    attempt.finish(now=now)
    _append(session, attempt, EventKind.FINISHED, nonce=random_id(), now=now)
    enqueue(session, JobName.GRADE, attempt.id, now=now)
    _note(session, attempt, "finished", now)


def over(attempt: Attempt, *, now: datetime) -> bool:
    """Whether time and grace are over."""
    return now > attempt.deadline + GRACE


def _refuse_closed(attempt: Attempt, now: datetime) -> None:
    if attempt.state is not AttemptState.OPEN:
        raise Conflict("This attempt has ended. Everything you had saved by then counts.")
    if over(attempt, now=now):
        raise Conflict(
            "The time was over before this answer reached us, so it could not be kept."
            " Everything you had saved by then counts."
        )


def _seen(session: Session, attempt: Attempt, nonce: UUID) -> AttemptEvent | None:
    found = session.get(AttemptNonce, (attempt.id, nonce))
    if found is None:
        return None
    return session.scalar(queries.events(attempt.id).where(AttemptEvent.seq == found.seq))


def _append(
    session: Session,
    attempt: Attempt,
    kind: EventKind,
    *,
    nonce: UUID,
    now: datetime,
    position: int | None = None,
    payload: dict[str, object] | None = None,
) -> AttemptEvent:
    newest = queries.events(attempt.id).order_by(None).order_by(AttemptEvent.seq.desc()).limit(1)
    last = session.scalar(newest)
    event = AttemptEvent(
        attempt_id=attempt.id,
        seq=last.seq + 1 if last else 1,
        kind=kind,
        position=position,
        payload=payload or {},
        at=now,
        late=now > attempt.deadline and kind is not EventKind.FINISHED,
        previous_hash=last.hash if last else None,
        hash=b"",
    )
    event.hash = sheet.digest(event)
    session.add(event)
    session.add(AttemptNonce(attempt_id=attempt.id, nonce=nonce, seq=event.seq))
    session.flush()
    return event


def _next_number(session: Session, exam: Exam, account_id: int) -> int:
    mine = queries.at_exam(account_id, exam.id).subquery()
    return (session.scalar(sa.select(sa.func.max(mine.c.number))) or 0) + 1


def _note(session: Session, attempt: Attempt, verb: str, now: datetime) -> None:
    subject = ("attempt", attempt.id)
    actor = attempt.account_id
    audit.record(session, actor=actor, action=f"attempt.{verb}", subject=subject, now=now)
