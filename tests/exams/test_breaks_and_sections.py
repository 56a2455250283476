"""Breaks stop every clock, sections have their own; all of it derives from the events."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import Attempt, EventKind, Exam
from exams.queries import attempts as queries
from exams.service import attempts, pauses, sections, sheet
from exams.service.accommodations import Allowance
from portal import clock
from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from tests.exams.make import QUESTIONS
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
MINUTE = timedelta(minutes=1)
TWO_PARTS = [
    {"title": "Policy", "questions": 2, "minutes": 10, "break_minutes": 5},
    {"title": "Measurement", "questions": 3, "minutes": 20},
]


def parted(make: Make, parts: list[dict[str, object]] | None = None) -> Exam:
    """An exam of two sections with ten and twenty minutes, a break between them, 45 in all."""
    form = {"number": 1, "questions": [one["slug"] for one in QUESTIONS]}
    return make.exam(form=form | {"sections": TWO_PARTS if parts is None else parts})


def folded(session: Session, attempt: Attempt) -> sheet.Sheet:
    """What the events amount to; their chain is whole."""
    session.flush()
    events = list(session.scalars(queries.events(attempt.id)))
    assert sheet.first_break(events) is None
    return sheet.read(events)


def agrees(session: Session, attempt: Attempt) -> None:
    """The row says of its clocks what the events say."""
    told = folded(session, attempt).clock
    row = (attempt.deadline, attempt.section, attempt.section_deadline)
    assert (told.deadline, told.section, told.section_deadline) == row


def test_a_section_has_its_own_time_by_the_same_factor(make: Make, now: datetime) -> None:
    attempt = make.attempt(exam=parted(make), extra_time=1.5)
    assert attempt.section_deadline == now + timedelta(minutes=15)
    assert attempt.deadline == now + timedelta(minutes=67.5)


def test_an_answer_outside_the_section_is_refused(make: Make) -> None:
    with pytest.raises(Conflict, match="not in the section"):
        make.save(make.attempt(exam=parted(make)), 3, ["1"])


def test_after_the_section_s_time_an_answer_is_late_and_then_refused(
    make: Make, now: datetime
) -> None:
    attempt = make.attempt(exam=parted(make))
    assert make.save(attempt, 1, ["1"], at=now + 10 * MINUTE + timedelta(seconds=30)).late
    with pytest.raises(Conflict, match="time of this section is over"):
        make.save(attempt, 2, ["1"], at=now + 10 * MINUTE + timedelta(seconds=31))


def test_the_next_section_begins_with_its_full_time_and_there_is_no_way_back(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt(exam=parted(make))
    for _ in range(2):  # pressed twice, it is entered once
        pauses.next_section(session, attempt, following=2, rest=False, now=now + 4 * MINUTE)
    assert attempt.section_deadline == now + 24 * MINUTE
    assert attempt.deadline == now + 45 * MINUTE
    with pytest.raises(Conflict, match="not in the section"):
        make.save(attempt, 1, ["1"], at=now + 5 * MINUTE)
    assert folded(session, attempt).resume == 3
    agrees(session, attempt)


@pytest.mark.parametrize("following", [0, 3, 9])
def test_no_section_is_jumped_over(
    session: Session, make: Make, now: datetime, following: int
) -> None:
    attempt = make.attempt(exam=parted(make))
    if following > 2:
        with pytest.raises(Conflict, match="no such section"):
            pauses.next_section(session, attempt, following=following, rest=False, now=now)
    else:
        pauses.next_section(session, attempt, following=following, rest=False, now=now)
    assert attempt.section == 1


def test_the_break_between_sections_moves_both_clocks_by_what_was_used(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt(exam=parted(make))
    pauses.next_section(session, attempt, following=2, rest=True, now=now + 4 * MINUTE)
    assert pauses.running(attempt, now=now + 8 * MINUTE)
    with pytest.raises(Conflict, match="on a break"):
        make.save(attempt, 3, ["1"], at=now + 5 * MINUTE)
    pauses.end(session, attempt, now=now + 7 * MINUTE)
    assert attempt.section_deadline == now + 27 * MINUTE
    assert attempt.deadline == now + 48 * MINUTE
    agrees(session, attempt)


def test_a_break_ends_by_itself_and_its_end_is_written_down_later(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt(exam=parted(make))
    pauses.next_section(session, attempt, following=2, rest=True, now=now + 4 * MINUTE)
    make.save(attempt, 3, ["1"], at=now + 20 * MINUTE)
    assert attempt.section_deadline == now + 29 * MINUTE
    assert attempt.deadline == now + 50 * MINUTE
    assert folded(session, attempt).seconds == {3: 11 * 60}
    agrees(session, attempt)


def test_what_a_break_of_one_s_own_does_not_use_is_kept(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt(allowance=Allowance(break_minutes=20))
    pauses.take(session, attempt, now=now + 10 * MINUTE)
    pauses.take(session, attempt, now=now + 11 * MINUTE)  # pressed twice
    pauses.end(session, attempt, now=now + 17 * MINUTE)
    assert attempt.break_seconds == 13 * 60
    assert attempt.deadline == now + 52 * MINUTE
    pauses.take(session, attempt, now=now + 20 * MINUTE)
    pauses.end(session, attempt, now=now + 59 * MINUTE)
    assert (attempt.break_seconds, attempt.deadline) == (0, now + 65 * MINUTE)
    with pytest.raises(Conflict, match="No break is left"):
        pauses.take(session, attempt, now=now + 60 * MINUTE)
    agrees(session, attempt)


def test_nobody_takes_a_break_that_they_do_not_have(
    session: Session, make: Make, now: datetime
) -> None:
    with pytest.raises(Conflict, match="No break is left"):
        pauses.take(session, make.attempt(), now=now)


def test_the_time_at_a_question_leaves_out_breaks_and_returns(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt(allowance=Allowance(break_minutes=20))
    make.save(attempt, 1, ["1"], at=now + 2 * MINUTE)
    make.save(attempt, 2, ["1"], at=now + 3 * MINUTE)
    pauses.take(session, attempt, now=now + 4 * MINUTE)
    pauses.end(session, attempt, now=now + 9 * MINUTE)
    make.save(attempt, 3, ["1"], at=now + 10 * MINUTE)
    make.save(attempt, 1, ["2"], at=now + 11 * MINUTE)
    assert folded(session, attempt).seconds == {1: 180, 2: 60, 3: 60}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_the_row_s_clocks_are_those_of_the_events(
    session: Session, make: Make, now: datetime, seed: int
) -> None:
    random, at = Random(seed), now  # noqa: S311  a test that can be repeated
    attempt = make.attempt(exam=parted(make), allowance=Allowance(1.25, break_minutes=30))
    for _ in range(14):
        at += timedelta(seconds=random.randint(1, 240))
        try:
            _something(session, make, attempt, random, at)
        except Conflict:
            continue
        agrees(session, attempt)


def _something(
    session: Session, make: Make, attempt: Attempt, random: Random, at: datetime
) -> None:
    match random.choice(["rest", "back", "section", "answer"]):
        case "rest":
            pauses.take(session, attempt, now=at)
        case "back":
            pauses.end(session, attempt, now=at)
        case "section":
            pauses.next_section(session, attempt, following=2, rest=True, now=at)
        case _:
            make.save(attempt, random.randint(1, 5), ["1"], at=at)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([{"title": "All", "questions": 4}], "they hold 4 questions and the form 5"),
        ([{"title": "All", "questions": 5, "minutes": 46}], "they allow 46 minutes"),
    ],
)
def test_sections_that_do_not_fit_are_refused_by_name(
    make: Make, parts: list[dict[str, object]], problem: str
) -> None:
    with pytest.raises(Invalid, match=problem):
        parted(make, parts)


def test_by_the_pages_from_section_to_break_to_section(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account, exam = make.applicant(), parted(make)
    attempt = make.attempt(account, exam, now=clock.now(session))
    about = sign_in(account).get(f"/exams/about/{exam.slug}").text
    assert "Policy: 2 questions, 10 minutes; then, if you like, a break of 5 minutes" in about
    base, browser = f"/exams/{attempt.public_id}", sign_in(account)
    answer = {"answer": "1", "nonce": str(uuid4()), "go": "next"}
    assert browser.post(f"{base}/2", data=answer).location.endswith("/overview")
    assert "take a break (5 min)" in browser.get(f"{base}/overview").text
    assert browser.get(f"{base}/3").location.endswith(base)  # not in this section yet
    browser.post(f"{base}/section", data={"following": "2", "rest": "1"})
    assert "clock stands still until" in browser.get(f"{base}/3").text
    browser.post(f"{base}/back")
    assert browser.get(base).location.endswith("/3")
    assert "Measurement" in browser.get(f"{base}/3").text
    assert browser.get(f"{base}/1").location.endswith(base)


def test_when_the_section_s_time_is_over_the_page_leads_on(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account = make.applicant()
    attempt = make.attempt(account, parted(make), now=clock.now(session) - 11 * MINUTE)
    page = sign_in(account).get(f"/exams/{attempt.public_id}/1").text
    assert "The time of this section is over" in page
    assert "screenshot" not in page
    assert "go on to “Measurement”" in page


def test_an_untimed_attempt_has_sections_without_clocks(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.attempt(exam=parted(make), allowance=Allowance(untimed=True))
    assert (attempt.deadline, attempt.section_deadline) == (None, None)
    pauses.next_section(session, attempt, following=2, rest=False, now=now + timedelta(days=1))
    assert attempt.section_deadline is None
    assert sections.current(session, attempt).title == "Measurement"  # type: ignore[union-attr]


def test_a_finished_attempt_has_no_clock_left(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt(exam=parted(make))
    pauses.next_section(session, attempt, following=2, rest=True, now=now)
    attempts.finish(session, attempt, now=now + MINUTE)
    session.flush()
    assert attempt.break_until is None
    assert attempt.section_deadline is None


def test_marks_belong_to_the_section_too(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt(exam=parted(make))
    with pytest.raises(Conflict, match="not in the section"):
        attempts.mark(
            session, attempt, position=4, kind=EventKind.MARKED, nonce=random_id(), now=now
        )
