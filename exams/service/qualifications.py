"""Granting a qualification, and taking it back by a decision."""

import calendar
from datetime import datetime

from sqlalchemy.orm import Session

from exams.models import Attempt, GrantSource, Qualification, QualificationGrant
from portal import audit
from portal.accounts.models import Account
from portal.db import lock
from portal.decisions import Outcome, decide
from portal.errors import Conflict
from portal.ids import random_id


def grant(
    session: Session,
    *,
    account_id: int,
    qualification: Qualification,
    months: int,
    now: datetime,
    attempt: Attempt | None = None,
    granted_by: int | None = None,
) -> QualificationGrant:
    """Give someone a qualification for some months: by an attempt, by a manager, or by gold.

    Goes up in `account.qualification_revision`, so that enrolments look again.
    """
    source = GrantSource.GOLD
    if attempt is not None:
        source = GrantSource.EXAM
    elif granted_by is not None:
        source = GrantSource.MANAGER
    given = QualificationGrant(
        public_id=random_id(),
        account_id=account_id,
        qualification_id=qualification.id,
        source=source,
        granted_at=now,
        expires_at=months_later(now, months),
        attempt_id=attempt.id if attempt else None,
        granted_by_id=granted_by if attempt is None else None,
    )
    session.add(given)
    session.flush()
    _changed(session, given, "granted", actor=granted_by, now=now)
    return given


def revoke(
    session: Session, given: QualificationGrant, *, by: int, reason: str, now: datetime
) -> None:
    """Take it back: a decision against the person, by a person, with a reason, open to appeal."""
    lock(session, given)
    if given.revoked_at is not None:
        raise Conflict("This qualification has been taken back already.")
    decision = decide(
        session,
        account_id=given.account_id,
        kind="qualification.revoked",
        outcome=Outcome.AGAINST,
        subject=("qualification_grant", given.id),
        rule=("qualification", "by a person"),
        evidence={"granted_at": given.granted_at.isoformat(), "source": given.source.value},
        reason=reason,
        decided_by=by,
        now=now,
    )
    given.revoke(decision_id=decision.id, now=now)
    _changed(session, given, "revoked", actor=by, now=now)


def give_back(session: Session, taken: QualificationGrant, *, now: datetime) -> None:
    """An appeal was upheld: it holds again, for as much longer as it did not. Harmless repeated."""
    lock(session, taken)
    if taken.revoked_at is None:
        return
    taken.restore(now=now)
    _changed(session, taken, "restored", actor=None, now=now)


def months_later(start: datetime, months: int) -> datetime:
    """The same day so many months later, or the month's last where it has no such day."""
    year, month = divmod(start.month - 1 + months, 12)
    last = calendar.monthrange(start.year + year, month + 1)[1]
    return start.replace(year=start.year + year, month=month + 1, day=min(start.day, last))


def _changed(
    session: Session, given: QualificationGrant, verb: str, *, actor: int | None, now: datetime
) -> None:
    account = lock(session, session.get_one(Account, given.account_id))
    account.qualification_revision += 1
    subject = ("qualification_grant", given.id)
    audit.record(session, actor=actor, action=f"qualification.{verb}", subject=subject, now=now)
