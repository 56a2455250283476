"""What a project has cost, is costing, and has promised."""

import sqlalchemy as sa

from payouts.models import Bonus, Budget, LedgerAccount, LedgerKind, PaidJudgment
from payouts.queries import work
from tasks.models import (
    Activity,
    Assignment,
    AssignmentState,
    Judgment,
    Pool,
    Segment,
    Source,
    Terms,
    Timesheet,
    TimesheetState,
)

_UNDECIDED = (TimesheetState.OPEN, TimesheetState.SUBMITTED, TimesheetState.APPROVED)
_BY_TASK = sa.func.coalesce(Terms.rules["by_task"].as_boolean(), sa.false())
_PER_TASK = sa.literal_column(
    "(SELECT max((said ->> 'minor')::bigint) FROM jsonb_array_elements(terms.rates) said"
    " WHERE said ->> 'unit' = 'task')",
    sa.BigInteger,
)
"""What one task pays by the terms, the dearest of their dated rates; nothing where tasks do not pay."""


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


def judged(project_id: int) -> sa.Select[int | None]:
    """Judgments that are paid by the task and on no statement yet, at the dearest rate of their terms."""
    on_line = sa.exists().where(
        PaidJudgment.pool_id == Judgment.pool_id, PaidJudgment.judgment_id == Judgment.id
    )
    return (
        sa.select(sa.cast(sa.func.sum(_PER_TASK), sa.BigInteger))
        .select_from(Judgment)
        .join(Terms, Terms.id == Judgment.terms_id)
        .join(Pool, Pool.id == Judgment.pool_id)
        .where(Pool.project_id == project_id, Judgment.source == Source.EXPERT, ~on_line)
    )


def accruing(project_id: int) -> sa.Select[int | None]:
    """Time on no statement yet, at the hourly rate of its terms; less what is paid by the task."""
    seconds = sa.func.extract("epoch", Segment.ended_at - Segment.started_at)
    by_hour = sa.or_(~_BY_TASK, Segment.activity != Activity.TASK)
    worth = sa.func.sum(seconds * Terms.hourly_minor / 3600).filter(by_hour)
    return (
        sa.select(sa.cast(sa.func.ceil(worth), sa.BigInteger))
        .select_from(Segment)
        .join(Terms, Terms.id == Segment.terms_id)
        .join(Timesheet, Timesheet.id == Segment.timesheet_id)
        .where(Timesheet.project_id == project_id, Timesheet.state.in_(_UNDECIDED))
    )


def committed(project_id: int) -> sa.Select[int | None]:
    """The most that assignments people hold now may come to: the whole cap by the hour, or the task."""
    hourly = Terms.hourly_minor * Terms.task_cap_seconds / sa.literal(3600.0)
    most = sa.func.sum(sa.case((_BY_TASK, _PER_TASK), else_=hourly))
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
