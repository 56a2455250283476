"""The applicant's way through the pages, without JavaScript: opening, application, exam, result."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import Application, Attempt, AttemptState
from exams.service import grading
from portal import clock
from portal.access import Role
from portal.accounts.models import Account
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_a_stranger_reads_how_they_would_be_paid_before_anything_is_asked(
    client: FlaskClient, make: Make
) -> None:
    page = client.get(f"/openings/{make.opening().slug}?country=KE").text
    assert "KES" in page
    assert "1 to 3 working days" in page
    assert "$25.00" in page


def test_the_opening_says_everything_before_it_asks_anything(
    client: FlaskClient, make: Make
) -> None:
    """The work, what it takes, each step with its length, pay, and that everybody has the same chance."""
    page = " ".join(client.get(f"/openings/{make.opening().slug}?country=KE").text.split())
    for said in (
        *("$25.00 to $50.00 an hour", "remote, worldwide", "part-time", "Your own"),
        *("Bank transfer", "None for you.", "KES", "1 to 3 working days", "Passport"),
        "Compare pairs of answers.",
        *("Two years with RLHF", "English at C1", "Languages", "Tasks are in English."),
        *("Sit the exam", "About 45 minutes of yours, unpaid.", "At most 7 days of ours."),
        *("Equal opportunity", "We decide by the published criterion."),
    ):
        assert said in page, said
    assert "<textarea" not in page


def test_a_country_we_cannot_pay_in_is_told_so_and_not_asked_to_apply(
    client: FlaskClient, make: Make
) -> None:
    page = client.get(f"/openings/{make.opening().slug}?country=AF").text
    assert "We cannot pay in Afghanistan yet" in page
    assert "Open an account to apply" not in page


@pytest.mark.parametrize("country", ["FR", "ZZ"])
def test_a_country_nobody_named_hears_the_general_reason(
    client: FlaskClient, make: Make, country: str
) -> None:
    page = client.get(f"/openings/{make.opening().slug}?country={country}").text
    assert "We have no tested way to pay there." in page


def test_the_country_is_guessed_from_the_browsers_language(client: FlaskClient, make: Make) -> None:
    slug = make.opening().slug
    page = client.get(f"/openings/{slug}", headers={"Accept-Language": "sw-KE,en;q=0.5"}).text
    assert "KES" in page


def test_nobody_is_asked_whether_they_are_a_native_speaker(sign_in: SignIn, make: Make) -> None:
    account = make.applicant()
    application = make.application(account, answers=None)
    page = sign_in(account).get(f"/applications/{application.public_id}/screening").text
    assert "native" not in page.lower()


def test_applying_twice_is_one_application(session: Session, sign_in: SignIn, make: Make) -> None:
    account, opening = make.applicant(), make.opening()
    browser = sign_in(account)
    places = {
        browser.post(f"/openings/{opening.slug}/apply", data={"country": "KE"}).location
        for _ in range(2)
    }
    assert len(places) == 1
    mine = sa.select(sa.func.count()).where(Application.account_id == account.id)
    assert session.scalar(mine) == 1


def test_an_unmet_requirement_is_shown_at_once_and_may_be_explained(
    sign_in: SignIn, make: Make
) -> None:
    account = make.applicant()
    application = make.application(account, answers=None)
    browser, url = sign_in(account), f"/applications/{application.public_id}/screening"
    answers = {"years": "1", "english": "C2", "languages": "en"}
    shown = browser.post(url, data=answers)
    assert shown.status_code == 422
    assert "This opening asks for at least 2 years." in shown.text
    told = browser.post(url, data=answers | {"explanation": "Ten years elsewhere."})
    assert told.status_code == 303
    assert "A person looks at your application" in browser.get(told.location).text


def test_a_field_left_out_is_named_in_the_summary(sign_in: SignIn, make: Make) -> None:
    account = make.applicant()
    application = make.application(account, answers=None)
    url = f"/applications/{application.public_id}/screening"
    page = sign_in(account).post(url, data={"years": "many"}).text
    assert "Write a whole number of years" in page
    assert "Error:" in page


def test_another_persons_application_is_not_found(sign_in: SignIn, make: Make) -> None:
    application = make.application()
    browser = sign_in(make.applicant())
    assert browser.get(f"/applications/{application.public_id}").status_code == 404


def test_another_persons_attempt_is_not_found(sign_in: SignIn, make: Make) -> None:
    attempt = make.attempt()
    browser = sign_in(make.applicant())
    for path in ("", "/1", "/overview", "/result"):
        assert browser.get(f"/exams/{attempt.public_id}{path}").status_code == 404


def _sit(session: Session, sign_in: SignIn, make: Make) -> tuple[FlaskClient, Attempt]:
    """An attempt under way by the real clock, on the page of its first question."""
    account = make.applicant()
    attempt = make.attempt(account, now=clock.now(session))
    return sign_in(account), attempt


def test_answers_given_page_by_page_are_kept_and_the_exam_resumes_where_it_was(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    browser, attempt = _sit(session, sign_in, make)
    base = f"/exams/{attempt.public_id}"
    for position, (values, _) in enumerate(make.right_values(attempt)[:3], 1):
        page = browser.get(f"{base}/{position}")
        nonce = re.search(r'name="nonce" value="([^"]+)"', page.text)
        assert nonce
        told = browser.post(
            f"{base}/{position}", data={"answer": values, "nonce": nonce[1], "go": "next"}
        )
        assert told.location == f"{base}/{position + 1}"
    assert browser.get(base).location == f"{base}/4"
    assert "Answer saved" in browser.get(f"{base}/1").text
    assert "3 of 5 answered" in browser.get(f"{base}/overview").text


def test_the_script_gets_the_moment_at_which_an_answer_was_kept(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    browser, attempt = _sit(session, sign_in, make)
    data = {"answer": "0.8", "nonce": str(uuid4()), "go": "stay"}
    told = browser.post(f"/exams/{attempt.public_id}/3", data=data)
    assert (told.status_code, told.json and told.json["late"]) == (200, False)


@pytest.mark.parametrize(("go", "place"), [("previous", 1), ("mark", 2), ("unmark", 2)])
def test_going_back_and_marking_keep_the_answer_too(
    session: Session, sign_in: SignIn, make: Make, go: str, place: int
) -> None:
    browser, attempt = _sit(session, sign_in, make)
    base = f"/exams/{attempt.public_id}"
    told = browser.post(f"{base}/2", data={"answer": ["1"], "nonce": str(uuid4()), "go": go})
    assert told.location == f"{base}/{place}"
    assert "checked" in browser.get(f"{base}/2").text


def test_finishing_leads_to_the_result_with_margin_and_pass_mark(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    browser, attempt = _sit(session, sign_in, make)
    make.answered(attempt, right=4, at=clock.now(session))
    told = browser.post(f"/exams/{attempt.public_id}/finish")
    assert "being scored" in browser.get(told.location).text
    grading.grade(session, attempt, now=clock.now(session))
    session.flush()
    page = browser.get(told.location).text
    for words in ("passed", "pass mark", "margin", "4 of 5 points"):
        assert words in page


def test_a_result_below_the_mark_says_that_nothing_is_decided_yet(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    browser, attempt = _sit(session, sign_in, make)
    browser.post(f"/exams/{attempt.public_id}/finish")
    grading.grade(session, attempt, now=clock.now(session))
    session.flush()
    assert "nothing is decided yet" in browser.get(f"/exams/{attempt.public_id}/result").text


def test_an_answer_after_the_time_is_refused_kindly_and_ends_the_attempt(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account = make.applicant()
    attempt = make.attempt(account, now=clock.now(session) - timedelta(minutes=46))
    told = sign_in(account).post(
        f"/exams/{attempt.public_id}/3", data={"answer": "1", "nonce": str(uuid4())}
    )
    assert told.location.endswith("/result")
    session.refresh(attempt)
    assert attempt.state is AttemptState.FINISHED


def test_the_start_page_says_why_not_while_the_agreement_is_not_accepted(
    sign_in: SignIn, make: Make
) -> None:
    exam, account = make.exam(), make.applicant(accepted=False)
    browser = sign_in(account)
    assert "Please accept the agreement first." in browser.get(f"/exams/about/{exam.slug}").text
    assert browser.post(f"/exams/about/{exam.slug}").status_code == 409


@pytest.mark.parametrize("path", ["/applications/mine", "/exams/mine", "/openings/", "/"])
def test_every_list_has_a_page(sign_in: SignIn, make: Make, path: str) -> None:
    account = make.applicant()
    make.application(account)
    make.attempt(account)
    assert sign_in(account).get(path).status_code == 200


def test_withdrawing_ends_the_application_and_leaves_the_way_open(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account, opening = make.applicant(), make.opening()
    application = make.application(account, opening)
    browser = sign_in(account)
    browser.post(f"/applications/{application.public_id}/withdraw")
    session.expire_all()
    assert application.state == "withdrawn"
    assert make.application(account, opening).id != application.id


def test_accepting_the_agreement_is_recorded_and_the_exam_is_next(
    sign_in: SignIn, make: Make
) -> None:
    account = make.applicant(accepted=False)
    application = make.application(account)
    browser, url = sign_in(account), f"/applications/{application.public_id}/agreement"
    assert "Be kind." in browser.get(url).text
    assert browser.post(url, data={}).status_code == 422
    told = browser.post(url, data={"accept": "y"})
    assert 'href="/exams/about/' in browser.get(told.location).text


def test_an_applicant_sees_neither_the_queue_nor_the_managers_exam_page(
    sign_in: SignIn, make: Make
) -> None:
    browser = sign_in(make.account(Role.APPLICANT))
    for path in ("/applications", "/exams", "/exams/manage/x"):
        assert browser.get(path).status_code == 403
