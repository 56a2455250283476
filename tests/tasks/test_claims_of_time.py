"""Gaps the clock did not see: offered once the task is answered, added with one tap, never paid twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.ids import random_id
from tasks.credit import less
from tasks.models import (
    Adjustment,
    AdjustmentState,
    Assignment,
    ClaimState,
    Pool,
    Project,
    TimeClaim,
    Timesheet,
    WorkSession,
)
from tasks.service import claim, claims, clock, judge, timesheets
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_a_gap_while_a_task_was_held_is_offered_once_it_is_answered(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make)
    at = make.worked(live, seconds=30) + timedelta(seconds=200)
    judge.judge(session, held, {"choice": "tie"}, now=at)
    (claim,) = session.scalars(sa.select(TimeClaim)).all()
    assert (claim.started_at, claim.ended_at) == (now + timedelta(seconds=30), at)
    assert (claim.seconds, claim.state) == (200, ClaimState.OFFERED)
    assert session.scalars(sa.select(Adjustment)).all() == []


def test_nothing_is_offered_for_a_task_that_is_given_back(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make)
    judge.release(session, held, now=make.worked(live, seconds=30) + timedelta(hours=1))
    assert session.scalars(sa.select(TimeClaim)).all() == []


def test_it_is_at_most_the_tasks_planned_time_less_what_was_credited(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=300)
    at = make.worked(live, seconds=60) + timedelta(hours=3)
    judge.judge(session, held, {"choice": "tie"}, now=at)
    assert session.scalars(sa.select(TimeClaim.seconds)).one() == 240


def test_a_pause_made_by_hand_and_time_on_another_project_are_not_offered(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make)
    at = make.worked(live, seconds=30)
    clock.stop(session, live, now=at)
    project, expert = session.get_one(Project, live.project_id), person(session, live)
    again = make.work_session(project=project, expert=expert, started_at=at + timedelta(hours=1))
    judge.judge(session, held, {"choice": "tie"}, now=again.started_at + timedelta(seconds=20))
    assert session.scalars(sa.select(TimeClaim)).all() == []


def test_a_session_that_fell_silent_and_was_ended_is_a_gap_until_the_next_begins(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=3600)
    last = make.worked(live, seconds=30)
    clock.end_abandoned(session, now=last + timedelta(minutes=11))
    project, expert = session.get_one(Project, live.project_id), person(session, live)
    back = last + timedelta(minutes=20)
    make.work_session(project=project, expert=expert, started_at=back)
    judge.judge(session, held, {"choice": "tie"}, now=back + timedelta(seconds=40))
    (claim,) = session.scalars(sa.select(TimeClaim)).all()
    assert (claim.started_at, claim.ended_at, claim.seconds) == (last, back, 1200)


def test_one_gap_across_two_held_tasks_is_offered_once(
    session: Session, make: Make, now: datetime
) -> None:
    live, held = working(session, make, task_cap_seconds=3600)
    other = in_second_pool(session, make, live)
    at = make.worked(live, seconds=30) + timedelta(seconds=300)
    judge.judge(session, held, {"choice": "tie"}, now=at)
    judge.judge(session, other, {"choice": "tie"}, now=at)
    assert session.scalars(sa.select(TimeClaim.seconds)).all() == [300]


def test_one_tap_makes_it_an_approved_adjustment_and_a_second_changes_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    claim = offered(session, make, seconds=600)
    first = claims.take(session, claim, now=claim.offered_at)
    assert claims.take(session, claim, now=claim.offered_at) == first
    assert (first.seconds, first.state, first.decided_by_id) == (
        600,
        AdjustmentState.APPROVED,
        None,
    )
    assert (first.terms_id, first.work_day) == (claim.terms_id, claim.work_day)
    assert session.scalar(sa.select(sa.func.count()).select_from(Adjustment)) == 1


def test_beyond_half_an_hour_a_day_a_person_decides(
    session: Session, make: Make, now: datetime
) -> None:
    expert, project = make.expert(), make.project(tasks=3, task_cap_seconds=3600)
    states, at = [], now
    for seconds in (1000, 800, 1):
        claim, at = gap(session, make, project, expert, seconds=max(seconds, 80), at=at)
        claim.seconds = seconds
        states.append(claims.take(session, claim, now=at).state)
    assert states == [AdjustmentState.APPROVED, AdjustmentState.APPROVED, AdjustmentState.ASKED]


def test_the_allowance_is_the_one_of_the_terms_that_were_accepted(
    session: Session, make: Make, now: datetime
) -> None:
    expert, project = make.expert(), make.project(tasks=3, claim_day_seconds=0)
    make.terms(expert, project)
    project.claim_day_seconds = 7200
    claim, at = gap(session, make, project, expert, seconds=100, at=now)
    assert claims.take(session, claim, now=at).state is AdjustmentState.ASKED


def test_a_claim_taken_after_the_sheet_is_approved_enters_the_week_that_is_open_now(
    session: Session, make: Make, now: datetime
) -> None:
    claim = offered(session, make, seconds=300)
    sheet = session.scalars(sa.select(Timesheet)).one()
    timesheets.submit(session, sheet, now=claim.offered_at)
    timesheets.approve(session, sheet, by=make.account().id, now=claim.offered_at)
    later = now + timedelta(days=14)
    adjustment = claims.take(session, claim, now=later)
    assert adjustment.original_id == sheet.id
    assert adjustment.timesheet_id != sheet.id


def test_the_database_refuses_a_claim_of_time_that_was_credited_or_claimed(
    session: Session, make: Make, now: datetime
) -> None:
    claim = offered(session, make, seconds=300)
    for why, start, end in (
        ("credited already", claim.started_at - timedelta(seconds=1), claim.started_at),
        ("ex_time_claim", claim.started_at + timedelta(seconds=9), claim.ended_at),
    ):
        twin = TimeClaim(
            public_id=make.account().public_id,
            pool_id=claim.pool_id,
            task_id=claim.task_id,
            expert_id=claim.expert_id,
            terms_id=claim.terms_id,
            started_at=start,
            ended_at=end,
            seconds=1,
            work_day=claim.work_day,
            offered_at=now,
        )
        with session.begin_nested() as savepoint:
            session.add(twin)
            with pytest.raises(IntegrityError, match=why):
                session.flush()
            savepoint.rollback()


def test_spans_lose_what_others_have_taken(now: datetime) -> None:
    def at(*seconds: int) -> list[tuple[datetime, datetime]]:
        marks = [now + timedelta(seconds=each) for each in seconds]
        return list(zip(marks[::2], marks[1::2], strict=True))

    assert less(at(0, 100), at(20, 30, 90, 200)) == at(0, 20, 30, 90)
    assert less(at(0, 10, 20, 30), at(5, 25)) == at(0, 5, 25, 30)
    assert less(at(0, 10), at(0, 10)) == []
    assert less(at(0, 10), []) == at(0, 10)


def test_the_expert_sees_the_offer_and_adds_it_in_the_browser(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    claim = offered(session, make, seconds=300)
    browser = sign_in(session.get_one(Account, claim.expert_id))
    page = browser.get("/time/").text
    assert "5 m 00 s" in page
    assert "Add this time" in page
    place = f"/time/claims/{claim.public_id}"
    assert "It counts." in browser.post(place, follow_redirects=True).text
    assert "Add this time" not in browser.get("/time/").text
    stranger = sign_in(make.expert())
    assert stranger.post(place).status_code == 404


def test_the_workbench_offers_what_this_sitting_missed_and_leads_back_to_the_task(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    found = offered(session, make, seconds=300)
    project, expert = session.scalars(sa.select(Project)).one(), person_of(session, found)
    following = make.assignment(project=project, expert=expert, opened_at=found.offered_at)
    browser = sign_in(expert)
    page = browser.get(f"/work/{following.public_id}").text
    assert "The clock did not see 5 m 00 s" in page
    answer = browser.post(
        f"/time/claims/{found.public_id}", data={"back": str(following.public_id)}
    )
    assert answer.location == f"/work/{following.public_id}"
    assert "did not see" not in browser.get(f"/work/{following.public_id}").text


def working(
    session: Session, make: Make, *, task_cap_seconds: int = 900
) -> tuple[WorkSession, Assignment]:
    """A running clock and a task just taken."""
    project, expert = make.project(tasks=3, task_cap_seconds=task_cap_seconds), make.expert()
    live = make.work_session(project=project, expert=expert)
    return live, make.assignment(project=project, expert=expert)


def person(session: Session, live: WorkSession) -> Account:
    return session.get_one(Account, live.expert_id)


def person_of(session: Session, found: TimeClaim) -> Account:
    return session.get_one(Account, found.expert_id)


def offered(session: Session, make: Make, *, seconds: int) -> TimeClaim:
    """A gap of so long, offered."""
    live, held = working(session, make)
    at = make.worked(live, seconds=30) + timedelta(seconds=seconds)
    judge.judge(session, held, {"choice": "tie"}, now=at)
    return session.scalars(sa.select(TimeClaim)).one()


def gap(
    session: Session, make: Make, project: Project, expert: Account, *, seconds: int, at: datetime
) -> tuple[TimeClaim, datetime]:
    """One more of a person's, from a moment on."""
    live = make.work_session(project=project, expert=expert, started_at=at)
    held = make.assignment(project=project, expert=expert, opened_at=at)
    at = max(at, live.last_beat_at) + timedelta(seconds=seconds)
    judge.judge(session, held, {"choice": "tie"}, now=at)
    return session.scalars(sa.select(TimeClaim).order_by(TimeClaim.id.desc())).first(), at  # type: ignore[return-value]


def in_second_pool(session: Session, make: Make, live: WorkSession) -> Assignment:
    """A second task held in the same project, in a pool for another language."""
    project = session.get_one(Project, live.project_id)
    pool = Pool(project.id, "fr", None)
    session.add(pool)
    session.flush()
    task = make.task(session.get_one(Project, project.id), pool=pool)
    place = claim.enrol(session, expert_id=live.expert_id, pool=pool, now=make.now)
    found = claim.claim_next_task(
        session,
        enrolment=place,
        terms=make.terms(person(session, live), project),
        public_id=random_id(),
        now=make.now,
    )
    assert isinstance(found, Assignment)
    assert found.task_id == task.id
    return found
