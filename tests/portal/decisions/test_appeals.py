"""Contesting a decision, and the second person who answers."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.access import Role
from portal.accounts.models import Account
from portal.contributions import Contributions
from portal.decisions import Appeal, AppealState, Decision, Outcome, appeals
from portal.decisions.jobs import uphold_overdue
from portal.errors import Conflict, Forbidden, Invalid
from portal.jobs import OutboxRow
from portal.mail import MailMessage
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


class Listener(StrEnum):
    """A job of somebody who acts on appeals."""

    UNDO = "things.undo"


@pytest.fixture(autouse=True)
def listeners() -> Contributions:
    """One package that listens."""
    contributions = Contributions(appeal_listeners=[Listener.UNDO])
    contributions.install()
    return contributions


@pytest.fixture
def decision(session: Session, make: Make) -> Decision:
    """A decision against someone, made just now."""
    return make.decision(now=clock.now(session))


def test_a_person_contests_a_decision_once(session: Session, decision: Decision) -> None:
    now = clock.now(session)
    made = appeals.make(session, decision, words=" The clause was new. ", now=now)
    assert (made.words, made.answer_by) == ("The clause was new.", now + timedelta(days=14))
    with pytest.raises(Conflict, match="already"):
        appeals.make(session, decision, words="Again.", now=now)


def test_the_time_to_contest_ends(session: Session, decision: Decision) -> None:
    assert decision.appeal_until is not None
    with pytest.raises(Conflict, match="run out"):
        appeals.make(session, decision, words="Late.", now=decision.appeal_until)


def test_what_is_not_against_a_person_is_not_contested(session: Session, make: Make) -> None:
    good = make.decision(outcome=Outcome.FOR)
    with pytest.raises(Conflict, match="not against you"):
        appeals.make(session, good, words="But.", now=make.now)


def test_an_appeal_needs_words(session: Session, decision: Decision) -> None:
    with pytest.raises(Invalid):
        appeals.make(session, decision, words="  ", now=clock.now(session))


def test_upholding_makes_a_decision_that_replaces_and_tells_everybody(
    session: Session, make: Make, decision: Decision
) -> None:
    now, appeal = clock.now(session), _appeal(session, decision)
    judge = make.account(Role.REVIEWER)
    replacing = appeals.uphold(session, appeal, by=judge.id, answer="You are right.", now=now)
    session.flush()
    assert (replacing.replaces_id, replacing.outcome) == (decision.id, Outcome.FOR)
    assert replacing.decided_by_id == judge.id
    assert appeal.state is AppealState.UPHELD
    told = session.scalars(sa.select(OutboxRow).where(OutboxRow.name == Listener.UNDO)).one()
    assert told.row_id == appeal.id
    subjects = session.scalars(sa.select(MailMessage.subject).order_by(MailMessage.id)).all()
    assert subjects == ["A decision about you", "Your appeal was answered"]


def test_dismissing_leaves_the_decision_and_tells_nobody_to_undo(
    session: Session, make: Make, decision: Decision
) -> None:
    appeal = _appeal(session, decision)
    judge = make.account(Role.REVIEWER)
    now = clock.now(session)
    appeals.dismiss(session, appeal, by=judge.id, answer="The clause was in force.", now=now)
    session.flush()
    assert appeal.state is AppealState.DISMISSED
    assert not session.scalars(sa.select(OutboxRow).where(OutboxRow.name == Listener.UNDO)).all()


def test_an_appeal_is_settled_once(session: Session, make: Make, decision: Decision) -> None:
    appeal, by = _appeal(session, decision), make.account(Role.REVIEWER).id
    now = clock.now(session)
    appeals.dismiss(session, appeal, by=by, answer="No.", now=now)
    with pytest.raises(Conflict):
        appeals.uphold(session, appeal, by=by, answer="Yes.", now=now)


@pytest.mark.parametrize("role", ["account_id", "decided_by_id"])
def test_neither_the_decider_nor_the_person_answers(
    session: Session, decision: Decision, role: str
) -> None:
    appeal, by = _appeal(session, decision), getattr(decision, role)
    with pytest.raises(Forbidden, match="second person"):
        appeals.dismiss(session, appeal, by=by, answer="No.", now=clock.now(session))


@pytest.mark.parametrize("role", ["account_id", "decided_by_id"])
def test_the_database_refuses_them_too(session: Session, decision: Decision, role: str) -> None:
    appeal = _appeal(session, decision)
    now = clock.now(session)
    appeal.settle(AppealState.DISMISSED, by=getattr(decision, role), answer="No.", now=now)
    with pytest.raises(IntegrityError, match="second person"):
        session.flush()


def test_the_database_refuses_that_nobody_dismisses(session: Session, decision: Decision) -> None:
    appeal = _appeal(session, decision)
    appeal.settle(AppealState.DISMISSED, by=None, answer="No.", now=clock.now(session))
    with pytest.raises(IntegrityError, match="human_dismisses"):
        session.flush()


def test_an_appeal_that_nobody_answers_is_upheld_by_the_clock(
    session: Session, decision: Decision
) -> None:
    appeal = _appeal(session, decision)
    uphold_overdue(0)
    session.refresh(appeal)
    assert appeal.state is AppealState.OPEN
    clock.shift(session, timedelta(days=14, minutes=1))
    session.flush()
    uphold_overdue(0)
    uphold_overdue(0)  # safe to run twice
    session.refresh(appeal)
    assert (appeal.state, appeal.settled_by_id) == (AppealState.UPHELD, None)
    replacing = session.scalars(
        sa.select(Decision).where(Decision.replaces_id == decision.id)
    ).one()
    assert "Silence never decides" in replacing.reason


def test_the_person_appeals_and_a_reviewer_answers_in_the_browser(
    app: Flask, session: Session, make: Make, sign_in: SignIn
) -> None:
    person, decider = make.account(name="Amara Okafor"), make.account(Role.COMPLIANCE)
    judge = make.account(Role.COMPLIANCE, name="Dana Judge")
    made = make.decision(person, by=decider, now=clock.now(session))
    address = f"/decisions/{made.public_id}"
    client = sign_in(person)
    assert "Why a person agreed" in client.get(address).text
    assert client.post(f"{address}/appeal", data={"words": ""}).status_code == 422
    client.post(f"{address}/appeal", data={"words": "The clause was new."})
    assert "The clause was new." in client.get(address).text
    appeal = session.scalars(sa.select(Appeal)).one()
    desk = f"/appeals/{appeal.public_id}"
    assert sign_in(decider).get(desk).status_code == 404
    assert desk not in client.get("/appeals").text
    client = sign_in(judge)
    assert desk in client.get("/appeals").text
    assert client.post(desk, data={"verdict": "upheld"}).status_code == 422
    client.post(desk, data={"verdict": "upheld", "answer": "You are right."})
    session.refresh(appeal)
    assert (appeal.state, appeal.settled_by_id) == (AppealState.UPHELD, judge.id)
    page = sign_in(person).get(address).text
    assert "Appeal upheld" in page
    assert "It was replaced" in page


def test_a_decision_about_somebody_else_is_not_found(
    app: Flask, make: Make, sign_in: SignIn
) -> None:
    made = make.decision()
    client = sign_in(make.account(Role.EXPERT, Role.REVIEWER, Role.MANAGER))
    assert client.get(f"/decisions/{made.public_id}").status_code == 404
    words = {"words": "I object."}
    assert client.post(f"/decisions/{made.public_id}/appeal", data=words).status_code == 404


def test_compliance_reads_a_decision_but_does_not_appeal_for_the_person(
    app: Flask, make: Make, sign_in: SignIn
) -> None:
    made = make.decision()
    client = sign_in(make.account(Role.COMPLIANCE))
    assert client.get(f"/decisions/{made.public_id}").status_code == 200
    words = {"words": "I object."}
    assert client.post(f"/decisions/{made.public_id}/appeal", data=words).status_code == 404


def _appeal(session: Session, decision: Decision) -> Appeal:
    return appeals.make(session, decision, words="The clause was new.", now=clock.now(session))
