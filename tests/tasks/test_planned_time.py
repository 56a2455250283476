"""A task's planned time: the clock credits no more, asks in time, and more is granted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, appeals
from portal.errors import Conflict, Forbidden
from tasks import jobs
from tasks.credit import idle_limit, words
from tasks.models import (
    Adjustment,
    AdjustmentState,
    Assignment,
    Draft,
    Extension,
    ExtensionState,
    Heartbeat,
    Project,
    WorkSession,
)
from tasks.queries import clock as queries
from tasks.service import clock, extensions, judge, planned
from tasks.service.clock import ClockState
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
MINUTE = timedelta(minutes=1)


def test_the_clock_credits_a_task_no_more_than_was_planned_and_says_so(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=100)
    make.worked(live, seconds=90)
    told = beat(session, live, now + timedelta(seconds=120))
    assert (told.state, told.credited) == (ClockState.CAPPED, timedelta(seconds=10))
    assert spent(session, held) == timedelta(seconds=100)
    assert beat(session, live, now + timedelta(seconds=150)).credited == timedelta(0)
    beyond = session.scalars(sa.select(Heartbeat.capped_seconds).order_by(Heartbeat.id)).all()
    assert beyond[-2:] == [20, 30]


def test_the_next_task_has_its_own_time(session: Session, make: Make, now: datetime) -> None:
    live, held = working(session, make, task_cap_seconds=60)
    at = make.worked(live, seconds=90)
    judge.judge(session, held, {"choice": "tie"}, now=at)
    project = session.scalars(sa.select(Project)).one()
    expert = session.get_one(Account, live.expert_id)
    following = make.assignment(project=project, expert=expert, opened_at=at)
    make.worked(live, seconds=30)
    assert spent(session, following) == timedelta(seconds=30)


def test_time_goes_on_falling_to_a_task_whose_hold_ran_out_within_the_session(
    session: Session, make: Make, now: datetime
) -> None:
    """Else an expired hold would be a way round the planned time."""
    live, held = working(session, make, task_cap_seconds=100, hold_seconds=100)
    at = make.worked(live, seconds=90)
    judge.expire_overdue(session, now=now + timedelta(seconds=101))
    make.worked(live, seconds=60)
    assert spent(session, held) == timedelta(seconds=100)
    late = judge.judge(session, held, {"choice": "tie"}, now=at + MINUTE)
    assert (late.late, late.active_seconds) == (True, 100)


def test_the_rule_grants_half_again_from_the_reserve_twice(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=100, reserve_seconds=1000)
    for _ in range(2):
        asked = extensions.ask(session, held, reason="", now=now)
        assert (asked.state, asked.seconds, asked.decided_by_id) == (
            ExtensionState.GRANTED,
            60,
            None,
        )
    third = extensions.ask(session, held, reason="A long case.", now=now)
    assert third.state is ExtensionState.ASKED
    assert extensions.ask(session, held, reason="", now=now) == third
    make.worked(live, seconds=300)
    assert spent(session, held) == timedelta(seconds=220)


def test_where_the_reserve_is_empty_a_person_decides_and_what_was_worked_meanwhile_is_added(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=100, reserve_seconds=59)
    asked = extensions.ask(session, held, reason="", now=now)
    assert asked.state is ExtensionState.ASKED
    make.worked(live, seconds=145)
    manager = make.account(Role.MANAGER).id
    with pytest.raises(Forbidden):
        extensions.grant(session, asked, by=live.expert_id, now=now)
    extensions.grant(session, asked, by=manager, now=now)
    (added,) = session.scalars(sa.select(Adjustment)).all()
    assert (added.seconds, added.state, added.decided_by_id) == (
        45,
        AdjustmentState.APPROVED,
        manager,
    )
    make.worked(live, seconds=60)
    assert spent(session, held) == timedelta(seconds=115)  # of the 60, 45 were the adjustment


def test_what_nobody_decides_on_is_granted_after_three_working_days(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=100, reserve_seconds=0)
    extensions.ask(session, held, reason="", now=now)
    make.worked(live, seconds=130)
    judge.judge(session, held, {"choice": "tie"}, now=now + timedelta(seconds=130))
    assert extensions.grant_overdue(session, now=now + timedelta(days=2)) == 0
    assert extensions.grant_overdue(session, now=now + timedelta(days=3)) == 1
    assert extensions.grant_overdue(session, now=now + timedelta(days=3)) == 0
    (added,) = session.scalars(sa.select(Adjustment)).all()
    assert (added.seconds, added.state) == (30, AdjustmentState.APPROVED)


def test_a_refusal_can_be_appealed_and_an_upheld_appeal_pays_the_difference_once(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=100, reserve_seconds=0)
    asked = extensions.ask(session, held, reason="", now=now)
    make.worked(live, seconds=130)
    extensions.refuse(session, asked, by=make.account().id, reason="Short case.", now=now)
    assert session.scalars(sa.select(Adjustment)).all() == []
    decision = session.scalars(sa.select(Decision)).one()
    appeal = appeals.make(session, decision, words="It was not short.", now=now)
    appeals.uphold(session, appeal, by=make.account(Role.REVIEWER).id, answer="True.", now=now)
    jobs.appeal_upheld(appeal.id)
    jobs.appeal_upheld(appeal.id)
    session.expire_all()
    (added,) = session.scalars(sa.select(Adjustment)).all()
    assert (added.seconds, added.state) == (30, AdjustmentState.APPROVED)


def test_a_task_that_is_given_back_needs_no_more_time(
    session: Session, make: Make, now: datetime
) -> None:
    _live, held = working(session, make)
    judge.release(session, held, now=now)
    with pytest.raises(Conflict):
        extensions.ask(session, held, reason="", now=now)


def test_the_database_lets_nobody_grant_themself_time(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, reserve_seconds=0)
    asked = extensions.ask(session, held, reason="", now=now)
    asked.grant(by=live.expert_id, backfilled=0, now=now)
    with pytest.raises(IntegrityError, match="decided_by_another"):
        session.flush()


@pytest.mark.parametrize(
    ("text", "limit"), [(0, 120), (240, 120), (241, 120.5), (1000, 500), (7200, 3600)]
)
def test_careful_reading_is_not_idling(text: int, limit: float) -> None:
    """1.5 times the reading time at 180 words a minute is half a second a word."""
    assert idle_limit(120, words=text) == timedelta(seconds=limit)


def test_words_are_counted_in_any_script() -> None:
    assert words({"a": "one two", "b": ["three", None, 4], "c": {"d": "  "}}) == 3
    assert words("審査の方針") == 3 + 1  # five characters, half a word each, and one run of text
    assert words("") == 0


def test_a_long_text_may_be_read_without_a_sign(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(task_cap_seconds=3600), make.expert()
    make.task(project, payload={"prompt": "word " * 600, "context": None, "a": "x", "b": "y"})
    live = make.work_session(project=project, expert=expert, started_at=now - timedelta(hours=1))
    live.last_beat_at = now
    held = make.assignment(project=project, expert=expert)
    told = clock.beat(session, live, epoch=1, seq=1, idle_seconds=290, now=now + MINUTE)
    assert (told.state, told.credited) == (ClockState.COUNTING, MINUTE)
    told = clock.beat(session, live, epoch=1, seq=2, idle_seconds=320, now=now + 2 * MINUTE)
    assert told.state is ClockState.IDLE
    assert told.credited == timedelta(seconds=60 - (320 - 301))
    assert planned.may_read(session, make.terms(expert, project), held) == timedelta(seconds=301)


def test_the_workbench_says_the_planned_time_and_asks_at_four_fifths(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=100)
    browser = sign_in(session.get_one(Account, live.expert_id))
    place = f"/work/{held.public_id}"
    assert ASKS_HIDDEN in browser.get(place).text
    make.worked(live, seconds=80)
    page = browser.get(place).text
    assert ASKS_HIDDEN not in page
    assert "1 m 20 s" in page
    asked = browser.post(f"{place}/more-time", data={"reason": "half"}, follow_redirects=True)
    assert "You have more time" in asked.text
    assert "2 m 40 s" in asked.text
    assert session.scalars(sa.select(Draft.entries)).one() == {"reason": "half"}
    assert session.scalars(sa.select(Extension.state)).one() is ExtensionState.GRANTED


ASKS_HIDDEN = 'data-clock-ask="time" hidden'


def working(
    session: Session,
    make: Make,
    **fields: Any,  # noqa: ANN401  as the model has them
) -> tuple[WorkSession, Assignment]:
    """A running clock and a task just taken."""
    project, expert = make.project(tasks=3, **fields), make.expert()
    live = make.work_session(project=project, expert=expert)
    return live, make.assignment(project=project, expert=expert)


def beat(session: Session, live: WorkSession, at: datetime) -> clock.Beaten:
    return clock.beat(
        session, live, epoch=live.epoch, seq=live.last_seq + 1, idle_seconds=0, now=at
    )


def spent(session: Session, held: Assignment) -> object:
    return session.scalar(queries.spent_on(held))
