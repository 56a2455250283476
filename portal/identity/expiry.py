"""An identity that was checked long ago: letters first, then a person; nothing ends by itself."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.identity import cases, letters, queries
from portal.identity.models import RENEWAL, CaseReason, IdentityCheck
from portal.ids import random_id

REMINDERS: Final = (RENEWAL, timedelta(days=7))
"""So long before it is too old we write; each once."""
EXTENSION: Final = timedelta(days=90)
"""What a person of ours gives somebody whose check is too old but whom nobody doubts."""
PATIENCE: Final = timedelta(days=30)
"""How long after being asked again nobody looks."""


def remind(session: Session, *, now: datetime) -> None:
    """Write to everybody whose check will be too old soon. Safe to run twice."""
    soon = queries.in_force().where(IdentityCheck.expires_at <= now + REMINDERS[0])
    rows = soon.where(IdentityCheck.reminders < len(REMINDERS))
    for check in session.scalars(rows.with_for_update(of=IdentityCheck, skip_locked=True)):
        due = sum(check.expires_at <= now + ahead for ahead in REMINDERS if check.expires_at)
        if due > check.reminders:
            check.reminders = due
            person = session.get_one(Account, check.account_id)
            letters.check_again(session, person, until=check.expires_at, now=now)


def open_cases(session: Session, *, now: datetime) -> None:
    """Let a person look at everybody whose check is too old; it counts until they have decided."""
    late = queries.in_force().where(IdentityCheck.expires_at <= now)
    for check in session.scalars(late.with_for_update(of=IdentityCheck, skip_locked=True)):
        again = IdentityCheck(
            public_id=random_id(),
            account_id=check.account_id,
            consent_id=None,
            idempotency_key=random_id(),
            started_at=now,
        )
        cases.open_case(session, again, CaseReason.EXPIRED, now=now)


def be_patient(session: Session, account_id: int, *, now: datetime) -> None:
    """The person has been asked to check again: the old check counts, and nobody looks for a while."""
    verified = queries.verified_check(session, account_id)
    if verified is not None:
        verified.extend(until=now + PATIENCE)
