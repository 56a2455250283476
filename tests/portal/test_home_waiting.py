"""The home page says what waits for those who decide, and nobody else is told."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Appeal, Outcome, decide
from portal.identity.models import CheckState
from portal.ids import random_id
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_compliance_sees_how_many_identity_checks_wait(make: Make, sign_in: SignIn) -> None:
    browser = sign_in(make.account(Role.COMPLIANCE))
    assert "No identity check waits for a person" in browser.get("/").text
    make.identity_check(state=CheckState.REVIEW)
    assert "1 identity check waits for a person" in browser.get("/").text


def test_whoever_may_answer_an_appeal_sees_that_it_waits(make: Make, sign_in: SignIn) -> None:
    person, decider = make.account(Role.APPLICANT), make.account(Role.REVIEWER)
    decision = decide(
        make.session,
        account_id=person.id,
        kind="thing.refused",
        outcome=Outcome.AGAINST,
        subject=("thing", 1),
        rule=("R-1", "1"),
        evidence={},
        reason="It was so.",
        decided_by=decider.id,
        now=make.now,
    )
    until = make.now + timedelta(days=14)
    appeal = Appeal(random_id(), decision.id, "It was not.", made_at=make.now, answer_by=until)
    make.session.add(appeal)
    make.session.flush()
    assert "1 appeal waits" in sign_in(make.account(Role.COMPLIANCE)).get("/").text
    assert "appeal waits" not in sign_in(make.account(Role.EXPERT)).get("/").text
