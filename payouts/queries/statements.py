"""Statements, their lines, and the timesheets that are to be put on them."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from payouts.models import Bonus, Statement, StatementLine
from payouts.queries import work
from portal.decisions.models import Decision
from tasks.models import Adjustment, Project, Terms, Timesheet, TimesheetState


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


def last_number(organisation_id: int) -> sa.Select[int | None]:
    """The number of the payer's last statement so far."""
    return sa.select(sa.func.max(Statement.number)).where(
        Statement.organisation_id == organisation_id
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
    """Whose approved time or bonus is on no statement yet."""
    approved = Timesheet.state == TimesheetState.APPROVED
    time = sa.select(Timesheet.expert_id).where(approved)
    given = work.unpaid_bonuses().with_only_columns(Bonus.expert_id).order_by(None)
    both = sa.union(time, given).subquery()
    return sa.select(both.c.expert_id).order_by(both.c.expert_id)


def terms_of(terms_ids: Iterable[int]) -> sa.Select[Terms]:
    """Some accepted terms."""
    return sa.select(Terms).where(Terms.id.in_(list(terms_ids)))


def refused(timesheet_ids: Iterable[int]) -> sa.Select[Adjustment, UUID]:
    """Adjustments of these timesheets that were not accepted, and the decision each can be contested by."""
    asked = sa.select(Adjustment, Decision.public_id).join(
        Decision, Decision.id == Adjustment.decision_id
    )
    return asked.where(Adjustment.timesheet_id.in_(list(timesheet_ids))).order_by(Adjustment.id)
