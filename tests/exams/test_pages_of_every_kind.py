"""Every kind of question on its page: answered without JavaScript, shown again, nothing betrayed."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import Attempt, AttemptEvent, EventKind, QuestionConsent
from exams.queries import attempts as queries
from exams.service import attempts, consent, grading
from portal import clock
from portal.access import Role
from portal.accounts.models import Account
from tests.exams.make import (
    BY_PEOPLE,
    MATCH,
    NEWER,
    ORDER,
    POLICY_CASE,
    QUESTIONS,
    SHORT_TEXT,
    SINGLE,
)
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
_EVERY = (*QUESTIONS, *NEWER, *BY_PEOPLE)


@pytest.fixture
def sat(session: Session, sign_in: SignIn, make: Make) -> tuple[FlaskClient, Attempt]:
    """Somebody in front of an exam that holds every kind."""
    account = make.applicant()
    attempt = make.attempt(account, make.exam_of(*_EVERY), now=clock.now(session))
    return sign_in(account), attempt


def _answers(session: Session, attempt: Attempt) -> dict[int | None, Any]:
    events = session.scalars(
        queries.events(attempt.id).where(AttemptEvent.kind == EventKind.ANSWERED)
    )
    return {event.position: event.payload["answer"] for event in events}


def _post(browser: FlaskClient, attempt: Attempt, position: int, **fields: object) -> int:
    data = {"nonce": str(uuid4()), "go": "next", **fields}
    return browser.post(f"/exams/{attempt.public_id}/{position}", data=data).status_code


@pytest.mark.parametrize("position", range(1, len(_EVERY) + 1))
def test_every_field_of_a_question_has_a_label_and_a_name(
    sat: tuple[FlaskClient, Attempt], position: int
) -> None:
    browser, attempt = sat
    page = browser.get(f"/exams/{attempt.public_id}/{position}").text
    assert 'name="answer' in page
    assert "CANARY" not in page
    assert _EVERY[position - 1]["slug"] not in page


@pytest.mark.parametrize("position", range(6, len(_EVERY) + 1))
def test_the_right_answer_is_kept_and_shown_again(
    session: Session, make: Make, sat: tuple[FlaskClient, Attempt], position: int
) -> None:
    browser, attempt = sat
    values, _ = make.right_values(attempt)[position - 1]
    before = browser.get(f"/exams/{attempt.public_id}/{position}").text
    assert _post(browser, attempt, position, answer=values) == 303
    assert _answers(session, attempt)[position]
    after = browser.get(f"/exams/{attempt.public_id}/{position}").text
    marks = ("selected", "checked", "clause 3.1 applies", "so it was removed", 'value="precision"')
    assert sum(map(before.count, marks)) < sum(map(after.count, marks))


def test_a_policy_case_sends_each_list_under_a_name_of_its_own(
    session: Session, sat: tuple[FlaskClient, Attempt]
) -> None:
    browser, attempt = sat
    position = _EVERY.index(POLICY_CASE) + 1
    fields = {"answer-label": "l3", "answer-clause": "c2", "answer-severity": "s1"}
    assert _post(browser, attempt, position, **fields) == 303
    kept = _answers(session, attempt)[position]
    assert kept == {"label": "threat", "clause": "3.1", "severity": "low"}


def test_places_and_partners_are_sent_in_the_order_of_the_page(
    session: Session, sat: tuple[FlaskClient, Attempt]
) -> None:
    browser, attempt = sat
    _post(browser, attempt, _EVERY.index(ORDER) + 1, answer=["1", "2", "3", "4"])
    _post(browser, attempt, _EVERY.index(MATCH) + 1, answer=["", "1", ""])
    kept = _answers(session, attempt)
    assert sorted(kept[_EVERY.index(ORDER) + 1]["places"].values()) == [1, 2, 3, 4]
    assert list(kept[_EVERY.index(MATCH) + 1]["pairs"]) == ["m2"]


def test_exams_that_one_has_not_sat_are_listed(sign_in: SignIn, make: Make) -> None:
    account, exam = make.applicant(), make.exam_of(SINGLE, title="Another exam entirely")
    page = sign_in(account).get("/exams/mine").text
    assert "Another exam entirely" in page
    assert f"/exams/about/{exam.slug}" in page


def test_a_stimulus_stands_above_each_of_its_questions(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    about = {"stimulus": "thread"}
    exam = make.exam_of(
        SINGLE | about,
        SHORT_TEXT | about,
        ORDER,
        stimuli=[{"slug": "thread", "title": "A thread", "text": "The **whole** thread."}],
    )
    account = make.applicant()
    attempt = make.attempt(account, exam, now=clock.now(session))
    browser = sign_in(account)
    pages = [browser.get(f"/exams/{attempt.public_id}/{n}").text for n in (1, 2, 3)]
    assert ["The <strong>whole</strong> thread." in page for page in pages] == [True, True, False]


@pytest.fixture
def warned(session: Session, sign_in: SignIn, make: Make) -> tuple[FlaskClient, Attempt]:
    """Somebody in front of an exam whose first question may hurt to read."""
    account = make.applicant()
    exam = make.exam_of(SINGLE | {"warning": "It quotes a death threat."}, ORDER)
    return sign_in(account), make.attempt(account, exam, now=clock.now(session))


def test_what_may_hurt_stands_behind_a_gate(warned: tuple[FlaskClient, Attempt]) -> None:
    browser, attempt = warned
    page = browser.get(f"/exams/{attempt.public_id}/1").text
    assert "It quotes a death threat." in page
    assert SINGLE["options"][0]["text"] not in page


def test_who_wants_to_see_it_sees_it(session: Session, warned: tuple[FlaskClient, Attempt]) -> None:
    browser, attempt = warned
    address = f"/exams/{attempt.public_id}/1"
    told = browser.post(f"{address}/gate", data={"agreed": "yes"})
    assert told.headers["Location"].endswith("/1")
    assert SINGLE["options"][0]["text"] in browser.get(address).text
    assert consent.left_out(session, attempt.id) == []


def test_leaving_it_out_is_kept_and_can_be_taken_back(
    session: Session, warned: tuple[FlaskClient, Attempt]
) -> None:
    browser, attempt = warned
    address = f"/exams/{attempt.public_id}/1"
    told = browser.post(f"{address}/gate", data={"agreed": "no"})
    assert told.headers["Location"].endswith("/2")
    assert "still change your mind" in browser.get(address).text
    assert consent.left_out(session, attempt.id) == [1]
    browser.post(f"{address}/gate", data={"agreed": "yes"})
    assert consent.left_out(session, attempt.id) == []


def test_whoever_decides_sees_what_was_left_out(
    session: Session, sign_in: SignIn, make: Make, warned: tuple[FlaskClient, Attempt]
) -> None:
    browser, attempt = warned
    browser.post(f"/exams/{attempt.public_id}/1/gate", data={"agreed": "no"})
    attempts.finish(session, attempt, now=clock.now(session))
    grading.grade(session, attempt, now=clock.now(session))
    session.flush()
    page = sign_in(make.account(Role.REVIEWER)).get(f"/applications/results/{attempt.public_id}")
    assert "left out 1 question that may hurt to read (number 1)" in page.text


def test_what_was_said_at_the_gate_stays(
    session: Session, warned: tuple[FlaskClient, Attempt]
) -> None:
    browser, attempt = warned
    browser.post(f"/exams/{attempt.public_id}/1/gate", data={"agreed": "no"})
    with pytest.raises(sa.exc.DBAPIError, match=r"append-only|never|refuse"):
        session.execute(sa.update(QuestionConsent).values(agreed=True))


def test_anothers_gate_is_not_found(
    sign_in: SignIn, make: Make, warned: tuple[FlaskClient, Attempt]
) -> None:
    _, attempt = warned
    other = sign_in(make.applicant())
    told = other.post(f"/exams/{attempt.public_id}/1/gate", data={"agreed": "yes"})
    assert told.status_code == 404
