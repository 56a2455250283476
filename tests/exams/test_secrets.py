"""No key, rationale, parameter or unseen question reaches an applicant before an attempt ends."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

import portal
from exams.models import Attempt, QuestionKey
from exams.views import questions, sitting
from portal import clock
from portal.accounts.models import Account
from tests.exams.make import QUESTIONS
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def canaries(session: Session) -> set[str]:
    """What must never be sent: rationales, and the authors' guesses of difficulty."""
    found = set()
    for key in session.scalars(sa.select(QuestionKey)):
        if key.rationale.startswith("CANARY"):
            found.add(key.rationale)
            if key.difficulty:
                found.add(str(key.difficulty))
    return found


def crawl(browser: FlaskClient, attempt: Attempt, slug: str) -> Iterator[TestResponse]:
    """Every answer an applicant can get during an attempt: pages, saves, errors, script answers."""
    base = f"/exams/{attempt.public_id}"
    for path in ("/", "/openings/", "/applications/mine", "/exams/mine", f"/exams/about/{slug}"):
        yield browser.get(path)
    yield browser.get(base)
    yield browser.get(f"{base}/overview")
    yield browser.get(f"{base}/result")
    for position in range(7):
        yield browser.get(f"{base}/{position}")
        for go in ("next", "previous", "mark", "stay"):
            for values in (["1"], ["99"], []):
                data = {"answer": values, "nonce": str(uuid4()), "go": go}
                yield browser.post(f"{base}/{position}", data=data)
    static = Path(portal.__file__).parent / "static"
    for file in static.rglob("*.*"):
        if file.suffix in {".js", ".css", ".svg", ".json"}:
            yield browser.get(f"/static/{file.relative_to(static)}")


def leaks(session: Session, answers: Iterator[TestResponse]) -> set[str]:
    """The canaries found in any byte of any answer, headers included."""
    wanted = canaries(session)
    found = set()
    for answer in answers:
        sent = answer.get_data(as_text=True) + str(answer.headers)
        answer.close()
        found |= {canary for canary in wanted if canary in sent}
    return found


def underway(session: Session, sign_in: SignIn, make: Make) -> tuple[FlaskClient, Attempt, str]:
    """Someone in the middle of an exam."""
    account, exam = make.applicant(), make.exam()
    make.application(account, make.opening(exam))
    attempt = make.attempt(account, exam, now=clock.now(session))
    return sign_in(account), attempt, exam.slug


def test_nothing_secret_is_in_any_byte_sent(session: Session, sign_in: SignIn, make: Make) -> None:
    browser, attempt, slug = underway(session, sign_in, make)
    assert len(canaries(session)) == 9  # five rationales and the four difficulties that are not 0
    assert leaks(session, crawl(browser, attempt, slug)) == set()


def test_a_planted_leak_is_found(
    session: Session, sign_in: SignIn, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, attempt, slug = underway(session, sign_in, make)
    shown = questions.page_of
    monkeypatch.setattr(
        sitting,
        "page_of",
        lambda *given, **named: shown(*given, **named).__class__(
            **(shown(*given, **named).__dict__ | {"heading": "CANARY-rationale-numeric"})
        ),
    )
    assert leaks(session, crawl(browser, attempt, slug)) == {"CANARY-rationale-numeric"}


def test_a_page_holds_one_question_and_none_of_the_others(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    browser, attempt, _ = underway(session, sign_in, make)
    marks = ["member posts a screenshot", "own number", "recall", "3.1 cannot apply", "upsetting"]
    for position in range(1, 6):
        page = browser.get(f"/exams/{attempt.public_id}/{position}").text
        assert [mark in page for mark in marks].count(True) == 1
        assert marks[position - 1] in page


def test_neither_ids_of_questions_nor_of_options_are_sent(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    browser, attempt, _ = underway(session, sign_in, make)
    for position, question in enumerate(QUESTIONS, 1):
        page = browser.get(f"/exams/{attempt.public_id}/{position}").text
        assert question["slug"] not in page
        values = re.findall(r'name="answer" value="([^"]*)"', page)
        assert all(value == "" or value.isdecimal() for value in values)


def test_the_bytes_of_a_save_do_not_tell_right_from_wrong(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    browser, attempt, _ = underway(session, sign_in, make)
    right = make.right_values(attempt)[0][0]
    wrong = ["1"] if right != ["1"] else ["2"]
    shapes = set()
    for values in (right, wrong):
        data = {"answer": values, "nonce": str(uuid4()), "go": "stay"}
        told = browser.post(f"/exams/{attempt.public_id}/1", data=data)
        shapes.add((told.status_code, tuple(sorted(told.json or {})), len(told.data)))
    assert len(shapes) == 1


def test_what_is_kept_to_be_shown_holds_no_key(session: Session, make: Make) -> None:
    make.exam()
    rows = session.scalars(sa.text("SELECT content::text FROM question_version")).all()
    assert rows
    for row in rows:
        assert {"key", "rationale", "difficulty", "panel"}.isdisjoint(json.loads(row))
