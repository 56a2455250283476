"""Every address of the product, asked in the middle of an adaptive exam: no byte tells what it must not."""

from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import AdaptiveStep, AttemptState, DesignQuestion, QuestionKey, QuestionVersion
from exams.queries import attempts as attempt_queries
from portal import clock
from portal.accounts.models import Account
from tests.exams.adaptive_make import calibrated_exam, design_in_use, values_for
from tests.exams.test_secrets_of_every_page import Sitting, answers
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
LONG = {"shortest": 60, "longest": 80, "decide": None, "standard_error": 0.1}


@pytest.fixture
def sitting(session: Session, sign_in: SignIn, make: Make) -> Sitting:
    exam = calibrated_exam(make)
    design_in_use(make, exam, **LONG)
    account = make.applicant()
    application = make.application(account, make.opening(exam))
    attempt = make.attempt(account, exam, now=clock.now(session))
    browser = sign_in(account)
    for position in (1, 2, 3):
        data = {
            "nonce": str(uuid4()),
            "go": "next",
            "answer": values_for(make, attempt, right=position != 2),
        }
        browser.post(f"/exams/{attempt.public_id}/{position}", data=data)
    known = {
        "public_id": [str(attempt.public_id), str(application.public_id), str(uuid4())],
        "slug": [exam.slug],
        "position": [str(place) for place in range(8)],
    }
    return Sitting(browser, attempt, exam, known)


def secrets(session: Session, sitting: Sitting) -> set[str]:
    """What is in the database and must not have been sent by now."""
    shown = {one.id for one in session.scalars(attempt_queries.questions(sitting.attempt.form_id))}
    found = {one.rationale for one in session.scalars(sa.select(QuestionKey))}
    for version in session.scalars(sa.select(QuestionVersion)):
        if version.content["stem"].startswith("UNSEEN") and version.id not in shown:
            found.add(version.content["stem"][:11])
    for one in session.scalars(sa.select(DesignQuestion)):
        found |= {repr(one.slope), repr(one.intercepts[0]).lstrip("-")}
        if one.admission < 1:
            found.add(repr(one.admission))
    for step in session.scalars(sa.select(AdaptiveStep)):
        found |= {repr(abs(step.ability)), repr(step.standard_error)}
    return {one for one in found if len(one) > 6}


def sent(app: Flask, sitting: Sitting) -> bytes:
    """Every byte of every answer, headers included."""
    told = []
    for answer in answers(app, sitting):
        told.append(answer.get_data() + str(answer.headers).encode())
        answer.close()
    return b"\n".join(told)


def test_the_secrets_are_in_the_database_first(session: Session, sitting: Sitting) -> None:
    found = secrets(session, sitting)
    assert sum(one.startswith("UNSEEN") for one in found) == 296
    assert sum(one.startswith("CANARY-rationale") for one in found) >= 300
    assert sum(one[0].isdigit() for one in found) > 600
    assert session.scalar(sa.select(sa.func.count()).select_from(AdaptiveStep)) == 3


def test_no_byte_of_any_page_tells_a_secret(session: Session, app: Flask, sitting: Sitting) -> None:
    everything = sent(app, sitting)
    session.expire_all()
    assert {one for one in secrets(session, sitting) if one.encode() in everything} == set()
    assert sitting.attempt.state is AttemptState.OPEN
    assert b"UNSEEN-" in everything


@pytest.mark.parametrize("what", ["question", "ability"])
def test_a_planted_leak_is_found(session: Session, app: Flask, sitting: Sitting, what: str) -> None:
    hidden = {
        "question": next(one for one in secrets(session, sitting) if one.startswith("UNSEEN")),
        "ability": repr(session.scalars(sa.select(AdaptiveStep.standard_error)).first()),
    }[what]

    def leak(response: Response) -> Response:
        response.headers["X-Next"] = hidden
        return response

    app.after_request_funcs.setdefault(None, []).append(leak)
    page = sitting.browser.get(f"/exams/{sitting.attempt.public_id}", follow_redirects=True)
    told = page.get_data() + str(page.headers).encode()
    assert {one for one in secrets(session, sitting) if one.encode() in told} == {hidden}


def test_right_and_wrong_answers_are_acknowledged_alike(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    exam = calibrated_exam(make)
    design_in_use(make, exam, **LONG)
    told = []
    for right in (True, False):
        account = make.applicant()
        attempt = make.attempt(account, exam, now=clock.now(session))
        data = {
            "nonce": str(uuid4()),
            "go": "next",
            "answer": values_for(make, attempt, right=right),
        }
        answer = sign_in(account).post(f"/exams/{attempt.public_id}/1", data=data)
        body = answer.get_data(as_text=True).replace(str(attempt.public_id), "")
        told.append((answer.status_code, body, sorted(answer.headers.keys())))
    assert told[0] == told[1]
