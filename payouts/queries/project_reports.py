"""A project's papers, and what its work cost over a period."""

from datetime import date, datetime

import sqlalchemy as sa

from payouts.models import ProjectReport, Statement, StatementLine
from tasks.models import Timesheet


def of_project(project_id: int) -> sa.Select[ProjectReport]:
    """Its papers, newest first."""
    mine = sa.select(ProjectReport).where(ProjectReport.project_id == project_id)
    return mine.order_by(ProjectReport.id.desc())


def cost(project_id: int, *, start: datetime, end: datetime) -> sa.Select[date, str, int]:
    """`(week, currency, minor units)` of lines for weeks that begin in the period; a bonus on its day."""
    begun = sa.func.coalesce(Timesheet.starts_at, Statement.issued_at)
    total = sa.cast(sa.func.sum(StatementLine.amount_minor), sa.BigInteger)
    return (
        sa.select(Statement.week, Statement.currency, total)
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .outerjoin(Timesheet, Timesheet.id == StatementLine.timesheet_id)
        .where(StatementLine.project_id == project_id, begun >= start, begun < end)
        .group_by(Statement.week, Statement.currency)
        .order_by(Statement.week, Statement.currency)
    )
