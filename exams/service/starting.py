"""Beginning an attempt: whether one may, on which form, with how much time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Attempt, AttemptState, EventKind, Exam, Form
from exams.queries import attempts as queries
from exams.service import (
    accommodations,
    adaptive,
    events,
    form_choice,
    progress,
    sections,
    standards,
)
from exams.service.accommodations import Allowance
from exams.service.events import NOWHERE, Where
from portal import agreements, audit
from portal.accounts.models import Account
from portal.accounts.queries import is_paused
from portal.errors import Conflict
from portal.ids import random_id

ACCOUNT_PAUSED = (
    "Your account is paused while a person looks. You lose no attempt and no time by it."
)
NO_FORM = "This exam is being prepared. Your application waits without loss."
NO_OTHER_FORM = (
    "There is no other set of questions for you yet. You lose nothing by waiting: no attempt is"
    " used up and your application stays open. Please look again here."
)


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


def may_start(session: Session, exam: Exam, account_id: int, *, now: datetime) -> MayStart:
    """Look at agreements, attempts that count, the cool-down, what is held, and what was seen."""
    seen = list(session.scalars(queries.at_exam(account_id, exam.id)))
    counted = [one for one in seen if one.state is not AttemptState.VOIDED]
    left = max(0, exam.maximum_attempts - len(counted))
    ends = [one.finished_at for one in counted if one.finished_at is not None]
    ready = max(ends) + timedelta(days=exam.cool_down_days) if ends else now
    if is_paused(session, account_id):
        reason = ACCOUNT_PAUSED
    elif progress.outstanding(session, account_id):
        reason = "Please accept the agreement first."
    elif progress.qualified(session, account_id, exam.id, now=now):
        reason = "You have passed this exam."
    elif any(one.state in {AttemptState.FINISHED, AttemptState.BELOW} for one in counted):
        reason = "Your last attempt is still being looked at."
    elif not left:
        reason = "You have used every attempt at this exam."
    elif ready > now:
        return MayStart("You can sit this exam again after a pause.", ready, left)
    elif not _has_form(session, exam, account_id):
        reason = NO_OTHER_FORM if seen else NO_FORM
    else:
        return MayStart(None, None, left)
    return MayStart(reason, None, left)


def start(
    session: Session,
    exam: Exam,
    *,
    account_id: int,
    now: datetime,
    where: Where = NOWHERE,
    allowance: Allowance | None = None,
    seed: int | None = None,
) -> Attempt:
    """Begin an attempt, or give the one under way: however many ask at once, there is one.

    The time is the exam's, by the accommodation that holds for the person (or by `allowance`). The
    lock on the account lets a person's devices in one at a time. Raises `Conflict` where they may
    not start, with the reason.
    """
    session.execute(
        sa.select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)
    )
    mine = queries.at_exam(account_id, exam.id)
    held = session.scalar(mine.where(Attempt.state == AttemptState.OPEN))
    if held is not None:
        return held
    verdict = may_start(session, exam, account_id, now=now)
    if verdict.reason is not None:
        raise Conflict(verdict.reason)
    given = allowance or accommodations.allowance(session, account_id)
    attempt = _attempt(session, exam, account_id=account_id, given=given, seed=seed, now=now)
    attempt.device = where.device
    session.add(attempt)
    session.flush()
    facts = {"form": attempt.form_id, "seed": attempt.seed, "from": where.network}
    payload = facts | adaptive.facts(session, attempt) | events.clocks(attempt)
    events.append(session, attempt, EventKind.STARTED, now=now, payload=payload)
    if attempt.design_id is not None:
        adaptive.begin(session, attempt, now=now)
    subject = ("attempt", attempt.id)
    audit.record(session, actor=account_id, action="attempt.started", subject=subject, now=now)
    return attempt


def _attempt(
    session: Session,
    exam: Exam,
    *,
    account_id: int,
    given: Allowance,
    seed: int | None,
    now: datetime,
) -> Attempt:
    public_id = random_id()
    drawn = Random(public_id.int).getrandbits(62) if seed is None else seed  # noqa: S311
    agreement = agreements.current(session, progress.AGREEMENTS[0])
    if agreement is None:
        raise Conflict("The agreement is not published yet, so the exam cannot be sat.")
    form, cut = _form(session, exam, account_id, seed=drawn, now=now)
    parts = sections.parts(session, form.id)
    own = parts[0].deadline(given.factor, now=now) if parts and not given.untimed else None
    allowed = timedelta(minutes=exam.allowed_minutes)
    return Attempt(
        public_id=public_id,
        exam_id=exam.id,
        form_id=form.id,
        account_id=account_id,
        number=_next_number(session, exam, account_id),
        agreement_id=agreement.id,
        seed=drawn,
        cut=cut,
        extra_time=given.factor,
        allowed_seconds=exam.allowed_minutes * 60,
        started_at=now,
        deadline=None if given.untimed else now + allowed * given.factor,
        section_deadline=own,
        break_seconds=given.break_minutes * 60,
        design_id=form.design_id,
    )


def _form(
    session: Session, exam: Exam, account_id: int, *, seed: int, now: datetime
) -> tuple[Form, float]:
    """The form with its pass mark: drawn for this attempt where the exam adapts, else chosen."""
    design = adaptive.design_in_use(session, exam.id)
    if design is not None and design.cut is not None:
        return adaptive.new_form(session, exam, design, now=now), design.cut
    form = form_choice.choose(session, exam, account_id, seed=seed)
    if form is None:
        raise Conflict(NO_OTHER_FORM)
    return form, standards.cut_of(session, exam, form.id)


def _has_form(session: Session, exam: Exam, account_id: int) -> bool:
    design = adaptive.design_in_use(session, exam.id)
    if design is not None:
        return adaptive.has_room(session, design, account_id)
    return form_choice.choose(session, exam, account_id, seed=0) is not None


def _next_number(session: Session, exam: Exam, account_id: int) -> int:
    mine = queries.at_exam(account_id, exam.id).subquery()
    return (session.scalar(sa.select(sa.func.max(mine.c.number))) or 0) + 1
