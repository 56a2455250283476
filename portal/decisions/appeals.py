"""Contesting a decision: once, in time, answered by a second person, or upheld by the clock."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import audit
from portal.contributions import installed
from portal.db import lock
from portal.decisions import letters
from portal.decisions.models import Appeal, AppealState, Decision, Outcome
from portal.decisions.service import decide
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import uuid7
from portal.jobs import enqueue

ANSWER_WITHIN: Final = timedelta(days=14)
RULE: Final = ("appeal", "1")
OUT_OF_TIME: Final = (
    "Nobody answered within 14 days. Silence never decides against a person, so you are right."
)


def make(session: Session, decision: Decision, *, words: str, now: datetime) -> Appeal:
    """The person the decision is about contests it.

    Raises `Conflict` where it cannot be contested, cannot be any more, or has been already.
    """
    if decision.appeal_until is None:
        raise Conflict("This decision is not against you, so there is nothing to contest.")
    if now >= decision.appeal_until:
        raise Conflict("The time to appeal has run out.")
    if not words.strip():
        raise Invalid("Say in your own words what is wrong.")
    row = {
        "public_id": uuid7(now),
        "decision_id": decision.id,
        "words": words.strip(),
        "made_at": now,
        "answer_by": now + ANSWER_WITHIN,
        "state": AppealState.OPEN,
    }
    adding = insert(Appeal).values(**row).on_conflict_do_nothing(index_elements=["decision_id"])
    made = session.scalar(adding.returning(Appeal.id))
    if made is None:
        raise Conflict("You have appealed against this decision already.")
    _recorded(session, "appeal.made", made, actor=decision.account_id, now=now)
    return session.get_one(Appeal, made)


def uphold(
    session: Session, appeal: Appeal, *, by: int | None, answer: str, now: datetime
) -> Decision:
    """The person is right: a new decision replaces the old one, and whoever acted on it is told.

    `by` is None only where the clock ran out. Raises `Conflict` where the appeal has been settled.
    """
    decision = _opened(session, appeal, by)
    appeal.settle(AppealState.UPHELD, by=by, answer=answer.strip(), now=now)
    replacing = decide(
        session,
        account_id=decision.account_id,
        kind="appeal.upheld",
        outcome=Outcome.FOR,
        subject=(decision.subject_type, decision.subject_id),
        rule=RULE,
        evidence={"replaces": decision.kind},
        reason=answer.strip(),
        decided_by=by,
        replaces=decision,
        now=now,
    )
    for name in installed().appeal_listeners:
        enqueue(session, name, appeal.id, now=now)
    _recorded(session, "appeal.upheld", appeal.id, actor=by, now=now)
    letters.settled(session, decision, now=now)
    return replacing


def dismiss(session: Session, appeal: Appeal, *, by: int, answer: str, now: datetime) -> None:
    """The decision stands, and a person says why. Raises `Conflict` where it has been settled."""
    if not answer.strip():
        raise Invalid("Say why the decision stands.")
    decision = _opened(session, appeal, by)
    appeal.settle(AppealState.DISMISSED, by=by, answer=answer.strip(), now=now)
    _recorded(session, "appeal.dismissed", appeal.id, actor=by, now=now)
    letters.settled(session, decision, now=now)


def overdue(*, now: datetime) -> sa.Select[Appeal]:
    """Open appeals whose clock has run out, the longest first."""
    late = (Appeal.state == AppealState.OPEN, Appeal.answer_by <= now)
    return sa.select(Appeal).where(*late).order_by(Appeal.answer_by)


def uphold_overdue(session: Session, appeal_id: int, *, now: datetime) -> None:
    """Uphold one appeal whose clock has run out; nothing where somebody has answered meanwhile."""
    appeal = lock(session, session.get_one(Appeal, appeal_id))
    if appeal.state is AppealState.OPEN and appeal.answer_by <= now:
        uphold(session, appeal, by=None, answer=OUT_OF_TIME, now=now)


def _opened(session: Session, appeal: Appeal, by: int | None) -> Decision:
    """The appeal locked, and its decision, for a second person only."""
    lock(session, appeal)
    decision = session.get_one(Decision, appeal.decision_id)
    if by is not None and by in {decision.account_id, decision.decided_by_id}:
        raise Forbidden("An appeal is answered by a second person, who did not decide before.")
    return decision


def _recorded(
    session: Session, action: str, appeal_id: int, *, actor: int | None, now: datetime
) -> None:
    audit.record(session, actor=actor, action=action, subject=("appeal", appeal_id), now=now)
