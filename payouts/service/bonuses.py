"""Bonuses: asked for, approved by another person, paid with the next statement."""

from datetime import datetime

from sqlalchemy.orm import Session

from payouts.models import Bonus
from portal import audit
from portal.db import lock
from portal.errors import Forbidden, Invalid
from portal.ids import uuid7
from portal.money import Money
from tasks.models import Project


def ask(
    session: Session,
    project: Project,
    *,
    expert_id: int,
    amount: Money,
    reason: str,
    by: int,
    now: datetime,
) -> Bonus:
    """Ask for a bonus for somebody else. Raises `Forbidden` for oneself, `Invalid` without a reason."""
    if by == expert_id:
        raise Forbidden("Nobody asks for a bonus for themselves.")
    if amount.minor <= 0 or amount.currency != project.currency:
        raise Invalid(f"A bonus is an amount above zero in {project.currency}.")
    if not reason.strip():
        raise Invalid("Say what the bonus is for.")
    bonus = Bonus(
        public_id=uuid7(now),
        project_id=project.id,
        expert_id=expert_id,
        currency=amount.currency,
        minor=amount.minor,
        reason=reason.strip(),
        asked_by_id=by,
        asked_at=now,
    )
    session.add(bonus)
    session.flush()
    _note(session, bonus, "bonus.asked", by, now)
    return bonus


def approve(session: Session, bonus: Bonus, *, by: int, now: datetime) -> None:
    """Let it be paid: neither the one who asked nor the one it pays does. The database says so too."""
    lock(session, bonus)
    if by in {bonus.asked_by_id, bonus.expert_id}:
        raise Forbidden("Another person than who asked for a bonus, or is paid by it, approves it.")
    bonus.approve(by=by, now=now)
    session.flush()
    _note(session, bonus, "bonus.approved", by, now)


def withdraw(session: Session, bonus: Bonus, *, by: int, now: datetime) -> None:
    """Give up one that nobody has approved."""
    lock(session, bonus)
    if by == bonus.expert_id:
        raise Forbidden("Somebody else decides on this.")
    bonus.withdraw(by=by, now=now)
    session.flush()
    _note(session, bonus, "bonus.withdrawn", by, now)


def _note(session: Session, bonus: Bonus, action: str, by: int, now: datetime) -> None:
    audit.record(session, actor=by, action=action, subject=("bonus", bonus.id), now=now)
