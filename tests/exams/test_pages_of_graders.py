"""A grader's pages: blind, every band asked for, somebody else's text not found."""

from collections.abc import Callable

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import (
    Grade,
)
from exams.service import hand_grading
from portal.access import Role
from portal.accounts.models import Account
from tests.exams.texts import HIGH, LOW, MIDDLE, case_of, exam_with_a_text, graded, written
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_a_grader_sees_nothing_of_who_wrote_it(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    exam = exam_with_a_text(make)
    author = make.account(Role.APPLICANT, name="Zebedee Quill", email="zq@example.org")
    make.applicant()  # publishes the agreement
    make.accept_everything(author)
    attempt = written(session, make, exam, account=author)
    case = case_of(session, attempt)
    graded(session, make, case, LOW)
    browser = sign_in(make.account(Role.REVIEWER))
    assert "texts you can grade" in browser.get("/exams/grading").text
    address = browser.post("/exams/grading/next").headers["Location"]
    page = browser.get(address).text
    assert "Clause 3.1" in page
    hidden = ("Zebedee", "Quill", "zq@", str(attempt.public_id), str(author.public_id), "Because.")
    assert not [word for word in hidden if word in page]


def test_grading_on_the_page_asks_for_every_band(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    case = case_of(session, written(session, make, exam_with_a_text(make)))
    browser = sign_in(make.account(Role.REVIEWER))
    address = browser.post("/exams/grading/next").headers["Location"]
    assert "CANARY-anchor" in browser.get(address).text
    told = browser.post(address, data={"band_0": "2"})
    assert told.status_code == 422
    assert "Choose a band" in told.text
    assert browser.post(address, data={"band_0": "2", "band_1": "1"}).status_code == 303
    grade = session.scalars(sa.select(Grade).where(Grade.case_id == case.id)).one()
    assert grade.bands == {"reasoning": 2, "tone": 1}


def test_an_adjudicator_reads_both_grades_without_names_and_says_why(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    case = case_of(session, written(session, make, exam_with_a_text(make)))
    graded(session, make, case, HIGH, LOW)
    third = make.account(Role.REVIEWER)
    browser = sign_in(third)
    address = browser.post("/exams/grading/differing").headers["Location"]
    page = browser.get(address).text
    assert page.count("Because.") == 2
    assert browser.post(address, data={"band_0": "1", "band_1": "1"}).status_code == 422
    sent = {"band_0": "1", "band_1": "1", "comment": "The clause is named."}
    assert browser.post(address, data=sent).status_code == 303


def test_anothers_open_text_is_not_found(session: Session, sign_in: SignIn, make: Make) -> None:
    written(session, make, exam_with_a_text(make))
    grade = hand_grading.draw(session, make.account(Role.REVIEWER).id, now=make.now)
    assert grade
    session.flush()
    browser = sign_in(make.account(Role.REVIEWER))
    assert browser.get(f"/exams/grading/texts/{grade.public_id}").status_code == 404


def test_whoever_waits_reads_by_when(session: Session, sign_in: SignIn, make: Make) -> None:
    account = make.applicant()
    attempt = written(session, make, exam_with_a_text(make), account=account)
    page = sign_in(account).get(f"/exams/{attempt.public_id}/result").text
    assert "Two people read what you wrote" in page
    assert "30 Nov 2026" in page or "30 November 2026" in page or "Nov 30, 2026" in page


def test_a_text_may_be_left_to_somebody_else(session: Session, sign_in: SignIn, make: Make) -> None:
    written(session, make, exam_with_a_text(make))
    browser = sign_in(make.account(Role.REVIEWER))
    address = browser.post("/exams/grading/next").headers["Location"]
    assert browser.post(f"{address}/back").status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(Grade)) == 0


def test_a_manager_sees_how_graders_agree(session: Session, sign_in: SignIn, make: Make) -> None:
    exam = exam_with_a_text(make)
    browser = sign_in(make.account(Role.MANAGER))
    assert "No text has come to graders yet" in browser.get("/exams/grading/agreement").text
    graded(session, make, case_of(session, written(session, make, exam)), HIGH, MIDDLE)
    page = browser.get("/exams/grading/agreement").text
    assert "The tone fits somebody who is upset" in page
    assert "too early to say" in page or "undefined" in page
