"""The work clock on the database."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.ids import random_id
from tasks.models import Activity, Heartbeat, Segment, SessionEnd, Timesheet, WorkSession
from tasks.queries import time as time_queries
from tasks.service import clock
from tasks.service.clock import ClockState
from tests.make import Make


def test_beats_credit_the_time_between_them(session: Session, make: Make, now: datetime) -> None:
    live = make.work_session()
    make.worked(live, seconds=95)
    assert credited(session) == timedelta(seconds=95)
    assert ends_meet(session)


def test_a_beat_sent_again_credits_nothing(session: Session, make: Make, now: datetime) -> None:
    live = make.work_session()
    first = beat(session, live, 1, now + timedelta(seconds=30))
    again = beat(session, live, 1, now + timedelta(seconds=35))
    assert (first.credited, again.credited) == (timedelta(seconds=30), timedelta(0))
    beat(session, live, 3, now + timedelta(seconds=60))
    late = beat(session, live, 2, now + timedelta(seconds=70))
    assert late.credited == timedelta(0)
    assert credited(session) == timedelta(seconds=60)


def test_sleep_credits_nothing_and_the_clock_goes_on(
    session: Session, make: Make, now: datetime
) -> None:
    live = make.work_session()
    woken = beat(session, live, 1, now + timedelta(hours=2))
    after = beat(session, live, 2, now + timedelta(hours=2, seconds=30))
    assert (woken.credited, after.credited) == (timedelta(0), timedelta(seconds=30))


def test_idleness_beyond_the_limit_is_not_credited_and_said(
    session: Session, make: Make, now: datetime
) -> None:
    live = make.work_session(started_at=now - timedelta(hours=1))
    live.last_beat_at = now
    found = clock.beat(
        session, live, epoch=1, seq=1, idle_seconds=130, now=now + timedelta(seconds=30)
    )
    assert found == clock.Beaten(ClockState.IDLE, timedelta(seconds=20))
    assert session.scalars(sa.select(Heartbeat.idle_seconds)).one() == 130


def test_a_second_tab_takes_the_clock_over_and_the_first_is_told(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(), make.expert()
    first = make.work_session(project=project, expert=expert)
    epoch = first.epoch
    second = make.work_session(
        project=project, expert=expert, started_at=now + timedelta(seconds=10)
    )
    assert (second.id, second.epoch) == (first.id, epoch + 1)
    told = clock.beat(
        session, first, epoch=epoch, seq=1, idle_seconds=0, now=now + timedelta(seconds=30)
    )
    assert told == clock.Beaten(ClockState.TAKEN_OVER, timedelta(0))
    assert beat(session, second, 1, now + timedelta(seconds=30)).credited == timedelta(seconds=20)


def test_work_on_another_project_ends_the_session_of_the_first(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.expert()
    first = make.work_session(expert=expert)
    second = make.work_session(expert=expert)
    assert (first.end_reason, second.ended_at) == (SessionEnd.MOVED, None)
    told = beat(session, first, 1, now + timedelta(seconds=30))
    assert told == clock.Beaten(ClockState.ENDED, timedelta(0))


def test_the_database_refuses_a_second_live_session(
    session: Session, make: Make, now: datetime
) -> None:
    live = make.work_session()
    twin = WorkSession(random_id(), live.expert_id, live.project_id, live.terms_id, now, now)
    session.add(twin)
    with pytest.raises(IntegrityError, match="uq_work_session_live"):
        session.flush()


def test_the_database_refuses_to_pay_a_second_twice(
    session: Session, make: Make, now: datetime
) -> None:
    live = make.work_session()
    make.worked(live, seconds=30)
    mine = session.scalars(sa.select(Segment)).one()
    begin = now + timedelta(seconds=29)
    again = Segment(
        live.expert_id, live.id, mine.timesheet_id, live.terms_id, begin, begin + timedelta(seconds=9), Activity.READING
    )  # fmt: skip
    session.add(again)
    with pytest.raises(IntegrityError, match="ex_segment_no_overlap"):
        session.flush()


def test_segments_cannot_be_changed(session: Session, make: Make, now: datetime) -> None:
    make.worked(make.work_session(), seconds=30)
    for change in ("UPDATE segment SET activity = 'training'", "DELETE FROM segment"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(sa.text(change))


def test_time_on_a_task_is_the_tasks_and_the_rest_is_reading(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    live = make.work_session(project=project, expert=expert)
    make.worked(live, seconds=30)
    assignment = make.assignment(project=project, expert=expert)
    make.worked(live, seconds=60)
    found = session.execute(
        sa.select(Segment.activity, Segment.task_id).order_by(Segment.started_at)
    ).all()
    mine = (Activity.TASK, assignment.task_id)
    assert [tuple(row) for row in found] == [(Activity.READING, None), mine, mine]


def test_a_segment_over_local_midnight_is_cut_and_goes_into_two_weeks(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(payroll_zone="Africa/Lagos")
    sunday = datetime.fromisoformat("2026-11-22T22:59:40+00:00")
    live = make.work_session(project=project, started_at=sunday)
    beat(session, live, 1, sunday + timedelta(seconds=30))
    sheets = session.scalars(sa.select(Timesheet).order_by(Timesheet.week)).all()
    lengths = [
        segment.ended_at - segment.started_at
        for sheet in sheets
        for segment in session.scalars(time_queries.segments(sheet.id))
    ]
    assert [sheet.week.isoformat() for sheet in sheets] == ["2026-11-16", "2026-11-23"]
    assert lengths == [timedelta(seconds=20), timedelta(seconds=10)]


def test_a_silent_session_is_ended_without_credit(
    session: Session, make: Make, now: datetime
) -> None:
    live = make.work_session()
    assert clock.end_abandoned(session, now=now + timedelta(minutes=10)) == 0
    assert clock.end_abandoned(session, now=now + timedelta(minutes=10, seconds=1)) == 1
    assert (live.end_reason, credited(session)) == (SessionEnd.ABANDONED, timedelta(0))


def test_stopping_credits_up_to_the_stop(session: Session, make: Make, now: datetime) -> None:
    live = make.work_session()
    clock.stop(session, live, now=now + timedelta(seconds=17))
    clock.stop(session, live, now=now + timedelta(seconds=30))
    assert (live.end_reason, credited(session)) == (SessionEnd.ENDED, timedelta(seconds=17))


def beat(session: Session, live: WorkSession, seq: int, now: datetime) -> clock.Beaten:
    return clock.beat(session, live, epoch=live.epoch, seq=seq, idle_seconds=0, now=now)


def credited(session: Session) -> timedelta:
    rows = session.execute(sa.select(Segment.started_at, Segment.ended_at))
    return sum((end - start for start, end in rows), timedelta(0))


def ends_meet(session: Session) -> bool:
    rows = session.execute(
        sa.select(Segment.started_at, Segment.ended_at).order_by(Segment.started_at)
    ).all()  # fmt: skip
    return all(left[1] == right[0] for left, right in pairwise(rows))
