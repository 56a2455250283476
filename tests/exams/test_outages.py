"""Our outages give their time back by themselves; a person's own earn one fresh sitting on request."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams import jobs, probe
from exams.models import Attempt, AttemptState, EventKind, ServicePulse, Signal, VoidCause
from exams.queries import attempts as queries
from exams.service import attempts, outages, sheet, starting
from exams.service.attempts import Context
from exams.service.events import Where
from portal import clock
from portal.accounts.models import Account
from portal.errors import Conflict
from portal.ids import random_id
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
MINUTE = timedelta(minutes=1)


def beat(session: Session, at: datetime, *, web: bool = True) -> outages.Gap | None:
    """One pulse."""
    return outages.beat(session, web=web, now=at)


def outage(session: Session, start: datetime, end: datetime) -> outages.Gap:
    """A gap between two pulses."""
    beat(session, start)
    gap = beat(session, end)
    assert gap is not None
    return gap


def give(session: Session, gap: outages.Gap) -> None:
    """What the sweep does with it."""
    for attempt in session.scalars(outages.under_way(gap)):
        outages.give_back(session, attempt, now=gap.end, gap=gap)
    session.flush()


def test_a_gap_between_pulses_is_given_back_to_the_second(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt()
    give(session, outage(session, now + 5 * MINUTE, now + timedelta(minutes=12, seconds=17)))
    assert attempt.deadline == now + timedelta(minutes=52, seconds=17)
    events = list(session.scalars(queries.events(attempt.id)))
    assert sheet.read(events).clock.deadline == attempt.deadline
    assert sheet.first_break(events) is None


def test_only_the_part_after_the_start_counts(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt()
    give(session, outage(session, now - 30 * MINUTE, now + 3 * MINUTE))
    assert attempt.deadline == now + 48 * MINUTE


def test_what_began_after_the_deadline_gives_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt()
    give(session, outage(session, now + 46 * MINUTE, now + 80 * MINUTE))
    assert attempt.deadline == now + 45 * MINUTE


def test_nothing_is_given_twice(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt()
    gap = outage(session, now + 5 * MINUTE, now + 12 * MINUTE)
    give(session, gap)
    give(session, gap)
    assert attempt.deadline == now + 52 * MINUTE


def test_one_lost_pulse_is_no_outage(session: Session, make: Make, now: datetime) -> None:
    beat(session, now)
    assert beat(session, now + 2 * MINUTE) is None


def test_a_moved_clock_is_no_outage(session: Session, now: datetime) -> None:
    beat(session, now)
    clock.shift(session, timedelta(hours=3))
    session.flush()
    assert beat(session, now + timedelta(hours=3)) is None


def test_a_web_that_was_never_reached_from_here_does_not_count_as_gone(
    session: Session, now: datetime
) -> None:
    for number in range(5):
        assert beat(session, now + number * MINUTE, web=False) is None


def test_once_reached_a_web_that_does_not_answer_is_an_outage(
    session: Session, make: Make, now: datetime
) -> None:
    beat(session, now)
    for number in range(1, 6):
        assert beat(session, now + number * MINUTE, web=False) is None
        assert outages.web_is_away(session, now=now + number * MINUTE)
    assert beat(session, now + 6 * MINUTE) == outages.Gap(now, now + 6 * MINUTE)


def test_no_attempt_ends_while_the_web_is_away(
    session: Session, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clock.now(session)
    attempt = make.attempt(now=real - 50 * MINUTE)
    beat(session, real - 10 * MINUTE)
    session.flush()
    monkeypatch.setattr(probe, "web_answers", lambda: False)
    jobs.sweep(0)
    session.expire_all()
    assert attempt.state is AttemptState.OPEN
    monkeypatch.setattr(probe, "web_answers", lambda: True)
    jobs.sweep(1)
    session.expire_all()
    assert attempt.state is AttemptState.OPEN  # ten minutes came back first
    given = session.scalars(queries.newest_of(attempt.id, EventKind.TIME_GIVEN)).one()
    assert given.payload["seconds"] == pytest.approx(600, abs=30)


def test_an_answer_during_an_outage_of_the_worker_is_kept_though_the_time_was_over(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account, real = make.applicant(), clock.now(session)
    attempt = make.attempt(account, now=real - 50 * MINUTE)
    beat(session, real - 20 * MINUTE)
    page = f"/exams/{attempt.public_id}/3"
    browser = sign_in(account)
    assert browser.get(page).status_code == 200
    saved = browser.post(page, data={"answer": "1", "nonce": str(uuid4()), "go": "stay"})
    assert (saved.status_code, saved.json["late"]) == (200, False)  # type: ignore[index]
    session.expire_all()
    assert attempt.state is AttemptState.OPEN


def test_old_pulses_are_forgotten(session: Session, now: datetime) -> None:
    beat(session, now)
    beat(session, now + timedelta(days=91))
    assert session.scalar(sa.select(sa.func.count()).select_from(ServicePulse)) == 1


def lost(session: Session, attempt: Attempt, *, claimed: float, at: datetime) -> None:
    """The device says, with its next answer, for how long it could not reach us."""
    context = Context(Where(), {Signal.LINE_LOST: claimed})
    attempts.save(
        session,
        attempt,
        position=3,
        values=["1"],
        nonce=random_id(),
        following=4,
        now=at,
        context=context,
    )


def test_a_line_lost_for_over_five_minutes_earns_one_fresh_sitting(
    session: Session, make: Make, now: datetime
) -> None:
    account, exam = make.applicant(), make.exam(maximum_attempts=1)
    attempt = make.attempt(account, exam)
    lost(session, attempt, claimed=301, at=now + 10 * MINUTE)
    outages.ask_fresh_sitting(session, attempt, now=now + 11 * MINUTE)
    session.flush()
    assert (attempt.state, attempt.void_cause) == (AttemptState.VOIDED, VoidCause.OWN_OUTAGE)
    verdict = starting.may_start(session, exam, account.id, now=now + 12 * MINUTE)
    assert (verdict.allowed, verdict.left) == (True, 1)
    again = make.attempt(account, exam, now=now + 12 * MINUTE)
    lost(session, again, claimed=400, at=now + 22 * MINUTE)
    with pytest.raises(Conflict, match="your one fresh sitting"):
        outages.ask_fresh_sitting(session, again, now=now + 23 * MINUTE)


def test_nobody_gives_up_an_attempt_for_a_form_that_is_not_there(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt(exam=make.exam(maximum_overlap=0.1))
    lost(session, attempt, claimed=301, at=now + 10 * MINUTE)
    with pytest.raises(Conflict, match="no other set of questions"):
        outages.ask_fresh_sitting(session, attempt, now=now + 11 * MINUTE)
    assert attempt.state is AttemptState.OPEN


def test_five_minutes_are_not_more_than_five(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt()
    lost(session, attempt, claimed=300, at=now + 10 * MINUTE)
    with pytest.raises(Conflict, match="more than five minutes"):
        outages.ask_fresh_sitting(session, attempt, now=now + 11 * MINUTE)


def test_a_device_cannot_claim_longer_than_we_heard_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt()
    make.save(attempt, 1, ["1"], at=now + 8 * MINUTE)
    lost(session, attempt, claimed=3600, at=now + 10 * MINUTE)
    assert outages.fresh_sitting(session, attempt, now=now).seconds == 120


def test_silence_until_the_clock_ended_it_counts_too(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt()
    make.save(attempt, 1, ["1"], at=now + 38 * MINUTE)
    attempts.finish(session, attempt, now=now + 60 * MINUTE)
    assert outages.fresh_sitting(session, attempt, now=now + 60 * MINUTE).offered


def test_who_hands_in_early_has_lost_no_line(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt()
    make.save(attempt, 1, ["1"], at=now + 2 * MINUTE)
    attempts.finish(session, attempt, now=now + 30 * MINUTE)
    assert not outages.fresh_sitting(session, attempt, now=now + 31 * MINUTE).offered


def test_a_passed_attempt_and_an_old_one_are_not_given_up(
    session: Session, make: Make, now: datetime
) -> None:
    passed = make.attempt()
    lost(session, passed, claimed=400, at=now + 10 * MINUTE)
    make.graded(passed, right=5)
    assert not outages.fresh_sitting(session, passed, now=now + 30 * MINUTE).offered
    below = make.attempt()
    lost(session, below, claimed=400, at=now + 10 * MINUTE)
    make.graded(below, right=0)
    assert outages.fresh_sitting(session, below, now=now + timedelta(days=6)).offered
    assert not outages.fresh_sitting(session, below, now=now + timedelta(days=8)).offered


def test_asking_by_the_page(session: Session, sign_in: SignIn, make: Make) -> None:
    account, real = make.applicant(), clock.now(session)
    attempt = make.attempt(account, now=real - 20 * MINUTE)
    lost(session, attempt, claimed=420, at=real - 5 * MINUTE)
    browser = sign_in(account)
    overview = browser.get(f"/exams/{attempt.public_id}/overview").text
    assert "Your line was away for 7 minutes" in overview
    answer = browser.post(f"/exams/{attempt.public_id}/fresh")
    assert "/exams/about/" in answer.location
    assert "Start the exam" in browser.get(answer.location).text
