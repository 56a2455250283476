"""Two devices: the second takes over visibly, the first is told; what may be worth a look is only kept."""

from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import Attempt, AttemptEvent, EventKind, Signal
from exams.queries import attempts as queries
from exams.service import sheet
from portal import clock
from portal.accounts import sign_ins
from portal.accounts.models import Account
from tests.make import Make

Device = Callable[[], FlaskClient]


@pytest.fixture
def account(make: Make) -> Account:
    """Who sits the exam."""
    return make.applicant()


@pytest.fixture
def device(app: Flask, session: Session, account: Account) -> Device:
    """A new device of theirs, signed in."""

    def signed_in() -> FlaskClient:
        browser = app.test_client()
        browser.environ_base["wsgi.url_scheme"] = "https"
        now = clock.now(session)
        token = sign_ins.start(
            session, account=account, device="another", second_factor=True, now=now
        )
        browser.set_cookie(sign_ins.COOKIE, token)
        return browser

    return signed_in


def begin(session: Session, make: Make, account: Account, browser: FlaskClient) -> Attempt:
    """Start an exam by its page."""
    exam = make.exam()
    browser.post(f"/exams/about/{exam.slug}")
    return session.scalars(queries.at_exam(account.id, exam.id)).one()


def say(browser: FlaskClient, attempt: Attempt, position: int = 3, **more: str) -> int:
    """Save quietly, as the page's script does."""
    data = {"answer": "1", "nonce": str(uuid4()), "go": "stay", **more}
    return browser.post(f"/exams/{attempt.public_id}/{position}", data=data).status_code


def kinds(session: Session, attempt: Attempt) -> list[EventKind]:
    """What happened."""
    return [event.kind for event in session.scalars(queries.events(attempt.id))]


def noticed(session: Session, attempt: Attempt) -> list[tuple[str, float | None]]:
    """The signals with their amounts."""
    query = queries.events(attempt.id).where(AttemptEvent.kind == EventKind.SIGNAL)
    return [(one.payload["what"], one.payload.get("amount")) for one in session.scalars(query)]


def test_a_second_device_sees_no_question_until_it_goes_on_there(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    first, second = device(), device()
    attempt = begin(session, make, account, first)
    page = f"/exams/{attempt.public_id}/1"
    assert "screenshot" in first.get(page).text
    told = second.get(page).text
    assert "sitting this exam on another device" in told
    assert "screenshot" not in told
    second.post(f"/exams/{attempt.public_id}/here")
    assert "screenshot" in second.get(page).text
    assert "sitting this exam on another device" in first.get(page).text
    assert EventKind.TAKEN_OVER in kinds(session, attempt)


def test_the_first_is_told_when_it_saves_and_keeps_nothing(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    first, second = device(), device()
    attempt = begin(session, make, account, first)
    assert say(first, attempt) == 200
    second.post(f"/exams/{attempt.public_id}/here")
    data = {"answer": "2", "nonce": str(uuid4()), "go": "stay"}
    refused = first.post(
        f"/exams/{attempt.public_id}/3", data=data, headers={"Accept": "application/json"}
    )
    assert refused.status_code == 409
    assert "another device" in refused.text
    told = first.post(f"/exams/{attempt.public_id}/3", data=data | {"go": "next"})
    assert "another device" in first.get(told.location, follow_redirects=True).text
    found = sheet.read(list(session.scalars(queries.events(attempt.id))))
    assert found.answer(3) == {"written": "1", "value": 1.0}


def test_a_second_device_that_saves_is_noted_once_for_each_turn(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    first, second = device(), device()
    attempt = begin(session, make, account, first)
    for _ in range(3):
        say(second, attempt)
    assert noticed(session, attempt) == [("parallel", None)]
    second.post(f"/exams/{attempt.public_id}/here")
    say(first, attempt)
    assert noticed(session, attempt) == [("parallel", None)] * 2


def test_going_on_where_one_is_changes_nothing(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    first = device()
    attempt = begin(session, make, account, first)
    first.post(f"/exams/{attempt.public_id}/here")
    assert kinds(session, attempt) == [EventKind.STARTED]


def test_what_the_page_noticed_comes_with_the_answer_as_amounts(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    browser = device()
    attempt = begin(session, make, account, browser)
    say(browser, attempt, away="12.5", pasted="340")
    assert noticed(session, attempt) == [("focus_lost", 12.5), ("pasted", 340.0)]


@pytest.mark.parametrize("nonsense", ["", "-3", "nan", "inf", "1e999", "<b>", "0"])
def test_nonsense_from_a_page_is_no_error_and_no_evidence(
    session: Session, make: Make, account: Account, device: Device, nonsense: str
) -> None:
    browser = device()
    attempt = begin(session, make, account, browser)
    assert say(browser, attempt, away=nonsense) == 200
    assert all(0 < (amount or 1) <= 1e6 for _, amount in noticed(session, attempt))


def test_another_network_is_noted_and_neither_is_kept(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    browser = device()
    attempt = begin(session, make, account, browser)
    for address in ("203.0.113.7", "203.0.113.9", "198.51.100.4"):
        browser.environ_base["REMOTE_ADDR"] = address
        say(browser, attempt)
    assert [what for what, _ in noticed(session, attempt)] == ["address_changed"] * 2
    written = sa.select(sa.func.string_agg(sa.cast(AttemptEvent.payload, sa.Text), " "))
    kept = session.scalar(written.where(AttemptEvent.attempt_id == attempt.id)) or ""
    assert not [part for part in ("203.0", "198.51", "113.7", "113.9", "100.4") if part in kept]


def test_a_save_repeated_notes_nothing_again(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    browser = device()
    attempt = begin(session, make, account, browser)
    nonce = str(uuid4())
    for _ in range(2):
        say(browser, attempt, nonce=nonce, away="3")
    assert len(noticed(session, attempt)) == 1


def test_no_evidence_changes_a_result(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    browser = device()
    attempt = begin(session, make, account, browser)
    for _ in range(5):
        say(browser, attempt, away="600", pasted="5000", offline="100")
    plain = make.graded(make.attempt(make.applicant(), make.exam()), right=5)
    watched = make.graded(attempt, right=5)
    scores = [queries.score(session, one.id) for one in (plain, watched)]
    assert scores[0] is not None
    assert scores[1] is not None
    assert (scores[0].raw, plain.state) == (scores[1].raw, watched.state)


def test_signals_are_no_answers_and_no_time(
    session: Session, make: Make, account: Account, device: Device
) -> None:
    browser = device()
    attempt = begin(session, make, account, browser)
    say(browser, attempt, position=2, away="3")
    found = sheet.read(list(session.scalars(queries.events(attempt.id))))
    assert found.answered == {2}
    assert set(found.seconds) == {2}
    assert {one.value for one in Signal} >= {what for what, _ in noticed(session, attempt)}
