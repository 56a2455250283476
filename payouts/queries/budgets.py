"""What a project has cost, is costing, and has promised."""

import sqlalchemy as sa

from payouts.models import Bonus, Budget, LedgerAccount, LedgerKind
from payouts.queries import work
from tasks.models import (
    Assignment,
    AssignmentState,
    Pool,
    Segment,
    Terms,
    Timesheet,
    TimesheetState,
)

_UNDECIDED = (TimesheetState.OPEN, TimesheetState.SUBMITTED, TimesheetState.APPROVED)


def newest(project_id: int) -> sa.Select[Budget]:
    """The budget that holds."""
    mine = sa.select(Budget).where(Budget.project_id == project_id)
    return mine.order_by(Budget.id.desc()).limit(1)


def every_newest() -> sa.Select[Budget]:
    """The budgets that hold, of every project."""
    last = sa.select(sa.func.max(Budget.id)).group_by(Budget.project_id)
    return sa.select(Budget).where(Budget.id.in_(last)).order_by(Budget.id)


def booked(project_id: int, currency: str) -> sa.Select[int | None]:
    """What statements have put into the ledger as its labour, in minor units."""
    return sa.select(-LedgerAccount.balance).where(
        LedgerAccount.kind == LedgerKind.LABOUR,
        LedgerAccount.project_id == project_id,
        LedgerAccount.currency == currency,
    )


def accruing(project_id: int) -> sa.Select[int | None]:
    """Time on no statement yet, at the hourly rate of its terms."""
    seconds = sa.func.extract("epoch", Segment.ended_at - Segment.started_at)
    worth = sa.func.sum(seconds * Terms.hourly_minor / 3600)
    return (
        sa.select(sa.cast(sa.func.ceil(worth), sa.BigInteger))
        .select_from(Segment)
        .join(Terms, Terms.id == Segment.terms_id)
        .join(Timesheet, Timesheet.id == Segment.timesheet_id)
        .where(Timesheet.project_id == project_id, Timesheet.state.in_(_UNDECIDED))
    )


def committed(project_id: int) -> sa.Select[int | None]:
    """The most that assignments people hold now may come to: each one's whole cap by the hour."""
    most = sa.func.sum(Terms.hourly_minor * Terms.task_cap_seconds / sa.literal(3600.0))
    return (
        sa.select(sa.cast(sa.func.ceil(most), sa.BigInteger))
        .select_from(Assignment)
        .join(Terms, Terms.id == Assignment.terms_id)
        .join(Pool, Pool.id == Assignment.pool_id)
        .where(Pool.project_id == project_id, Assignment.state == AssignmentState.OPEN)
    )


def promised(project_id: int) -> sa.Select[int | None]:
    """Approved bonuses on no statement yet."""
    ids = work.unpaid_bonuses().with_only_columns(Bonus.id).order_by(None)
    total = sa.cast(sa.func.sum(Bonus.minor), sa.BigInteger)
    return sa.select(total).where(Bonus.project_id == project_id, Bonus.id.in_(ids))
