"""Timesheets from the first segment to the lock."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.decisions import Decision, Outcome
from portal.errors import Conflict, Forbidden, Invalid
from tasks.models import Adjustment, AdjustmentState, Segment, Timesheet, TimesheetState
from tasks.queries import time as queries
from tasks.service import clock, timesheets
from tests.make import Make


def test_work_after_handing_in_goes_into_the_weeks_next_part(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(), make.expert()
    live = make.work_session(project=project, expert=expert)
    make.worked(live, seconds=60)
    (first,) = sheets(session)
    timesheets.submit(session, first, now=now)
    make.worked(live, seconds=30)
    assert [(sheet.part, seconds(session, sheet)) for sheet in sheets(session)] == [
        (1, 60),
        (2, 30),
    ]


def test_nobody_approves_their_own_time(session: Session, make: Make, now: datetime) -> None:
    sheet = make.timesheet(submitted=True, seconds=60)
    with pytest.raises(Forbidden):
        timesheets.approve(session, sheet, by=sheet.expert_id, now=now)
    sheet.approve(by=sheet.expert_id, now=now)
    with pytest.raises(IntegrityError, match="nobody_approves_own"):
        session.flush()


def test_only_what_was_handed_in_is_approved(session: Session, make: Make, now: datetime) -> None:
    sheet = make.timesheet(seconds=60)
    with pytest.raises(Conflict):
        timesheets.approve(session, sheet, by=make.account().id, now=now)


def test_a_sheet_given_back_says_why_and_can_be_handed_in_again(
    session: Session, make: Make, now: datetime
) -> None:
    sheet, manager = make.timesheet(submitted=True, seconds=60), make.account()
    with pytest.raises(Invalid):
        timesheets.give_back(session, sheet, by=manager.id, reason=" ", now=now)
    timesheets.give_back(session, sheet, by=manager.id, reason="Two days?", now=now)
    assert (sheet.state, sheet.returned_reason) == (TimesheetState.OPEN, "Two days?")
    timesheets.submit(session, sheet, now=now)
    timesheets.approve(session, sheet, by=manager.id, now=now)
    assert seconds(session, sheet) == 60


def test_silence_approves_after_three_working_days(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(submitted=True, seconds=60)
    asked = adjustment(session, make, sheet, now)
    handed_in = sheet.submitted_at
    assert handed_in is not None
    due = handed_in + timedelta(days=3)
    assert timesheets.approve_overdue(session, now=due - timedelta(seconds=1)) == 0
    assert [timesheets.approve_overdue(session, now=due) for _ in range(2)] == [1, 0]
    assert (sheet.state, sheet.approved_by_id) == (TimesheetState.APPROVED, None)
    assert asked.state is AdjustmentState.APPROVED


@pytest.mark.parametrize(("day", "before"), [(24, 19), (23, 18), (21, 18), (22, 18), (27, 24)])
def test_working_days_leave_the_weekend_out(day: int, before: int) -> None:
    moment = datetime(2026, 11, day, 9, tzinfo=UTC)
    assert timesheets.working_days_before(moment, 3) == datetime(2026, 11, before, 9, tzinfo=UTC)


def test_nothing_enters_or_changes_a_locked_sheet(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(submitted=True, seconds=60)
    timesheets.approve(session, sheet, by=make.account().id, now=now)
    timesheets.lock_for_pay(session, sheet, now=now)
    segment = session.scalars(sa.select(Segment)).first()
    assert segment is not None
    late = (
        f"INSERT INTO segment (expert_id, session_id, timesheet_id, terms_id, started_at, ended_at, activity)"
        f" SELECT expert_id, session_id, timesheet_id, terms_id, ended_at + interval '1 h', ended_at + interval '2 h', activity"
        f" FROM segment WHERE id = {segment.id}"
    )
    for change in (
        late,
        "UPDATE timesheet SET state = 'approved', locked_at = NULL",
        "DELETE FROM timesheet",
        f"INSERT INTO adjustment SELECT 1, gen_random_uuid(), id, expert_id, {segment.terms_id}, 60, week, 'late', expert_id, now(), NULL, 'asked' FROM timesheet",
    ):
        with pytest.raises(IntegrityError, match=r"locked|not open"), session.begin_nested():
            session.execute(sa.text(change))


def test_an_adjustment_is_decided_by_somebody_else(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(seconds=60)
    asked = adjustment(session, make, sheet, now)
    with pytest.raises(Forbidden):
        timesheets.approve_adjustment(session, asked, by=sheet.expert_id, now=now)
    timesheets.approve_adjustment(session, asked, by=make.account().id, now=now)
    assert asked.state is AdjustmentState.APPROVED
    with pytest.raises(IntegrityError, match="settled"), session.begin_nested():
        session.execute(sa.text("UPDATE adjustment SET seconds = 9"))


def test_a_refused_adjustment_is_a_decision_with_a_reason(
    session: Session, make: Make, now: datetime
) -> None:
    asked = adjustment(session, make, make.timesheet(seconds=60), now)
    manager = make.account()
    with pytest.raises(Invalid):
        timesheets.refuse_adjustment(session, asked, by=manager.id, reason="", now=now)
    timesheets.refuse_adjustment(session, asked, by=manager.id, reason="Paid already.", now=now)
    decision = session.scalars(sa.select(Decision)).one()
    assert (decision.outcome, asked.decision_id) == (Outcome.AGAINST, decision.id)
    assert decision.appeal_until is not None


def test_open_adjustments_keep_a_sheet_from_being_approved(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(submitted=True, seconds=60)
    adjustment(session, make, sheet, now)
    with pytest.raises(Conflict, match="Decide on the adjustments"):
        timesheets.approve(session, sheet, by=make.account().id, now=now)


def test_what_comes_too_late_goes_into_the_open_week_and_points_back(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(submitted=True, seconds=60)
    timesheets.approve(session, sheet, by=make.account().id, now=now)
    asked = adjustment(session, make, sheet, now)
    assert (asked.original_id, asked.timesheet_id == sheet.id) == (sheet.id, False)


@pytest.mark.parametrize(
    ("length", "day", "reason"), [(0, 0, "x"), (90_000, 0, "x"), (60, 9, "x"), (60, 0, " ")]
)
def test_a_senseless_adjustment_is_refused(
    session: Session, make: Make, now: datetime, length: int, day: int, reason: str
) -> None:
    sheet = make.timesheet(seconds=60)
    with pytest.raises(Invalid):
        timesheets.adjust(
            session,
            sheet,
            seconds=length,
            work_day=sheet.week + timedelta(days=day),
            reason=reason,
            requested_by=sheet.expert_id,
            now=now,
        )


def test_a_week_begins_where_the_payroll_zone_is(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(project=make.project(payroll_zone="Asia/Kathmandu"), seconds=60)
    assert sheet.week == date(2026, 11, 23)
    assert sheet.starts_at == datetime(2026, 11, 22, 18, 15, tzinfo=UTC)


def test_the_week_by_days_adds_up(session: Session, make: Make, now: datetime) -> None:
    live = make.work_session()
    make.worked(live, seconds=90)
    clock.stop(session, live, now=now + timedelta(seconds=90))
    marks = [now + timedelta(seconds=45 * number) for number in range(4)]
    found = session.execute(queries.seconds_between(live.expert_id, marks)).one()
    assert tuple(found) == (45.0, 45.0, 0.0)


def adjustment(session: Session, make: Make, sheet: Timesheet, now: datetime) -> Adjustment:
    return timesheets.adjust(
        session,
        sheet,
        seconds=600,
        work_day=sheet.week,
        reason="Power cut.",
        requested_by=sheet.expert_id,
        now=now,
    )


def sheets(session: Session) -> list[Timesheet]:
    return list(session.scalars(sa.select(Timesheet).order_by(Timesheet.part)))


def seconds(session: Session, sheet: Timesheet) -> float:
    return dict(session.execute(queries.seconds_by_timesheet([sheet.id])).all()).get(sheet.id, 0.0)
