"""What is kept of a sitting is shown to whom it is about, and to who decides; and it decides nothing."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import Attempt, Signal
from exams.queries import attempts as queries
from exams.service import attempts, sitting_record
from exams.service.accommodations import Allowance
from exams.service.attempts import Context
from exams.service.events import Where
from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, appeals
from portal.ids import random_id
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def noticed(make: Make, account: Account, *, break_minutes: int = 0) -> int:
    """A sitting with something noticed, one answer changed, ended below the mark; its attempt's id."""
    allowance = Allowance(2.0, break_minutes=break_minutes) if break_minutes else None
    attempt = make.attempt(account, allowance=allowance)
    for answer in ("1", "2"):
        attempts.save(
            make.session,
            attempt,
            position=1,
            values=[answer],
            nonce=random_id(),
            following=2,
            now=make.now + timedelta(minutes=2),
            context=Context(Where(), {Signal.FOCUS_LOST: 30.0, Signal.PASTED: 200.0}),
        )
    make.graded(attempt, right=0)
    return attempt.id


def test_the_record_counts_and_says_that_it_is_whole(session: Session, make: Make) -> None:
    events = list(session.scalars(queries.events(noticed(make, make.applicant()))))
    record = sitting_record.read(events)
    assert (record.answers, record.changed, record.late, record.devices) == (1, 1, 0, 1)
    assert [(one.what.value, one.times, one.amount) for one in record.noticed] == [
        ("focus_lost", 2, 60.0),
        ("pasted", 2, 400.0),
    ]
    assert record.whole
    del events[2]
    assert not sitting_record.read(events).whole


def test_its_person_reads_what_was_noticed_and_what_was_arranged(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account = make.applicant()
    noticed(make, account)
    page = sign_in(account).get("/account/records").text
    assert "away from the page: 2 (60 seconds)" in page
    assert "text pasted: 2 (400 characters)" in page


def test_who_decides_reads_it_with_its_caution_and_nothing_of_an_accommodation(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    attempt_id = noticed(make, make.applicant(), break_minutes=20)
    attempt = session.get_one(Attempt, attempt_id)
    page = sign_in(make.account(Role.REVIEWER)).get(f"/applications/results/{attempt.public_id}")
    assert "Nothing follows from them by itself" in page.text
    assert "Away from the page" in page.text
    for word in ("break", "times the time", "extra time"):
        assert word not in page.text.lower()


def test_whoever_answers_an_appeal_is_led_to_the_sitting(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account = make.applicant()
    make.application(account)
    attempt_id = noticed(make, account)
    attempt = session.get_one(Attempt, attempt_id)
    make.refused(attempt, now=make.now + timedelta(hours=1))
    decision = session.get_one(Decision, attempt.decision_id)
    appeal = appeals.make(
        session, decision, words="My line was away.", now=make.now + timedelta(hours=2)
    )
    session.flush()
    browser = sign_in(make.account(Role.REVIEWER))
    page = browser.get(f"/appeals/{appeal.public_id}").text
    assert f"/applications/results/{attempt.public_id}" in page
    assert (
        "What was kept of the sitting"
        in browser.get(f"/applications/results/{attempt.public_id}").text
    )
