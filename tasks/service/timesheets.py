"""Timesheets from their first segment to the lock, and adjustments to them."""

from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit
from portal.db import lock
from portal.decisions import Decision, Outcome, decide
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import uuid7
from tasks.credit import midnight, monday, week_bounds
from tasks.models import (
    Adjustment,
    AdjustmentState,
    Project,
    Terms,
    Timesheet,
    TimesheetState,
)
from tasks.queries import projects as project_queries
from tasks.queries import time as queries
from tasks.terms import hourly_at

_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
REFUSED: Final = "tasks.adjustment"
WORKING_DAYS: Final = 3
"""A timesheet that nobody decides on within these is approved."""


def sheet_for(
    session: Session, *, expert_id: int, project: Project, day: date, now: datetime
) -> Timesheet:
    """The open sheet for a day's week, begun where there is none. Holds it open until the commit."""
    week = monday(day)
    of_week = sa.select(Timesheet).where(
        Timesheet.expert_id == expert_id, Timesheet.project_id == project.id, Timesheet.week == week
    )
    unsubmitted = of_week.where(Timesheet.state == TimesheetState.OPEN)
    if found := session.scalar(unsubmitted.with_for_update(read=True)):
        return found
    parts = session.scalar(of_week.with_only_columns(sa.func.max(Timesheet.part)))
    starts_at, ends_at = week_bounds(week, project.zone)
    sheet = Timesheet(
        public_id=uuid7(now),
        expert_id=expert_id,
        project_id=project.id,
        week=week,
        starts_at=starts_at,
        ends_at=ends_at,
        opened_at=now,
        part=(parts or 0) + 1,
    )
    session.add(sheet)
    session.flush()
    return sheet


def submit(session: Session, sheet: Timesheet, *, now: datetime) -> None:
    """Hand a sheet in. What is worked in the same week afterwards goes into its next part."""
    lock(session, sheet)
    sheet.submit(now=now)
    _note(session, sheet, "timesheet.submitted", sheet.expert_id, now)


def approve(session: Session, sheet: Timesheet, *, by: int, now: datetime) -> None:
    """Approve the time for pay. Raises `Forbidden` for one's own, `Conflict` while questions are open."""
    lock(session, sheet)
    if by == sheet.expert_id:
        raise Forbidden("Nobody approves their own time.")
    if _asked(session, sheet):
        raise Conflict("Decide on the adjustments of this timesheet first.")
    sheet.approve(by=by, now=now)
    _note(session, sheet, "timesheet.approved", by, now)


def give_back(session: Session, sheet: Timesheet, *, by: int, reason: str, now: datetime) -> None:
    """Ask the expert to look at a sheet again. Takes nothing away: its time stays on it."""
    lock(session, sheet)
    if by == sheet.expert_id:
        raise Forbidden("Nobody decides on their own time.")
    if not reason.strip():
        raise Invalid("Say what the expert should look at.")
    if session.scalar(sa.select(_open_part(sheet).exists())):
        raise Conflict(
            "The week went on in another part since this was handed in."
            " Approve this part; what is wrong with it is put right by an adjustment."
        )
    sheet.give_back(reason=reason.strip())
    _note(session, sheet, "timesheet.given_back", by, now)


