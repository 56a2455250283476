"""Where money is: lines by the stage of the payout they are in, for a person and for a project."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from payouts.models import Payout, PayoutLine, PayoutState, Statement, StatementLine
from tasks.models import (
    Adjustment,
    AdjustmentState,
    Heartbeat,
    Project,
    Segment,
    Timesheet,
    TimesheetState,
)

_LONGEST_GAP = 75  # seconds: a longer one is not time at work

_SUM = sa.cast(sa.func.sum(StatementLine.amount_minor), sa.BigInteger)
_IN = sa.and_(PayoutLine.statement_line_id == StatementLine.id, PayoutLine.released_at.is_(None))


def lines_with_payout(
    statement_ids: Iterable[int],
) -> sa.Select[StatementLine, str, PayoutState | None]:
    """The statements' lines with their project's title and the state of the payout they are in."""
    return (
        sa.select(StatementLine, Project.title, Payout.state)
        .join(Project, Project.id == StatementLine.project_id)
        .outerjoin(PayoutLine, _IN)
        .outerjoin(Payout, Payout.id == PayoutLine.payout_id)
        .where(StatementLine.statement_id.in_(list(statement_ids)))
        .order_by(StatementLine.statement_id, StatementLine.id)
    )


def stages_by_project(
    project_ids: sa.Select[int],
) -> sa.Select[str, str, str, PayoutState | None, int]:
    """Minor units by project (slug, title), currency and the state of the payout they are in."""
    return (
        sa.select(Project.slug, Project.title, Statement.currency, Payout.state, _SUM)
        .select_from(StatementLine)
        .join(Project, Project.id == StatementLine.project_id)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .outerjoin(PayoutLine, _IN)
        .outerjoin(Payout, Payout.id == PayoutLine.payout_id)
        .where(Project.id.in_(project_ids))
        .group_by(Project.slug, Project.title, Statement.currency, Payout.state)
        .order_by(Project.title, Statement.currency)
    )


def by_week(project_id: int) -> sa.Select[object, str, int]:
    """What a project has cost in each week."""
    return (
        sa.select(Statement.week, Statement.currency, _SUM)
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(StatementLine.project_id == project_id)
        .group_by(Statement.week, Statement.currency)
        .order_by(Statement.week)
    )


def by_week_everywhere(project_ids: sa.Select[int]) -> sa.Select[object, str, int]:
    """What these projects have cost together in each week."""
    return (
        sa.select(Statement.week, Statement.currency, _SUM)
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(StatementLine.project_id.in_(project_ids))
        .group_by(Statement.week, Statement.currency)
        .order_by(Statement.week)
    )


def by_person(project_id: int) -> sa.Select[int, str, PayoutState | None, int]:
    """What a project owes and has paid each expert."""
    return (
        sa.select(Statement.expert_id, Statement.currency, Payout.state, _SUM)
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .outerjoin(PayoutLine, _IN)
        .outerjoin(Payout, Payout.id == PayoutLine.payout_id)
        .where(StatementLine.project_id == project_id)
        .group_by(Statement.expert_id, Statement.currency, Payout.state)
        .order_by(Statement.expert_id)
    )


def payouts_of(expert_id: int) -> sa.Select[Payout]:
    """The expert's own payouts, newest first; those nobody has signed are not theirs to see yet."""
    unseen = [PayoutState.PLANNED, PayoutState.VOIDED]
    mine = sa.select(Payout).where(Payout.expert_id == expert_id, Payout.state.not_in(unseen))
    return mine.order_by(Payout.id.desc())


def paid_since(expert_id: int, start: datetime) -> sa.Select[str, int]:
    """What the expert has been paid since a moment, by currency."""
    total = sa.cast(sa.func.sum(Payout.minor), sa.BigInteger)
    paid = sa.select(Payout.currency, total).where(
        Payout.expert_id == expert_id, Payout.state == PayoutState.PAID, Payout.paid_at >= start
    )
    return paid.group_by(Payout.currency).order_by(Payout.currency)


