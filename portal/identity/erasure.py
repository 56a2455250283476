"""Forgetting what identity checks know about somebody: at Stripe, then here."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.db import lock
from portal.identity import cases, evidence, queries, service
from portal.identity.models import IdentityCheck, IdentityIndex, JobName
from portal.jobs import enqueue

AGAIN: Final = timedelta(hours=6)
"""Stripe may take four days to redact: so often we ask whether it has."""


def ask(session: Session, *, account_id: int, now: datetime) -> None:
    """Forget everything about the person's identity but that it was checked, and when.

    Evidence and digests go at once; country, codes and Stripe's ids when Stripe has redacted its
    part, since without its id it could not be asked again. Safe to repeat.
    """
    session.execute(sa.delete(IdentityIndex).where(IdentityIndex.account_id == account_id))
    for check in session.scalars(queries.checks_of(account_id).with_for_update()):
        evidence.erase_all(session, check, now=now)
        if not check.settled:
            check.cancel(now=now)
            service.settle(session, check, actor=account_id, now=now)
        if check.erase_asked_at is None:
            check.erase_asked_at = now
            enqueue(session, JobName.ERASE, check.id, now=now)


def of_account(session: Session, account_id: int, now: datetime) -> list[int]:
    """With the whole account: the same; evidence lies in the database, so no file is left over."""
    ask(session, account_id=account_id, now=now)
    return []


def forget(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """Stripe has redacted its part, or never had one: our own row forgets too. Safe to repeat."""
    lock(session, check)
    if check.erased_at is None:
        check.forget(now=now)
        cases.note(session, check, "erased", actor=None, now=now)


def chase(session: Session, *, now: datetime) -> None:
    """Ask again about what Stripe has not finished redacting."""
    waiting = sa.select(IdentityCheck).where(
        IdentityCheck.erased_at.is_(None), IdentityCheck.erase_asked_at <= now - AGAIN
    )
    for check in session.scalars(waiting):
        enqueue(session, JobName.ERASE, check.id, now=now)
