"""The demo's people: who the sign-in page offers in one click. Nothing here exists outside the demo."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Account, AccountState, DemoPerson, Grant, Organisation
from portal.accounts.titles import telling


@dataclass(frozen=True)
class Offered:
    """One person of the demo as the sign-in page shows them."""

    public_id: UUID
    name: str
    role: str
    organisation: str | None
    line: str


def offered(session: Session) -> list[Offered]:
    """The people in the order the demo put them in."""
    rows = session.execute(
        sa.select(
            Account.public_id,
            Account.display_name,
            sa.func.array_agg(sa.cast(Grant.role, sa.Text), type_=sa.ARRAY(sa.Text)),
            sa.func.min(Organisation.name),
            DemoPerson.line,
        )
        .join(DemoPerson, DemoPerson.account_id == Account.id)
        .outerjoin(Grant, sa.and_(Grant.account_id == Account.id, Grant.revoked_at.is_(None)))
        .outerjoin(Organisation, Organisation.id == Grant.organisation_id)
        .where(Account.state.in_([AccountState.ACTIVE, AccountState.PAUSED]))
        .group_by(Account.id, DemoPerson.account_id)
        .order_by(DemoPerson.position)
    )
    return [
        Offered(public_id, name, telling(roles), organisation, line)
        for public_id, name, roles, organisation, line in rows
    ]
