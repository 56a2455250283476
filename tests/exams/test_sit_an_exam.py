"""Sitting an exam: starting, saving durably, late answers, the chain of events."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import AttemptEvent, AttemptState, EventKind, JobName
from exams.queries import attempts as queries
from exams.service import attempts, sheet
from portal.errors import Conflict, Invalid, NotFound
from portal.ids import random_id
from portal.jobs import OutboxRow
from tests.make import Make


def test_the_deadline_is_stored_when_the_attempt_starts(make: Make, now: datetime) -> None:
    assert make.attempt().deadline == now + timedelta(minutes=45)


def test_extra_time_is_exact_to_the_second(make: Make, now: datetime) -> None:
    attempt = make.attempt(extra_time=1.25)
    assert attempt.deadline == now + timedelta(seconds=45 * 60 * 1.25)


def test_starting_again_gives_the_attempt_under_way(make: Make) -> None:
    exam, account = make.exam(), make.applicant()
    assert make.attempt(account, exam) is make.attempt(account, exam)


def test_nobody_starts_before_accepting_the_agreement(make: Make) -> None:
    with pytest.raises(Conflict, match="accept the agreement"):
        make.attempt(make.applicant(accepted=False))


def test_an_attempt_keeps_the_version_of_the_agreement_that_was_accepted(
    session: Session, make: Make
) -> None:
    attempt = make.attempt()
    kind = session.scalar(
        sa.text("SELECT kind FROM agreement_version WHERE id = :id"), {"id": attempt.agreement_id}
    )
    assert kind == "platform"


def test_a_saved_answer_is_there_and_the_place_to_resume_is_the_next_question(
    session: Session, make: Make
) -> None:
    attempt = make.attempt()
    make.save(attempt, 3, ["0.75"])
    found = sheet.read(list(session.scalars(queries.events(attempt.id))))
    assert found.answer(3) == {"written": "0.75", "value": 0.75}
    assert found.resume == 4


def test_the_newest_answer_counts_and_an_emptied_one_does_not(session: Session, make: Make) -> None:
    attempt = make.attempt()
    make.save(attempt, 1, ["1"])
    make.save(attempt, 3, ["0.75"])
    make.save(attempt, 3, [])
    found = sheet.read(list(session.scalars(queries.events(attempt.id))))
    assert found.answered == {1}


def test_the_same_save_sent_twice_is_kept_once(session: Session, make: Make, now: datetime) -> None:
    attempt, nonce = make.attempt(), random_id()
    one: dict[str, Any] = {"position": 3, "nonce": nonce, "following": 4}
    first = attempts.save(session, attempt, values=["1"], now=now, **one)
    again = attempts.save(session, attempt, values=["1"], now=now + timedelta(minutes=9), **one)
    assert again == first
    kinds = [event.kind for event in session.scalars(queries.events(attempt.id))]
    assert kinds == [EventKind.STARTED, EventKind.ANSWERED]


def test_an_answer_within_the_grace_is_kept_and_marked_as_late(make: Make) -> None:
    attempt = make.attempt()
    saved = make.save(attempt, 3, ["1"], at=attempt.started_at + timedelta(minutes=45, seconds=30))
    assert saved.late


def test_an_answer_after_the_grace_is_refused_kindly(make: Make) -> None:
    attempt = make.attempt()
    with pytest.raises(Conflict, match="Everything you had saved by then counts"):
        make.save(attempt, 3, ["1"], at=attempt.started_at + timedelta(minutes=45, seconds=31))


def test_a_save_repeated_after_the_end_is_still_acknowledged(
    session: Session, make: Make, now: datetime
) -> None:
    attempt, nonce = make.attempt(), random_id()
    one: dict[str, Any] = {"position": 3, "nonce": nonce, "following": 4, "values": ["1"]}
    first = attempts.save(session, attempt, now=now, **one)
    attempts.finish(session, attempt, now=now)
    assert attempts.save(session, attempt, now=now, **one) == first


def test_a_choice_that_is_not_on_the_page_is_refused(make: Make) -> None:
    with pytest.raises(Invalid, match="not one of the choices"):
        make.save(make.attempt(), 1, ["9"])


def test_a_question_that_is_not_on_the_form_is_not_found(make: Make) -> None:
    with pytest.raises(NotFound):
        make.save(make.attempt(), 6, ["1"])


def test_a_mark_is_set_and_taken_away(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt()
    for kind, expected in ((EventKind.MARKED, {2}), (EventKind.UNMARKED, set())):
        attempts.mark(session, attempt, position=2, kind=kind, nonce=random_id(), now=now)
        assert sheet.read(list(session.scalars(queries.events(attempt.id)))).marked == expected


def test_finishing_asks_for_one_grading_however_often_it_is_asked(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt()
    for _ in range(2):
        attempts.finish(session, attempt, now=now)
    rows = sa.select(sa.func.count()).where(
        OutboxRow.name == JobName.GRADE, OutboxRow.row_id == attempt.id
    )
    assert session.scalar(rows) == 1
    assert attempt.state is AttemptState.FINISHED


def test_an_attempt_never_ends_later_than_its_deadline(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt()
    attempts.finish(session, attempt, now=now + timedelta(days=1))
    assert attempt.finished_at == attempt.deadline


def test_the_chain_of_events_is_whole(session: Session, make: Make) -> None:
    attempt = make.attempt()
    make.answered(attempt, right=5)
    session.expire_all()
    events = list(session.scalars(queries.events(attempt.id)))
    assert len(events) == 6
    assert sheet.first_break(events) is None


@pytest.mark.parametrize("change", ["payload", "at", "gone"])
def test_a_change_in_the_middle_of_the_chain_shows(
    session: Session, make: Make, change: str
) -> None:
    attempt = make.attempt()
    make.answered(attempt, right=5)
    events = list(session.scalars(queries.events(attempt.id)))
    for event in events:
        session.expunge(event)
    if change == "payload":
        events[2].payload = {"answer": {"options": ["a"]}, "next": 3}
    elif change == "at":
        events[2].at += timedelta(seconds=1)
    else:
        del events[2]
    assert sheet.first_break(events) == 3


@pytest.mark.parametrize(
    "change", ["UPDATE attempt_event SET late = true", "DELETE FROM attempt_event"]
)
def test_the_database_changes_no_event(session: Session, make: Make, change: str) -> None:
    make.save(make.attempt(), 3, ["1"])
    session.flush()
    with pytest.raises(sa.exc.DBAPIError, match="append"):
        session.execute(sa.text(change))


def test_two_events_never_share_a_place(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt()
    again = sa.text("INSERT INTO attempt_nonce VALUES (:attempt, :nonce, 1)")
    with pytest.raises(sa.exc.IntegrityError, match="uq_attempt_nonce_attempt_id_seq"):
        session.execute(again, {"attempt": attempt.id, "nonce": random_id()})


def test_answers_of_an_attempt_are_only_in_its_events(session: Session, make: Make) -> None:
    attempt = make.attempt()
    make.save(attempt, 1, ["2"])
    counted = sa.select(sa.func.count()).where(AttemptEvent.attempt_id == attempt.id)
    assert session.scalar(counted) == 2
