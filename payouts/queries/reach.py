"""Which organisations' money a person may see and act on: always found through their grants."""

import sqlalchemy as sa

from payouts.models import Payout, PayRun
from portal.access import Role
from portal.accounts.models import Grant, Organisation
from tasks.models import Project


def organisations_of(account_id: int, *roles: Role) -> sa.Select[Organisation]:
    """The organisations that the account's live grants in one of the roles reach as a whole."""
    reaches = sa.or_(Grant.organisation_id.is_(None), Grant.organisation_id == Organisation.id)
    granted = sa.exists().where(
        Grant.account_id == account_id,
        Grant.role.in_(roles),
        Grant.revoked_at.is_(None),
        Grant.project_id.is_(None),
        reaches,
    )
    return sa.select(Organisation).where(granted).order_by(Organisation.name)


def everywhere(account_id: int, *roles: Role) -> sa.Select[bool]:
    """Whether a live grant in one of the roles is for the whole house, not for one client."""
    granted = sa.exists().where(
        Grant.account_id == account_id,
        Grant.role.in_(roles),
        Grant.revoked_at.is_(None),
        Grant.organisation_id.is_(None),
    )
    return sa.select(granted)


def runs_of(account_id: int, *roles: Role) -> sa.Select[PayRun]:
    """The pay runs of those organisations, newest first."""
    mine = organisations_of(account_id, *roles).with_only_columns(Organisation.id).order_by(None)
    runs = sa.select(PayRun).where(PayRun.organisation_id.in_(mine))
    return runs.order_by(PayRun.id.desc())


def payouts_of(account_id: int, *roles: Role) -> sa.Select[Payout]:
    """The payouts of those runs."""
    runs = runs_of(account_id, *roles).with_only_columns(PayRun.id).order_by(None)
    return sa.select(Payout).where(Payout.pay_run_id.in_(runs))


def manager_of(project: Project) -> sa.Select[int]:
    """Whoever has managed the project, its client or the house for longest."""
    manages = (
        Grant.role == Role.MANAGER,
        Grant.revoked_at.is_(None),
        sa.or_(Grant.organisation_id.is_(None), Grant.organisation_id == project.organisation_id),
        sa.or_(Grant.project_id.is_(None), Grant.project_id == project.id),
    )
    return sa.select(Grant.account_id).where(*manages).order_by(Grant.id).limit(1)
