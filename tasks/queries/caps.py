"""Which caps of a project hold, which are announced, and whom they bind."""

from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Account, AccountState
from tasks.models import CapsVersion, Terms


def in_force(project_id: int, *, now: datetime) -> sa.Select[CapsVersion]:
    """The newest caps that hold; none where the project's first ones still do."""
    held = (CapsVersion.project_id == project_id, CapsVersion.holds_from <= now)
    return sa.select(CapsVersion).where(*held).order_by(CapsVersion.number.desc()).limit(1)


def coming(project_id: int, *, now: datetime) -> sa.Select[CapsVersion]:
    """Caps that are announced and do not hold yet; one at a time."""
    later = (CapsVersion.project_id == project_id, CapsVersion.holds_from > now)
    return sa.select(CapsVersion).where(*later)


def last_number(project_id: int) -> sa.Select[int | None]:
    """The number of the project's last caps."""
    return sa.select(sa.func.max(CapsVersion.number)).where(CapsVersion.project_id == project_id)


def bound(project_id: int) -> sa.Select[Account]:
    """Everybody with an account in use who has accepted the project's terms."""
    accepted = sa.exists().where(Terms.expert_id == Account.id, Terms.project_id == project_id)
    active = Account.state == AccountState.ACTIVE
    return sa.select(Account).where(accepted, active).order_by(Account.id)
