"""Server-side sessions: a random token in a cookie, its hash in a row that can be revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.access import NEEDS_SECOND_FACTOR, Principal
from portal.accounts.models import Account, AccountState, Grant, SignIn

COOKIE: Final = "touchstone"
LASTS: Final = timedelta(days=14)


def start(
    session: Session, *, account: Account, device: str, second_factor: bool, now: datetime
) -> str:
    """Sign the account in on a device; gives the token, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            account_id=account.id,
            token_hash=_hash(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + LASTS,
            device=device,
            second_factor_at=now if second_factor else None,
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, *, now: datetime) -> Principal | None:
    """Who holds this token, with the roles they may use now; None where it is not valid.

    Roles that need a second factor count only where this sign-in has given one.
    """
    row = session.execute(
        sa.select(SignIn, Account.public_id, Account.display_name)
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.token_hash == _hash(token), SignIn.revoked_at.is_(None))
        .where(
            SignIn.expires_at > now, Account.state.in_([AccountState.ACTIVE, AccountState.PAUSED])
        )
    ).one_or_none()
    if row is None:
        return None
    found, public_id, name = row
    live = (Grant.account_id == found.account_id, Grant.revoked_at.is_(None))
    roles = frozenset(session.scalars(sa.select(Grant.role).where(*live)))
    if found.second_factor_at is None:
        roles -= NEEDS_SECOND_FACTOR
    return Principal(found.account_id, public_id, name, roles, found.id)


def revoke(session: Session, *, sign_in_id: int, account_id: int, now: datetime) -> None:
    """End one of the account's own sign-ins; ending it twice changes nothing."""
    session.execute(
        sa.update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.account_id == account_id)
        .where(SignIn.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
