"""Erasing what we know of a person: asked for, undone for a fortnight, then carried out once and whole."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session

from portal import audit, mail
from portal.access import Role
from portal.accounts import letters, queries
from portal.accounts.models import (
    Account,
    Authenticator,
    Credential,
    DemoPerson,
    Erasure,
    ErasureState,
    OneTimeToken,
    RecoveryCode,
    SignIn,
)
from portal.contributions import installed
from portal.db import lock
from portal.errors import Conflict

WAIT: Final = timedelta(days=14)
"""How long a person may change their mind."""
_THEIR_OWN: Final = frozenset({Role.APPLICANT, Role.EXPERT})
"""Roles that end with the account; any other is a duty that somebody has to take over first."""


def ask(session: Session, account: Account, *, now: datetime) -> Erasure:
    """Note the wish and write to the person. Raises `Conflict` where it was noted before."""
    lock(session, account)
    if session.scalar(wished(account.id)) is not None:
        raise Conflict("You have asked for this already.")
    made = Erasure(account_id=account.id, asked_at=now, due_at=now + WAIT)
    session.add(made)
    session.flush()
    letters.erasure_asked(session, account, due=made.due_at, now=now)
    _note(session, account.id, "account.erasure_asked", now)
    return made


def undo(session: Session, account: Account, *, now: datetime) -> None:
    """The person stays. Raises `Conflict` where there is nothing to undo."""
    lock(session, account)
    found = session.scalar(wished(account.id))
    if found is None:
        raise Conflict("There is nothing to undo.")
    lock(session, found)
    found.undo(now=now)
    letters.erasure_undone(session, account, now=now)
    _note(session, account.id, "account.erasure_undone", now)


def obstacles(session: Session, account_id: int) -> list[LazyString]:
    """What must end first, each with how it ends; none where nothing is in the way."""
    duties = queries.roles_of(session, account_id) - _THEIR_OWN
    found = [_DUTY] if duties else []
    for look in installed().erasure_obstacles:
        found += look(session, account_id)
    return found


def carry_out(session: Session, erasure_id: int, *, now: datetime) -> bool:
    """Erase everything that is not kept by law, if its day has come and nothing is in the way.

    Safe to run twice or at once: only what is still wished is carried out, one after the other.
    What the outside is to forget is put into the outbox by the packages' own erasers.
    """
    erasure = lock(session, session.get_one(Erasure, erasure_id))
    account = lock(session, session.get_one(Account, erasure.account_id))
    if erasure.state is not ErasureState.ASKED or now < erasure.due_at:
        return False
    if obstacles(session, account.id):
        return False
    files = [
        file_id for erase in installed().erasers for file_id in erase(session, account.id, now)
    ]
    _forget(session, account, now)
    erasure.carry_out(files, now=now)
    _note(session, account.id, "account.erased", now)
    return True


def wished(account_id: int) -> sa.Select[Erasure]:
    """The wish that is not carried out yet."""
    return sa.select(Erasure).where(
        Erasure.account_id == account_id, Erasure.state == ErasureState.ASKED
    )


def due(*, now: datetime) -> sa.Select[int]:
    """Wishes whose day has come, and what was erased but for its files' bytes; oldest first."""
    day = sa.and_(Erasure.state == ErasureState.ASKED, Erasure.due_at <= now)
    unwiped = sa.and_(
        Erasure.state == ErasureState.ERASED, sa.func.jsonb_array_length(Erasure.files) > 0
    )
    return sa.select(Erasure.id).where(sa.or_(day, unwiped)).order_by(Erasure.id)


def _forget(session: Session, account: Account, now: datetime) -> None:
    """How they signed in, what was sent to them, and who they are."""
    changing = sa.select(OneTimeToken.email).where(OneTimeToken.account_id == account.id)
    addresses = {account.email, *(each for each in session.scalars(changing) if each)}
    mail.forget(session, addresses)
    for table in (OneTimeToken, SignIn, Credential, Authenticator, RecoveryCode, DemoPerson):
        session.execute(sa.delete(table).where(table.account_id == account.id))
    for grant in session.scalars(queries.live_grants(account.id)):
        grant.revoke(now=now)
    account.erase()
    session.flush()


def _note(session: Session, account_id: int, action: str, now: datetime) -> None:
    audit.record(session, actor=account_id, action=action, subject=("account", account_id), now=now)


_DUTY: Final = _(
    "You hold a duty here beside your own work. Ask an administrator to take that role back first."
)
