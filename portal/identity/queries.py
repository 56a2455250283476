"""Finding identity checks: a person's own, the open cases, those that must be asked about."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Account, AccountState
from portal.identity.models import (
    OPEN,
    CheckState,
    IdentityCheck,
    IdentityEvidence,
    IdentityOpinion,
)

_VERDICTS = (CheckState.VERIFIED, CheckState.NOT_ACCEPTED)


def checks_of(account_id: int) -> sa.Select[IdentityCheck]:
    """The person's checks, newest first."""
    query = sa.select(IdentityCheck).where(IdentityCheck.account_id == account_id)
    return query.order_by(IdentityCheck.id.desc())


def open_check(account_id: int) -> sa.Select[IdentityCheck]:
    """The one check of theirs that has not ended, if there is one."""
    return checks_of(account_id).where(IdentityCheck.state.in_(OPEN))


def latest_check(session: Session, account_id: int) -> IdentityCheck | None:
    """The check that says where the person stands: an open one, else a verified one, else the last."""
    opened = session.scalar(open_check(account_id))
    verified = opened or verified_check(session, account_id)
    return verified or session.scalar(checks_of(account_id).limit(1))


def verified_check(session: Session, account_id: int) -> IdentityCheck | None:
    """The check by which we know who the person is, or None: the last verdict counts.

    It goes on counting after `expires_at`: only a person's decision ends it.
    """
    settled = checks_of(account_id).where(IdentityCheck.state.in_(_VERDICTS)).limit(1)
    found = session.scalar(settled)
    return found if found is not None and found.state is CheckState.VERIFIED else None


def opinions_of(check: IdentityCheck) -> sa.Select[IdentityOpinion]:
    """What people of ours have said in this round, in the order they said it."""
    mine = sa.select(IdentityOpinion).where(
        IdentityOpinion.check_id == check.id, IdentityOpinion.round == check.round
    )
    return mine.order_by(IdentityOpinion.given_at, IdentityOpinion.reviewer_id)


def opinions_given(session: Session, check: IdentityCheck) -> set[int | None]:
    """Who has said theirs in this round."""
    return {opinion.reviewer_id for opinion in session.scalars(opinions_of(check))}


def evidence_of(check: IdentityCheck) -> sa.Select[IdentityEvidence]:
    """What was handed in for a check, erased or not, in order."""
    query = sa.select(IdentityEvidence).where(IdentityEvidence.check_id == check.id)
    return query.order_by(IdentityEvidence.id)


def kept_evidence(check: IdentityCheck) -> sa.Select[IdentityEvidence]:
    """What of it can still be looked at."""
    return evidence_of(check).where(IdentityEvidence.erased_at.is_(None))


def in_force() -> sa.Select[IdentityCheck]:
    """Each open account's last verdict, where it is a yes and nothing newer is under way."""
    newer = aliased(IdentityCheck)
    overtaken = sa.exists().where(
        newer.account_id == IdentityCheck.account_id,
        newer.id > IdentityCheck.id,
        newer.state.in_([*_VERDICTS, *OPEN]),
    )
    return (
        sa.select(IdentityCheck)
        .join(Account, Account.id == IdentityCheck.account_id)
        .where(IdentityCheck.state == CheckState.VERIFIED, ~overtaken)
        .where(Account.state != AccountState.CLOSED, IdentityCheck.erase_asked_at.is_(None))
        .order_by(IdentityCheck.expires_at)
    )


def by_session(session_id: str) -> sa.Select[IdentityCheck]:
    """The check that Stripe knows by this id."""
    return sa.select(IdentityCheck).where(IdentityCheck.session_id == session_id)


def cases() -> sa.Select[IdentityCheck]:
    """The checks that a person of ours must look at, the most urgent first."""
    query = sa.select(IdentityCheck).where(IdentityCheck.state == CheckState.REVIEW)
    return query.order_by(IdentityCheck.review_due_at, IdentityCheck.id)


def awaited() -> sa.Select[IdentityCheck]:
    """The checks for which the person is to show us something, the oldest first."""
    query = sa.select(IdentityCheck).where(IdentityCheck.state == CheckState.EVIDENCE)
    return query.order_by(IdentityCheck.id)


def to_poll(*, now: datetime, limit: int = 200) -> sa.Select[IdentityCheck]:
    """The checks to ask Stripe about because no event came; each is taken by one sweep only."""
    query = sa.select(IdentityCheck).where(IdentityCheck.poll_at <= now)
    return query.order_by(IdentityCheck.poll_at).limit(limit).with_for_update(skip_locked=True)


def overdue(*, now: datetime) -> sa.Select[IdentityCheck]:
    """The cases whose clock has run out."""
    return cases().where(IdentityCheck.review_due_at <= now).with_for_update(skip_locked=True)
