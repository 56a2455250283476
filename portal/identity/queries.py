"""Finding identity checks: a person's own, the open cases, those that must be asked about."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.identity.models import OPEN, CheckState, IdentityCheck


def checks_of(account_id: int) -> sa.Select[IdentityCheck]:
    """The person's checks, newest first."""
    query = sa.select(IdentityCheck).where(IdentityCheck.account_id == account_id)
    return query.order_by(IdentityCheck.id.desc())


def open_check(account_id: int) -> sa.Select[IdentityCheck]:
    """The one check of theirs that has not ended, if there is one."""
    return checks_of(account_id).where(IdentityCheck.state.in_(OPEN))


def latest_check(session: Session, account_id: int) -> IdentityCheck | None:
    """The check that says where the person stands: a verified one before any other."""
    return verified_check(session, account_id) or session.scalar(checks_of(account_id).limit(1))


def verified_check(session: Session, account_id: int) -> IdentityCheck | None:
    """The check by which we know who the person is, or None."""
    verified = IdentityCheck.state == CheckState.VERIFIED
    return session.scalar(checks_of(account_id).where(verified).limit(1))


def by_session(session_id: str) -> sa.Select[IdentityCheck]:
    """The check that Stripe knows by this id."""
    return sa.select(IdentityCheck).where(IdentityCheck.session_id == session_id)


def cases() -> sa.Select[IdentityCheck]:
    """The checks that a person of ours must look at, the most urgent first."""
    query = sa.select(IdentityCheck).where(IdentityCheck.state == CheckState.REVIEW)
    return query.order_by(IdentityCheck.review_due_at, IdentityCheck.id)


def to_poll(*, now: datetime, limit: int = 200) -> sa.Select[IdentityCheck]:
    """The checks to ask Stripe about because no event came; each is taken by one sweep only."""
    query = sa.select(IdentityCheck).where(IdentityCheck.poll_at <= now)
    return query.order_by(IdentityCheck.poll_at).limit(limit).with_for_update(skip_locked=True)


def overdue(*, now: datetime) -> sa.Select[IdentityCheck]:
    """The cases whose clock has run out."""
    return cases().where(IdentityCheck.review_due_at <= now).with_for_update(skip_locked=True)
