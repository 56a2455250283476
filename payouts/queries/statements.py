"""Statements, their lines, and the timesheets that are to be put on them."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from payouts.models import Statement, StatementLine
from tasks.models import Project, Timesheet, TimesheetState


def statements_of(expert_id: int) -> sa.Select[Statement]:
    """The expert's statements, newest first."""
    mine = sa.select(Statement).where(Statement.expert_id == expert_id)
    return mine.order_by(Statement.week.desc(), Statement.part.desc(), Statement.id.desc())


def lines(statement_ids: Iterable[int]) -> sa.Select[StatementLine]:
    """The lines of some statements, in the order they were written."""
    here = sa.select(StatementLine).where(StatementLine.statement_id.in_(list(statement_ids)))
    return here.order_by(StatementLine.statement_id, StatementLine.id)


def last_part(expert_id: int, currency: str, week: date) -> sa.Select[int | None]:
    """The number of the week's last statement so far."""
    return sa.select(sa.func.max(Statement.part)).where(
        Statement.expert_id == expert_id, Statement.currency == currency, Statement.week == week
    )


def approved_sheets(expert_id: int) -> sa.Select[Timesheet, Project]:
    """The expert's timesheets that are approved and on no statement yet."""
    approved = Timesheet.state == TimesheetState.APPROVED
    return (
        sa.select(Timesheet, Project)
        .join(Project, Project.id == Timesheet.project_id)
        .where(Timesheet.expert_id == expert_id, approved)
        .order_by(Timesheet.week, Timesheet.id)
    )


def sheets(timesheet_ids: Iterable[int]) -> sa.Select[Timesheet, Project]:
    """Some timesheets with their projects."""
    return (
        sa.select(Timesheet, Project)
        .join(Project, Project.id == Timesheet.project_id)
        .where(Timesheet.id.in_(list(timesheet_ids)))
        .order_by(Timesheet.id)
    )


def experts_with_approved_time() -> sa.Select[int]:
    """Whose approved time is on no statement yet."""
    approved = Timesheet.state == TimesheetState.APPROVED
    return sa.select(Timesheet.expert_id).where(approved).distinct().order_by(Timesheet.expert_id)
