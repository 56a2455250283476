"""Timesheets that wait for a manager, with the facts that tell which to look at first."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from tasks.models import (
    Activity,
    Adjustment,
    AdjustmentState,
    Judgment,
    Pool,
    Project,
    Segment,
    Terms,
    Timesheet,
    TimesheetState,
)
from tasks.queries.time import SECONDS
from tasks.worth_a_look import Facts

_LENGTH = sa.extract("epoch", Segment.ended_at - Segment.started_at)
_COMPARED = 200
"""So many of the newest timesheets tell the project's usual pace."""


def waiting(project_id: int) -> sa.Select[Timesheet, Account]:
    """What was handed in and nobody has decided on, the longest waiting first."""
    found = sa.select(Timesheet, Account).join(Account, Account.id == Timesheet.expert_id)
    mine = found.where(
        Timesheet.project_id == project_id, Timesheet.state == TimesheetState.SUBMITTED
    )
    return mine.order_by(Timesheet.submitted_at, Timesheet.id)


def newest(project_id: int) -> sa.Select[int]:
    """The project's newest timesheets that are not open any more."""
    mine = sa.select(Timesheet.id).where(Timesheet.project_id == project_id)
    ended = mine.where(Timesheet.state != TimesheetState.OPEN)
    return ended.order_by(Timesheet.id.desc()).limit(_COMPARED)


def facts(session: Session, project: Project, ids: list[int]) -> dict[int, Facts]:
    """The facts of some timesheets, in a few queries however many there are."""
    credited = _by_sheet(session, _credited(ids))
    reading = _by_sheet(session, _credited(ids).where(Segment.activity == Activity.READING))
    judged = _by_sheet(session, _judged(ids))
    asked = _by_sheet(session, _asked(ids))
    caps = _by_sheet(session, _day_caps(ids))
    longest: dict[int, float] = defaultdict(float)
    for sheet_id, _day, seconds in session.execute(_by_day(project, ids)):
        longest[sheet_id] = max(longest[sheet_id], seconds)
    return {
        sheet_id: Facts(
            credited=credited.get(sheet_id, 0.0),
            reading=reading.get(sheet_id, 0.0),
            longest_day=longest[sheet_id],
            day_cap=caps.get(sheet_id, project.day_cap_seconds),
            judgments=judged.get(sheet_id, 0),
            asked=asked.get(sheet_id, 0),
        )
        for sheet_id in ids
    }


def _day_caps(ids: list[int]) -> sa.Select[int, int]:
    """The hours a day that the person had accepted when they worked."""
    accepted = (
        sa.select(Segment.timesheet_id, sa.func.max(Terms.day_cap_seconds))
        .join(Terms, Terms.id == Segment.terms_id)
        .where(Segment.timesheet_id.in_(ids))
    )
    return accepted.group_by(Segment.timesheet_id)


def _by_sheet(session: Session, query: sa.Select[int, Any]) -> dict[int, Any]:
    return dict(session.execute(query).all())


def _credited(ids: list[int]) -> sa.Select[int, float]:
    found = sa.select(Segment.timesheet_id, SECONDS).where(Segment.timesheet_id.in_(ids))
    return found.group_by(Segment.timesheet_id)


def _by_day(project: Project, ids: list[int]) -> sa.Select[int, Any, float]:
    """Credited seconds by local day of the payroll zone; segments are cut at its midnights."""
    day = sa.cast(sa.func.timezone(project.payroll_zone, Segment.started_at), sa.Date)
    total = sa.cast(sa.func.sum(_LENGTH), sa.Double)
    found = sa.select(Segment.timesheet_id, day.label("day"), total)
    return found.where(Segment.timesheet_id.in_(ids)).group_by(
        Segment.timesheet_id, sa.literal_column("day")
    )


def _judged(ids: list[int]) -> sa.Select[int, int]:
    """Judgments of the person in the project within the sheet's week."""
    within = sa.and_(
        Judgment.expert_id == Timesheet.expert_id,
        Judgment.submitted_at >= Timesheet.starts_at,
        Judgment.submitted_at < Timesheet.ends_at,
    )
    found = sa.select(Timesheet.id, sa.func.count()).join(Judgment, within)
    here = found.join(Pool, Pool.id == Judgment.pool_id)
    return here.where(Timesheet.id.in_(ids), Pool.project_id == Timesheet.project_id).group_by(
        Timesheet.id
    )


def _asked(ids: list[int]) -> sa.Select[int, int]:
    found = sa.select(Adjustment.timesheet_id, sa.func.count())
    waiting_ones = Adjustment.state == AdjustmentState.ASKED
    return found.where(Adjustment.timesheet_id.in_(ids), waiting_ones).group_by(
        Adjustment.timesheet_id
    )
