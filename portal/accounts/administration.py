"""What an administrator may do to somebody else's account: roles, pausing, opening it again."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit
from portal.access import Role
from portal.accounts import queries
from portal.accounts.models import Account, Grant, Organisation
from portal.db import lock
from portal.decisions import Decision, Outcome, decide
from portal.errors import Conflict, Forbidden, Invalid

PAUSED: Final = "account.paused"
RESUMED: Final = "account.resumed"
RULE: Final = ("account pause", "1")


def give_role(
    session: Session,
    account: Account,
    role: Role,
    *,
    organisation: Organisation | None,
    by: int,
    now: datetime,
) -> Grant:
    """Grant a role everywhere or, where given, in an organisation. Never to oneself."""
    _not_oneself(account, by)
    if role is Role.CLIENT_READER and organisation is None:
        raise Invalid("A client reader reads for one organisation: choose which.")
    lock(session, account)
    where = Grant.organisation_id.is_not_distinct_from(organisation.id if organisation else None)
    held = queries.live_grants(account.id).where(Grant.role == role, where)
    if session.scalar(held.where(Grant.project_id.is_(None))) is not None:
        raise Conflict("This person has that role already.")
    grant = Grant(
        account_id=account.id,
        role=role,
        granted_at=now,
        granted_by_id=by,
        organisation_id=organisation.id if organisation else None,
    )
    session.add(grant)
    session.flush()
    details = {"role": role.value, "organisation": grant.organisation_id}
    _recorded(session, "role.granted", account, by=by, details=details, now=now)
    return grant


def take_role(session: Session, account: Account, grant: Grant, *, by: int, now: datetime) -> None:
    """Take a role back; the row stays as a record. Never from oneself."""
    _not_oneself(account, by)
    lock(session, grant)
    if grant.revoked_at is not None:
        raise Conflict("That role has been taken back already.")
    grant.revoke(now=now)
    _recorded(session, "role.revoked", account, by=by, details={"role": grant.role}, now=now)


def pause(session: Session, account: Account, *, reason: str, by: int, now: datetime) -> Decision:
    """No new work until a person has looked; what was earned stays payable. Can be appealed."""
    _not_oneself(account, by)
    lock(session, account)
    account.pause()
    return decide(
        session,
        account_id=account.id,
        kind=PAUSED,
        outcome=Outcome.AGAINST,
        subject=("account", account.id),
        rule=RULE,
        evidence={},
        reason=reason,
        decided_by=by,
        now=now,
    )


def resume(
    session: Session, account: Account, *, reason: str, by: int | None, now: datetime
) -> Decision:
    """Open again: by a person, or by an appeal that was upheld (`by` is None then)."""
    lock(session, account)
    account.resume()
    return decide(
        session,
        account_id=account.id,
        kind=RESUMED,
        outcome=Outcome.FOR,
        subject=("account", account.id),
        rule=RULE,
        evidence={},
        reason=reason,
        decided_by=by,
        replaces=session.scalar(_last_pause(account)),
        now=now,
    )


def _last_pause(account: Account) -> sa.Select[Decision]:
    about = (Decision.account_id == account.id, Decision.kind == PAUSED)
    return sa.select(Decision).where(*about).order_by(Decision.id.desc()).limit(1)


def _not_oneself(account: Account, by: int) -> None:
    if account.id == by:
        raise Forbidden("Nobody changes their own roles or state: ask another administrator.")


def _recorded(
    session: Session,
    action: str,
    account: Account,
    *,
    by: int,
    details: dict[str, Any],
    now: datetime,
) -> None:
    subject = ("account", account.id)
    audit.record(session, actor=by, action=action, subject=subject, details=details, now=now)
