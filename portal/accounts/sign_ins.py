"""Server-side sessions: a random token in a cookie, its hash in a row that can be revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.access import NEEDS_SECOND_FACTOR, Principal, Role
from portal.accounts.models import Account, AccountState, Authenticator, Grant, SignIn

COOKIE: Final = "touchstone"
LASTS: Final = timedelta(days=14)
KEPT: Final = timedelta(days=90)
KEPT_WHILE_PAUSED: Final = frozenset({Role.APPLICANT, Role.EXPERT})
"""Roles by which a person reads their own work, time and money."""
SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly we keep when a device was last used."""


@dataclass(frozen=True)
class Found:
    """A live sign-in: whose, in which time zone, and whether it still owes a second factor."""

    principal: Principal
    time_zone: str
    long_unseen: bool
    """It was last noted as used `SEEN_EVERY` ago or longer."""
    waits_for_code: bool
    """The account has an authenticator and this sign-in has not given its code: nobody yet."""


def start(
    session: Session,
    *,
    account: Account,
    device: str,
    second_factor: bool,
    now: datetime,
    network: str = "",
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
            network=network,
            second_factor_at=now if second_factor else None,
        )
    )
    session.flush()
    return token


def find(session: Session, token: str) -> Found | None:
    """Who holds this token, with the roles they may use now; None where it is not valid. One query.

    Roles that need a second factor count only where this sign-in has given one. A paused account
    keeps the roles by which its owner reads what is theirs, and none by which they act on others.
    """
    row = session.execute(_by_token(token)).one_or_none()
    if row is None:
        return None
    found, public_id, name, zone, held, has_app, state, long_unseen = row
    roles = frozenset(Role(role) for role in held)
    if state is AccountState.PAUSED:
        roles &= KEPT_WHILE_PAUSED
    given = found.second_factor_at is not None
    waiting = frozenset() if given else roles & NEEDS_SECOND_FACTOR
    principal = Principal(found.account_id, public_id, name, roles - waiting, found.id, waiting)
    return Found(principal, zone, long_unseen, waits_for_code=has_app and not given)


def seen(session: Session, sign_in_id: int, *, now: datetime) -> None:
    """The device was used just now."""
    session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))


def give_second_factor(session: Session, sign_in_id: int, *, now: datetime) -> None:
    """Note that the sign-in has shown the second factor."""
    change = sa.update(SignIn).where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None))
    session.execute(change.values(second_factor_at=now))


def live(account_id: int, *, now: datetime) -> sa.Select[SignIn]:
    """The account's devices that are signed in, the one used last first."""
    query = sa.select(SignIn).where(SignIn.account_id == account_id, SignIn.revoked_at.is_(None))
    return query.where(SignIn.expires_at > now).order_by(SignIn.last_seen_at.desc(), SignIn.id)


def revoke(session: Session, *, sign_in_id: int, account_id: int, now: datetime) -> None:
    """End one of the account's own sign-ins; ending it twice changes nothing."""
    session.execute(_ending(account_id, now).where(SignIn.id == sign_in_id))


def revoke_others(session: Session, *, account_id: int, keep: int | None, now: datetime) -> None:
    """End all of the account's sign-ins, except for the one to keep."""
    ending = _ending(account_id, now)
    session.execute(ending if keep is None else ending.where(SignIn.id != keep))


def forget(session: Session, *, now: datetime) -> None:
    """Delete the sign-ins that ended longer ago than we keep them."""
    ended = sa.func.coalesce(SignIn.revoked_at, SignIn.expires_at)
    session.execute(sa.delete(SignIn).where(ended < now - KEPT))


def _by_token(
    token: str,
) -> sa.Select[SignIn, UUID, str, str, Sequence[str], bool, AccountState, bool]:
    """The sign-in, its account's public id, name, zone, live roles, authenticator, state, age."""
    held = sa.select(sa.cast(Grant.role, sa.Text)).where(
        Grant.account_id == SignIn.account_id, Grant.revoked_at.is_(None)
    )
    app = sa.exists().where(
        Authenticator.account_id == SignIn.account_id, Authenticator.confirmed_at.is_not(None)
    )
    columns = (SignIn, Account.public_id, Account.display_name, Account.time_zone)
    return (
        sa.select(
            *columns,
            sa.func.array(held.scalar_subquery(), type_=sa.ARRAY(sa.Text)),
            app,
            Account.state,
            clock.expression() - SignIn.last_seen_at >= SEEN_EVERY,
        )
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.token_hash == _hash(token), SignIn.revoked_at.is_(None))
        .where(SignIn.expires_at > clock.expression())
        .where(Account.state.in_([AccountState.ACTIVE, AccountState.PAUSED]))
    )


def _ending(account_id: int, now: datetime) -> sa.Update:
    ending = sa.update(SignIn).where(SignIn.account_id == account_id, SignIn.revoked_at.is_(None))
    return ending.values(revoked_at=now)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
