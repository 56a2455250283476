"""A person of ours decides, with a reason; the person concerned may contest it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.decisions import Appeal, AppealState, Decision, Outcome
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import jobs, verdicts, verified_check
from portal.identity.models import CheckState, IdentityCheck, JobName, Route
from portal.jobs import OutboxRow
from tests.make import Make

Verdict = Callable[..., Decision]


@pytest.mark.parametrize(
    ("verdict", "state", "outcome"),
    [
        (verdicts.accept, CheckState.VERIFIED, Outcome.FOR),
        (verdicts.ask_again, CheckState.WAITING, Outcome.NEUTRAL),
        (verdicts.refuse, CheckState.NOT_ACCEPTED, Outcome.AGAINST),
    ],
)
def test_each_decision_leaves_a_row_with_rule_evidence_human_and_reason(
    session: Session,
    make: Make,
    now: datetime,
    verdict: Verdict,
    state: CheckState,
    outcome: Outcome,
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    by = make.account(Role.COMPLIANCE).id
    decision = verdict(session, check, by=by, reason="Looked at in the dashboard.", now=now)
    session.flush()
    assert check.state is state
    assert (decision.outcome, decision.decided_by_id) == (outcome, by)
    assert decision.evidence["last_error"] == "selfie_face_mismatch"
    assert decision.reason == "Looked at in the dashboard."
    assert (decision.appeal_until is not None) is (outcome is Outcome.AGAINST)


def test_accepting_by_hand_makes_the_person_verified(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    by = make.account(Role.COMPLIANCE).id
    verdicts.accept(session, check, by=by, reason="Same person, older photo.", now=now)
    assert verified_check(session, check.account_id) is check


@pytest.mark.parametrize("verdict", [verdicts.accept, verdicts.ask_again, verdicts.refuse])
def test_no_decision_without_a_reason(
    session: Session, make: Make, now: datetime, verdict: Verdict
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    with pytest.raises(Invalid):
        verdict(session, check, by=make.account().id, reason="  ", now=now)


@pytest.mark.parametrize("verdict", [verdicts.accept, verdicts.ask_again, verdicts.refuse])
def test_nobody_decides_about_themself(
    session: Session, make: Make, now: datetime, verdict: Verdict
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    with pytest.raises(Forbidden):
        verdict(session, check, by=check.account_id, reason="It is me.", now=now)


@pytest.mark.parametrize("verdict", [verdicts.accept, verdicts.ask_again, verdicts.refuse])
@pytest.mark.parametrize("state", [state for state in CheckState if state is not CheckState.REVIEW])
def test_only_an_open_case_is_decided(
    session: Session, make: Make, now: datetime, state: CheckState, verdict: Verdict
) -> None:
    check = make.identity_check(state=state)
    with pytest.raises(Conflict, match="settled meanwhile"):
        verdict(session, check, by=make.account().id, reason="Late.", now=now)


def test_asked_again_where_stripe_never_made_a_session_begins_with_a_new_key(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    check.session_id = None
    key = check.idempotency_key
    verdicts.ask_again(session, check, by=make.account().id, reason="Once more.", now=now)
    assert check.state is CheckState.STARTING
    assert check.idempotency_key != key
    queued = session.scalars(sa.select(OutboxRow.row_id).where(OutboxRow.name == JobName.BEGIN))
    assert queued.all() == [check.id]


def test_asked_again_without_stripe_they_hand_in_something_else_and_a_new_round_begins(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    by = make.account(Role.COMPLIANCE).id
    verdicts.ask_again(session, check, by=by, reason="The photo is blurred.", now=now)
    session.flush()
    assert (check.state, check.round) == (CheckState.EVIDENCE, 2)
    begin = sa.select(OutboxRow).where(OutboxRow.name == JobName.BEGIN)
    assert session.scalars(begin).all() == []


def test_where_stripe_has_seen_too_little_the_person_shows_it_to_two_of_us(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    by = make.account(Role.COMPLIANCE).id
    verdicts.ask_for_evidence(session, check, by=by, reason="Too dark to say.", now=now)
    session.flush()
    assert (check.state, check.route) == (CheckState.EVIDENCE, Route.PEOPLE)


def test_the_database_refuses_a_refusal_without_a_decision(session: Session, make: Make) -> None:
    check = make.identity_check(state=CheckState.NOT_ACCEPTED)
    check.decision_id = None
    with pytest.raises(IntegrityError, match="only_a_decision_refuses"):
        session.flush()


def contested(session: Session, make: Make, now: datetime) -> IdentityCheck:
    """A check that was not accepted, contested."""
    check = make.identity_check(state=CheckState.NOT_ACCEPTED)
    verdicts.appeal(session, check, words="That was my twin.", now=now)
    return check


def test_an_appeal_that_is_upheld_verifies_the_person(
    session: Session, make: Make, now: datetime
) -> None:
    check = contested(session, make, now)
    before = verdicts.decision_of(session, check)
    by = make.account(Role.COMPLIANCE).id
    verdicts.answer(session, check, uphold=True, by=by, words="You are right.", now=now)
    after = verdicts.decision_of(session, check)
    assert check.state is CheckState.VERIFIED
    assert before is not None
    assert after is not None
    assert (after.outcome, after.replaces_id) == (Outcome.FOR, before.id)


def test_an_appeal_that_is_dismissed_leaves_the_decision(
    session: Session, make: Make, now: datetime
) -> None:
    check = contested(session, make, now)
    by = make.account(Role.COMPLIANCE).id
    verdicts.answer(session, check, uphold=False, by=by, words="Still another face.", now=now)
    assert check.state is CheckState.NOT_ACCEPTED
    assert session.scalars(sa.select(Appeal.state)).all() == [AppealState.DISMISSED]


def test_whoever_decided_does_not_answer_the_appeal(
    session: Session, make: Make, now: datetime
) -> None:
    check = contested(session, make, now)
    decision = verdicts.decision_of(session, check)
    assert decision is not None
    for by in (decision.decided_by_id, check.account_id):
        with pytest.raises(Forbidden):
            verdicts.answer(session, check, uphold=False, by=by, words="No.", now=now)


def test_an_appeal_is_made_once_and_in_time(session: Session, make: Make, now: datetime) -> None:
    check = contested(session, make, now)
    with pytest.raises(Conflict, match="already"):
        verdicts.appeal(session, check, words="Again.", now=now)
    late = make.identity_check(state=CheckState.NOT_ACCEPTED)
    with pytest.raises(Conflict, match="passed"):
        verdicts.appeal(session, late, words="Late.", now=now + timedelta(days=15))


def test_an_appeal_that_nobody_answers_is_upheld(
    session: Session, make: Make, now: datetime
) -> None:
    check = contested(session, make, now)
    appeal = session.scalars(sa.select(Appeal)).one()
    appeal.answer_by = now.replace(year=2020)
    session.commit()
    jobs.sweep(1)
    session.refresh(check)
    session.refresh(appeal)
    assert (check.state, appeal.state) == (CheckState.VERIFIED, AppealState.UPHELD)


def test_a_contested_decision_within_its_time_waits(
    session: Session, make: Make, now: datetime
) -> None:
    check = contested(session, make, now)
    session.commit()
    jobs.sweep(1)
    session.refresh(check)
    assert check.state is CheckState.NOT_ACCEPTED