def undecided_sheets(expert_id: int) -> sa.Select[Timesheet, Project]:
    """The expert's timesheets that are not approved yet."""
    undecided = Timesheet.state.in_([TimesheetState.OPEN, TimesheetState.SUBMITTED])
    return (
        sa.select(Timesheet, Project)
        .join(Project, Project.id == Timesheet.project_id)
        .where(Timesheet.expert_id == expert_id, undecided)
        .order_by(Timesheet.week, Timesheet.id)
    )


def recorded_seconds(timesheet_ids: Iterable[int]) -> sa.Select[float]:
    """All time at work while these timesheets filled, idle stretches included.

    From the beats of their sessions within their weeks; a gap longer than 75 s is not counted,
    since nobody knows what it was.
    """
    ids = list(timesheet_ids)
    sessions = sa.select(Segment.session_id).where(Segment.timesheet_id.in_(ids)).distinct()
    weeks = sa.select(sa.func.min(Timesheet.starts_at), sa.func.max(Timesheet.ends_at))
    span = weeks.where(Timesheet.id.in_(ids)).subquery()
    begins, ends = span.c
    total = sa.func.sum(Heartbeat.gap_seconds).filter(Heartbeat.gap_seconds <= _LONGEST_GAP)
    return (
        sa.select(sa.func.coalesce(total, 0.0))
        .select_from(Heartbeat)
        .join(span, sa.true())
        .where(Heartbeat.session_id.in_(sessions), Heartbeat.at > begins, Heartbeat.at <= ends)
    )


def credited_seconds(timesheet_ids: Iterable[int]) -> sa.Select[float]:
    """Everything credited on these timesheets, with what somebody approved beside the clock."""
    ids = list(timesheet_ids)
    length = sa.func.sum(sa.extract("epoch", Segment.ended_at - Segment.started_at))
    clocked = sa.select(length).where(Segment.timesheet_id.in_(ids)).scalar_subquery()
    added = (
        sa.select(sa.func.sum(Adjustment.seconds))
        .where(Adjustment.timesheet_id.in_(ids), Adjustment.state == AdjustmentState.APPROVED)
        .scalar_subquery()
    )
    nothing = sa.literal(0.0)
    return sa.select(
        sa.cast(sa.func.coalesce(clocked, nothing) + sa.func.coalesce(added, 0), sa.Double)
    )


def sittings(timesheet_ids: Iterable[int]) -> sa.Select[int, datetime, datetime, float]:
    """The segments' sessions: timesheet, first and last instant, credited seconds."""
    length = sa.extract("epoch", Segment.ended_at - Segment.started_at)
    return (
        sa.select(
            Segment.timesheet_id,
            sa.func.min(Segment.started_at),
            sa.func.max(Segment.ended_at),
            sa.cast(sa.func.sum(length), sa.Double),
        )
        .where(Segment.timesheet_id.in_(list(timesheet_ids)))
        .group_by(Segment.timesheet_id, Segment.session_id)
        .order_by(sa.func.min(Segment.started_at))
    )


def lines_between(
    expert_id: int, start: datetime, end: datetime
) -> sa.Select[Statement, StatementLine, str, PayoutState | None]:
    """Statement lines for weeks that begin within the half-open period; a bonus on its own day."""
    begun = sa.func.coalesce(Timesheet.starts_at, Statement.issued_at)
    return (
        sa.select(Statement, StatementLine, Project.title, Payout.state)
        .join(StatementLine, StatementLine.statement_id == Statement.id)
        .outerjoin(Timesheet, Timesheet.id == StatementLine.timesheet_id)
        .join(Project, Project.id == StatementLine.project_id)
        .outerjoin(PayoutLine, _IN)
        .outerjoin(Payout, Payout.id == PayoutLine.payout_id)
        .where(
            Statement.expert_id == expert_id,
            begun >= start,
            begun < end,
        )
        .order_by(begun, StatementLine.id)
    )
