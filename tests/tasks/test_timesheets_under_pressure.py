"""Timesheets when the clock, the expert and the manager act close together."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid
from tasks.models import AdjustmentState, Timesheet, TimesheetState
from tasks.service import projects, timesheets
from tests.make import Make


def test_time_asked_for_at_the_last_minute_is_not_approved_by_the_rule(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(submitted=True, seconds=60)
    later = now + timedelta(days=4)
    asked = timesheets.adjust(
        session,
        sheet,
        seconds=20 * 3600,
        work_day=now.date(),
        reason="All day",
        requested_by=sheet.expert_id,
        now=later,
    )
    assert timesheets.approve_overdue(session, now=later + timedelta(minutes=1)) == 0
    assert (sheet.state, asked.state) == (TimesheetState.SUBMITTED, AdjustmentState.ASKED)
    assert timesheets.approve_overdue(session, now=later + timedelta(days=5)) == 1
    assert asked.state is AdjustmentState.APPROVED


def test_a_sheet_whose_week_went_on_is_not_given_back_but_says_so(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(), make.expert()
    live = make.work_session(project=project, expert=expert)
    make.worked(live, seconds=60)
    (first,) = session.scalars(sa.select(Timesheet))
    timesheets.submit(session, first, now=now)
    make.worked(live, seconds=30)
    with pytest.raises(Conflict, match="went on"):
        timesheets.give_back(session, first, by=make.account().id, reason="Two days?", now=now)


def test_time_asked_for_is_paid_by_the_terms_of_its_day(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(hourly_minor=3000), make.expert()
    sheet = make.timesheet(project=project, expert=expert, seconds=60)
    make.now = now + timedelta(days=2)
    projects.publish_rates(
        session, project, [projects.Price(9000, starts_at=make.now)], now=make.now
    )
    newer = make.terms(expert, project)
    asked = timesheets.adjust(
        session,
        sheet,
        seconds=3600,
        work_day=now.date(),
        reason="A call",
        requested_by=expert.id,
        now=make.now,
    )
    assert asked.terms_id != newer.id


def test_a_day_has_no_more_time_than_it_is_long(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(seconds=600)

    def ask(hours: int) -> None:
        timesheets.adjust(
            session,
            sheet,
            seconds=hours * 3600,
            work_day=now.date(),
            reason="A call",
            requested_by=sheet.expert_id,
            now=now,
        )

    ask(12)
    ask(11)
    with pytest.raises(Invalid, match="more than the day has"):
        ask(1)
