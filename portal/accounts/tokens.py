"""Secrets that travel by mail: bound to one purpose, good once, forgotten when they expire."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import OneTimeToken, Purpose
from portal.errors import Conflict

LASTS: Final = {
    Purpose.VERIFY_EMAIL: timedelta(days=2),
    Purpose.CHANGE_EMAIL: timedelta(days=1),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
}


def issue(
    session: Session,
    *,
    account_id: int,
    purpose: Purpose,
    now: datetime,
    email: str | None = None,
    next_path: str | None = None,
) -> str:
    """Make the account's one live token for the purpose; an earlier one stops working.

    The account's row must be locked or new: two live tokens are refused by the database.
    """
    session.execute(
        sa.update(OneTimeToken)
        .where(OneTimeToken.account_id == account_id, OneTimeToken.purpose == purpose)
        .where(OneTimeToken.ended_at.is_(None))
        .values(ended_at=now)
    )
    token = secrets.token_urlsafe(32)
    row = OneTimeToken(
        account_id=account_id,
        purpose=purpose,
        token_hash=_hash(purpose, token),
        created_at=now,
        expires_at=now + LASTS[purpose],
        email=email,
        next_path=next_path,
    )
    session.add(row)
    session.flush()
    return token


def find(session: Session, token: str, purpose: Purpose, *, now: datetime) -> OneTimeToken | None:
    """The live token, or None where it is unknown, used, replaced, expired or for something else."""
    return session.scalar(_live(token, purpose, now))


def redeem(session: Session, token: str, purpose: Purpose, *, now: datetime) -> OneTimeToken:
    """Use the token up. Raises `Conflict` where it is not live any more."""
    found = session.scalar(_live(token, purpose, now).with_for_update())
    if found is None:
        raise Conflict(
            "This link has been used already, or it is too old. Please ask for a new one."
        )
    found.ended_at = now
    return found


def _live(token: str, purpose: Purpose, now: datetime) -> sa.Select[OneTimeToken]:
    return sa.select(OneTimeToken).where(
        OneTimeToken.token_hash == _hash(purpose, token),
        OneTimeToken.purpose == purpose,
        OneTimeToken.ended_at.is_(None),
        OneTimeToken.expires_at > now,
    )


def _hash(purpose: Purpose, token: str) -> bytes:
    return hashlib.sha256(f"{purpose.value}:{token}".encode()).digest()