def approve_overdue(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Approve what has waited 3 working days; gives how many. Safe to run twice.

    Open adjustments are approved with the sheet: silence never decides against a person. Each has
    had the same 3 days for somebody to look: one asked for later makes its sheet wait as long.
    """
    since = working_days_before(now, WORKING_DAYS)
    approved = 0
    for sheet in session.scalars(_waiting_since(since, limit)).all():
        asked = [lock(session, adjustment) for adjustment in _asked(session, sheet)]
        if any(one.requested_at > since for one in asked):
            continue  # asked for while we came to lock the sheet
        for adjustment in asked:
            if adjustment.state is AdjustmentState.ASKED:  # else decided on while we waited
                adjustment.approve_by_rule(now=now)
        session.flush()
        sheet.approve(by=None, now=now)
        _note(session, sheet, "timesheet.approved_by_rule", None, now)
        approved += 1
    return approved


def lock_for_pay(session: Session, sheet: Timesheet, *, now: datetime) -> None:
    """Put an approved sheet on a statement: nothing enters it any more, in the database too."""
    lock(session, sheet)
    sheet.lock(now=now)
    session.flush()
    _note(session, sheet, "timesheet.locked", None, now)


def adjust(
    session: Session,
    sheet: Timesheet,
    *,
    seconds: int,
    work_day: date,
    reason: str,
    requested_by: int,
    now: datetime,
    terms: Terms | None = None,
) -> Adjustment:
    """Ask for time that the clock did not see, or that it saw wrongly; somebody else decides.

    Paid by `terms`, where the task it was for has them, else by those that held on the day.

    What comes too late for its sheet goes into the week that is open now and points at the original.
    """
    if not seconds or abs(seconds) > 24 * 3600:
        raise Invalid("An adjustment is at least one second and at most one day.")
    if not reason.strip():
        raise Invalid("Say what the time was for.")
    lock(session, sheet)
    project = session.get_one(Project, sheet.project_id)
    local = (
        sheet.starts_at.astimezone(project.zone).date(),
        sheet.ends_at.astimezone(project.zone).date(),
    )
    if not local[0] <= work_day < local[1]:
        raise Invalid("The day is not in this timesheet's week.")
    _refuse_impossible(session, sheet, project, work_day, seconds)
    target = sheet
    if sheet.state in {TimesheetState.APPROVED, TimesheetState.LOCKED}:
        today = now.astimezone(project.zone).date()
        target = sheet_for(session, expert_id=sheet.expert_id, project=project, day=today, now=now)
    adjustment = Adjustment(
        public_id=uuid7(now),
        timesheet_id=target.id,
        expert_id=sheet.expert_id,
        terms_id=(terms or _terms_of(session, sheet, project, work_day)).id,
        seconds=seconds,
        work_day=work_day,
        reason=reason.strip(),
        requested_by_id=requested_by,
        requested_at=now,
        original_id=None if target is sheet else sheet.id,
    )
    session.add(adjustment)
    session.flush()
    return adjustment


def approve_adjustment(session: Session, adjustment: Adjustment, *, by: int, now: datetime) -> None:
    """Let it count. Raises `Forbidden` for the expert's own or one's own request."""
    lock(session, adjustment)
    _refuse_own(adjustment, by)
    adjustment.approve(by=by, now=now)
    session.flush()


def refuse_adjustment(
    session: Session, adjustment: Adjustment, *, by: int, reason: str, now: datetime
) -> None:
    """Do not let it count, by a decision with a reason that the expert can appeal."""
    lock(session, adjustment)
    _refuse_own(adjustment, by)
    decision = decide(
        session,
        account_id=adjustment.expert_id,
        kind=REFUSED,
        outcome=Outcome.AGAINST,
        subject=("adjustment", adjustment.id),
        rule=("time the clock did not see", "1"),
        evidence={"seconds": adjustment.seconds, "timesheet": adjustment.timesheet_id},
        reason=reason,
        decided_by=by,
        now=now,
    )
    adjustment.refuse(by=by, decision_id=decision.id, now=now)
    session.flush()


def appeal_upheld(session: Session, decision: Decision, *, now: datetime) -> None:
    """The time does count: an approved adjustment in the week that is open now. Once, however often run."""
    refused = session.get_one(Adjustment, decision.subject_id)
    by_it = Adjustment.decision_id == decision.id
    counts = Adjustment.state == AdjustmentState.APPROVED
    if session.scalar(sa.select(Adjustment.id).where(by_it, counts)) is not None:
        return
    sheet = session.get_one(Timesheet, refused.timesheet_id)
    project = session.get_one(Project, sheet.project_id)
    today = now.astimezone(project.zone).date()
    target = sheet_for(session, expert_id=sheet.expert_id, project=project, day=today, now=now)
    counted = Adjustment(
        public_id=uuid7(now),
        timesheet_id=target.id,
        expert_id=refused.expert_id,
        terms_id=refused.terms_id,
        seconds=refused.seconds,
        work_day=refused.work_day,
        reason=refused.reason,
        requested_by_id=refused.requested_by_id,
        requested_at=refused.requested_at,
        original_id=None if target.id == sheet.id else sheet.id,
    )
    session.add(counted)
    session.flush()
    counted.approve_by_rule(now=now, decision_id=decision.id)
    session.flush()


def working_days_before(moment: datetime, days: int) -> datetime:
    """The instant so many working days (Monday to Friday, UTC) before."""
    while days:
        moment -= timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


def _asked(session: Session, sheet: Timesheet) -> list[Adjustment]:
    asked = queries.adjustments([sheet.id]).where(Adjustment.state == AdjustmentState.ASKED)
    return list(session.scalars(asked))


def _waiting_since(since: datetime, limit: int) -> sa.Select[Timesheet]:
    """Sheets that were handed in by then, less those with a question younger than that."""
    younger = sa.exists().where(
        Adjustment.timesheet_id == Timesheet.id,
        Adjustment.state == AdjustmentState.ASKED,
        Adjustment.requested_at > since,
    )
    return (
        sa.select(Timesheet)
        .where(Timesheet.state == TimesheetState.SUBMITTED)
        .where(Timesheet.submitted_at <= since, ~younger)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _open_part(sheet: Timesheet) -> sa.Select[Timesheet]:
    """The part of the sheet's week that is open now."""
    of_week = sa.select(Timesheet).where(
        Timesheet.expert_id == sheet.expert_id, Timesheet.project_id == sheet.project_id
    )
    return of_week.where(Timesheet.week == sheet.week, Timesheet.state == TimesheetState.OPEN)


def _refuse_impossible(
    session: Session, sheet: Timesheet, project: Project, work_day: date, seconds: int
) -> None:
    """No day has more time than it is long, with all that is credited and asked for already."""
    start, end = midnight(work_day, project.zone), midnight(work_day + _DAY, project.zone)
    worked = session.scalar(queries.credited(sheet.expert_id, start=start, end=end)) or 0
    asked = session.scalar(queries.asked_for(sheet.expert_id, work_day)) or 0
    if seconds > 0 and worked + asked + seconds > (end - start).total_seconds():
        raise Invalid("With the time that is counted already, that is more than the day has.")


def _terms_of(session: Session, sheet: Timesheet, project: Project, work_day: date) -> Terms:
    """The terms that held on the day: what was accepted later does not pay for it."""
    ends = midnight(work_day + _DAY, project.zone)
    terms = session.scalar(
        project_queries.terms_at(sheet.expert_id, sheet.project_id, ends)
    ) or session.scalar(project_queries.current_terms(sheet.expert_id, sheet.project_id))
    if terms is None:
        raise Conflict("There are no terms to pay this time by.")
    hourly_at(terms, ends - _MICROSECOND)  # what could never be paid is refused here
    return terms


def _refuse_own(adjustment: Adjustment, by: int) -> None:
    if by in {adjustment.expert_id, adjustment.requested_by_id}:
        raise Forbidden("Somebody else decides on this.")


def _note(session: Session, sheet: Timesheet, action: str, by: int | None, now: datetime) -> None:
    audit.record(session, actor=by, action=action, subject=("timesheet", sheet.id), now=now)
