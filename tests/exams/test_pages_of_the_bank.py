"""The bank's pages: list, question, version, review; the key only while it waits for approval."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import Exam, Question, QuestionState, Standing
from exams.queries import bank as queries
from exams.service import bank
from portal.access import Role
from portal.accounts.models import Account
from tests.exams.make import BY_PEOPLE, NEWER, QUESTIONS, exam_document
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def _written(session: Session, make: Make, now: datetime, author: Account) -> Exam:
    every = [dict(one) for one in (*QUESTIONS, *NEWER, *BY_PEOPLE)]
    number = make.number()
    document = exam_document(
        slug=f"bank-{number}",
        qualification={"slug": f"bank-{number}", "title": "Bank", "valid_months": 12},
        form={"number": 1, "questions": [one["slug"] for one in every]},
        questions=every,
    )
    return bank.import_exam(session, document, now=now, actor=author.id)


def _standing(session: Session, exam: Exam, slug: str) -> Standing:
    found = session.execute(queries.newest_of_exam(exam.id).where(Question.slug == slug)).one()
    standing: Standing = found[2]
    return standing


def test_the_bank_lists_questions_and_lets_one_choose(
    session: Session, sign_in: SignIn, make: Make, now: datetime
) -> None:
    exam = _written(session, make, now, make.account(Role.MANAGER))
    browser = sign_in(make.account(Role.REVIEWER))
    page = browser.get(f"/exams/manage/{exam.slug}/bank").text
    assert "what-first" in page
    assert "11 questions wait for a second person." in page
    chosen = browser.get(f"/exams/manage/{exam.slug}/bank?type=order").text
    assert "what-first" in chosen
    assert "which-one<" not in chosen
    assert "No question like this" in browser.get(f"/exams/manage/{exam.slug}/bank?state=live").text


def test_every_kind_is_shown_to_its_reviewer_with_its_key(
    session: Session, sign_in: SignIn, make: Make, now: datetime
) -> None:
    exam = _written(session, make, now, make.account(Role.MANAGER))
    browser = sign_in(make.account(Role.REVIEWER))
    for question in (*QUESTIONS, *NEWER, *BY_PEOPLE):
        address = f"/exams/manage/{exam.slug}/bank/{question['slug']}/en/1"
        answer = browser.get(address)
        assert answer.status_code == 200
        assert question["rationale"] in answer.text


def test_approving_hides_the_key_and_shows_the_history(
    session: Session, sign_in: SignIn, make: Make, now: datetime
) -> None:
    exam = _written(session, make, now, make.account(Role.MANAGER))
    browser = sign_in(make.account(Role.REVIEWER))
    address = f"/exams/manage/{exam.slug}/bank/what-first/en/1"
    assert browser.post(address, data={"verb": "live"}).status_code == 303
    page = browser.get(address).text
    assert "CANARY" not in page
    assert "Approved" in page
    assert _standing(session, exam, "what-first").state is QuestionState.LIVE


def test_the_author_is_not_offered_the_approval_and_cannot_force_it(
    session: Session, sign_in: SignIn, make: Make, now: datetime
) -> None:
    author = make.account(Role.MANAGER)
    exam = _written(session, make, now, author)
    browser = sign_in(author)
    address = f"/exams/manage/{exam.slug}/bank/what-first/en/1"
    assert 'value="live"' not in browser.get(address).text
    assert browser.post(address, data={"verb": "live"}).status_code == 422
    assert _standing(session, exam, "what-first").state is QuestionState.REVIEW


def test_sending_back_without_words_is_asked_again(
    session: Session, sign_in: SignIn, make: Make, now: datetime
) -> None:
    exam = _written(session, make, now, make.account(Role.MANAGER))
    browser = sign_in(make.account(Role.REVIEWER))
    address = f"/exams/manage/{exam.slug}/bank/what-first/en/1"
    told = browser.post(address, data={"verb": "send_back"})
    assert told.status_code == 422
    assert "whoever wrote it reads this" in told.text
    told = browser.post(address, data={"verb": "send_back", "words": "Steps 2 and 3 are one."})
    assert told.status_code == 303
    assert "Steps 2 and 3 are one." in browser.get(address).text


def test_enemies_are_named_on_the_questions_page(
    session: Session, sign_in: SignIn, make: Make, now: datetime
) -> None:
    exam = _written(session, make, now, make.account(Role.MANAGER))
    browser = sign_in(make.account(Role.REVIEWER))
    address = f"/exams/manage/{exam.slug}/bank/what-first"
    told = browser.post(f"{address}/enemies", data={"other": "which-one", "reason": "Same case."})
    assert told.status_code == 303
    assert "Same case." in browser.get(address).text
    missing = browser.post(f"{address}/enemies", data={"other": "", "reason": ""})
    assert missing.status_code == 422
    unknown = browser.post(f"{address}/enemies", data={"other": "nowhere", "reason": "Why."})
    assert unknown.status_code == 404


def test_anothers_bank_is_not_found(
    session: Session, sign_in: SignIn, make: Make, now: datetime
) -> None:
    exam = _written(session, make, now, make.account(Role.MANAGER))
    session.execute(
        sa.update(Exam).where(Exam.id == exam.id).values(organisation_id=make.organisation().id)
    )
    stranger = make.account()
    make.grant(stranger, Role.MANAGER, organisation=make.organisation())
    elsewhere = sign_in(stranger)
    assert elsewhere.get(f"/exams/manage/{exam.slug}/bank").status_code == 404
