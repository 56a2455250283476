"""Finding accounts, their live grants, and the organisations and projects these reach."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.access import Principal, Role
from portal.accounts.models import Account, AccountState, Grant, Organisation, SignIn
from portal.agreements import Acceptance
from portal.audit import AuditEvent
from portal.contributions import installed
from portal.decisions import Decision

PAGE: Final = 50
"""Rows on a page of a long list."""


def live_grants(account_id: int) -> sa.Select[Grant]:
    """The grants of an account that have not been revoked."""
    return sa.select(Grant).where(Grant.account_id == account_id, Grant.revoked_at.is_(None))


def roles_of(session: Session, account_id: int) -> frozenset[Role]:
    """The roles an account holds anywhere."""
    return frozenset(grant.role for grant in session.scalars(live_grants(account_id)))


def is_paused(session: Session, account_id: int) -> bool:
    """Whether the account may read what is its own, finish what it has begun, and begin nothing."""
    paused = (Account.id == account_id, Account.state == AccountState.PAUSED)
    return session.scalar(sa.select(sa.exists().where(*paused))) or False


def by_email(email: str) -> sa.Select[Account]:
    """The account with this address, however it was typed."""
    return sa.select(Account).where(Account.email == email.strip().lower())


def holders(role: Role, *, organisation_id: int | None = None) -> sa.Select[Account]:
    """The accounts holding a role everywhere or, where given, in the organisation."""
    scope: sa.ColumnElement[bool] = Grant.organisation_id.is_(None)
    if organisation_id is not None:
        scope = sa.or_(scope, Grant.organisation_id == organisation_id)
    granted = sa.select(Grant.account_id).where(
        Grant.role == role, Grant.revoked_at.is_(None), scope
    )
    return sa.select(Account).where(Account.id.in_(granted)).order_by(Account.id)


def people_seen_by(who: Principal) -> sa.Select[Account]:
    """The accounts whose pages and reports a person may see: their own, and those of their scopes.

    Administrators and compliance see everyone; the packages say whom a grant in an organisation or
    project reaches, such as the experts enrolled there.
    """
    query = sa.select(Account)
    if not who.roles.isdisjoint({Role.ADMIN, Role.COMPLIANCE}):
        return query
    seen = [Account.id == who.account_id]
    seen += [Account.id.in_(scope(who.account_id)) for scope in installed().people_scopes]
    return query.where(sa.or_(*seen))


def recorded_about(session: Session, account_id: int) -> dict[str, int]:
    """How many rows the kernel keeps about someone, by what they are: one query."""
    counts = {
        "sign_ins": sa.select(SignIn.id).where(SignIn.account_id == account_id),
        "acceptances": sa.select(Acceptance.account_id).where(Acceptance.account_id == account_id),
        "decisions": sa.select(Decision.id).where(Decision.account_id == account_id),
        "acts": sa.select(AuditEvent.id).where(AuditEvent.actor_id == account_id),
    }
    columns = [
        sa.select(sa.func.count()).select_from(query.subquery()).scalar_subquery().label(name)
        for name, query in counts.items()
    ]
    return dict(session.execute(sa.select(*columns)).mappings().one())


def accounts_matching(words: str, *, after: int = 0) -> sa.Select[Account]:
    """Accounts whose name or address holds the words, in the order they were opened."""
    query = sa.select(Account).where(Account.id > after).order_by(Account.id)
    if not words:
        return query
    found = sa.or_(
        Account.display_name.icontains(words, autoescape=True),
        Account.email.contains(words.lower(), autoescape=True),
    )
    return query.where(found)


def roles_of_all(session: Session, account_ids: Sequence[int]) -> dict[int, list[Role]]:
    """The roles that each of the accounts holds anywhere: one query."""
    live = (Grant.account_id.in_(account_ids), Grant.revoked_at.is_(None))
    found: dict[int, list[Role]] = {account_id: [] for account_id in account_ids}
    for account_id, role in session.execute(sa.select(Grant.account_id, Grant.role).where(*live)):
        if role not in found[account_id]:
            found[account_id].append(role)
    return found


def grants_with_places(account_id: int) -> sa.Select[Grant, str | None]:
    """An account's live grants, each with the name of its organisation where it has one."""
    return (
        sa.select(Grant, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Grant.organisation_id)
        .where(Grant.account_id == account_id, Grant.revoked_at.is_(None))
        .order_by(Grant.id)
    )
