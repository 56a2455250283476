"""Without Stripe two different people decide, and the database holds them to it."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, Outcome
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import by_hand, evidence, service, verdicts, verified_check
from portal.identity.models import (
    CaseReason,
    CheckState,
    EvidenceKind,
    IdentityCheck,
    IdentityOpinion,
    OpinionVerdict,
    Route,
)
from portal.stripe.verifications import VerificationStatus
from tests.make import Make

ACCEPT, REFUSE = OpinionVerdict.ACCEPT, OpinionVerdict.REFUSE


def say(
    session: Session,
    check: IdentityCheck,
    by: Account,
    verdict: OpinionVerdict,
    now: datetime,
    *,
    reason: str = "I have seen the passport.",
) -> Decision | None:
    """One person's opinion."""
    return by_hand.give_opinion(session, check, by=by.id, verdict=verdict, reason=reason, now=now)


def test_one_yes_settles_nothing_and_the_case_goes_to_somebody_else(
    session: Session, make: Make, now: datetime
) -> None:
    one, two = make.account(Role.COMPLIANCE), make.account(Role.COMPLIANCE)
    check = make.identity_case_by_hand()
    assert check.reviewer_id == one.id
    assert say(session, check, one, ACCEPT, now) is None
    assert (check.state, check.reviewer_id) == (CheckState.REVIEW, two.id)
    assert session.scalars(sa.select(Decision)).all() == []


def test_two_who_say_yes_verify_the_person(session: Session, make: Make, now: datetime) -> None:
    one, two = make.account(Role.COMPLIANCE), make.account(Role.COMPLIANCE)
    check = make.identity_case_by_hand()
    say(session, check, one, ACCEPT, now)
    decision = say(session, check, two, ACCEPT, now, reason="The face fits.")
    session.flush()
    assert decision is not None
    assert (decision.outcome, decision.decided_by_id) == (Outcome.FOR, two.id)
    assert decision.evidence["agreeing"] == [one.id, two.id]
    assert (check.first_reviewer_id, check.second_reviewer_id) == (one.id, two.id)
    assert verified_check(session, check.account_id) is check


def test_two_who_say_no_refuse_with_both_reasons_and_it_can_be_contested(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    say(session, check, make.account(Role.COMPLIANCE), REFUSE, now, reason="Another face.")
    decision = say(session, check, make.account(), REFUSE, now, reason="Another name.")
    session.flush()
    assert decision is not None
    assert decision.reason == "Another face.\n\nAnother name."
    assert check.state is CheckState.NOT_ACCEPTED
    assert verdicts.appeal(session, check, words="My twin.", now=now).answer_by > now


def test_where_two_disagree_a_third_tips_the_balance(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    one, two, three = (make.account(Role.COMPLIANCE) for _ in range(3))
    assert say(session, check, one, REFUSE, now) is None
    assert say(session, check, two, ACCEPT, now) is None
    assert check.reviewer_id == three.id
    assert say(session, check, three, ACCEPT, now) is not None
    session.flush()
    assert (check.first_reviewer_id, check.second_reviewer_id) == (two.id, three.id)


def test_nobody_speaks_twice_in_a_round(session: Session, make: Make, now: datetime) -> None:
    check = make.identity_case_by_hand()
    one = make.account(Role.COMPLIANCE)
    say(session, check, one, ACCEPT, now)
    with pytest.raises(Conflict, match="somebody else"):
        say(session, check, one, ACCEPT, now)


def test_after_something_else_was_handed_in_everybody_may_speak_again(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    one, two = make.account(Role.COMPLIANCE), make.account(Role.COMPLIANCE)
    say(session, check, one, ACCEPT, now)
    verdicts.ask_again(session, check, by=two.id, reason="The back too, please.", now=now)
    evidence.hand_in(session, check, EvidenceKind.WORDS, b"Here.", now=now)
    evidence.finish(session, check, now=now)
    assert say(session, check, one, ACCEPT, now) is None
    assert say(session, check, two, ACCEPT, now) is not None


def test_nobody_has_a_say_about_themself(session: Session, make: Make, now: datetime) -> None:
    person = make.account(Role.COMPLIANCE, Role.EXPERT)
    check = make.identity_case_by_hand(person)
    with pytest.raises(Forbidden):
        say(session, check, person, ACCEPT, now)


def test_nobody_has_a_say_without_a_reason(session: Session, make: Make, now: datetime) -> None:
    check = make.identity_case_by_hand()
    with pytest.raises(Invalid):
        say(session, check, make.account(), ACCEPT, now, reason=" ")


@pytest.mark.parametrize("verdict", [verdicts.accept, verdicts.refuse, verdicts.ask_for_evidence])
def test_one_person_alone_does_not_decide_by_hand(
    session: Session, make: Make, now: datetime, verdict: object
) -> None:
    check = make.identity_case_by_hand()
    assert callable(verdict)
    with pytest.raises(Conflict, match="Two people"):
        verdict(session, check, by=make.account().id, reason="I am sure.", now=now)


def test_neither_of_the_two_answers_the_appeal(session: Session, make: Make, now: datetime) -> None:
    check = make.identity_case_by_hand()
    two = make.refused_by_two(check)
    verdicts.appeal(session, check, words="Look again.", now=now)
    for person in two:
        with pytest.raises(Forbidden):
            verdicts.answer(session, check, uphold=True, by=person.id, words="Yes.", now=now)
    verdicts.answer(session, check, uphold=True, by=make.account().id, words="Yes.", now=now)
    assert check.state is CheckState.VERIFIED


def test_stripes_yes_still_counts_while_people_look(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    found = make.verification(check, VerificationStatus.VERIFIED, country="KE")
    service.record(session, check, found, now=now)
    session.flush()
    assert (check.state, check.route) == (CheckState.VERIFIED, Route.STRIPE)


def test_a_new_check_takes_the_place_of_one_without_stripe(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.account()
    first = service.start_with_person(session, account_id=account.id, now=now)
    second = service.start(session, account_id=account.id, now=now)
    session.flush()
    assert (first.state, second.state) == (CheckState.CANCELED, CheckState.STARTING)
    assert first.case_reason is CaseReason.ASKED


@pytest.mark.parametrize("state", [CheckState.VERIFIED, CheckState.NOT_ACCEPTED])
def test_the_database_refuses_a_verdict_by_hand_of_fewer_than_two(
    session: Session, make: Make, now: datetime, state: CheckState
) -> None:
    check = make.identity_check(state=state)
    check.route = Route.PEOPLE
    with pytest.raises(IntegrityError, match="two_people_decide_by_hand"):
        session.flush()


def test_the_database_refuses_the_same_person_as_both(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    one = make.account(Role.COMPLIANCE)
    say(session, check, one, ACCEPT, now)
    check.agree(one.id, one.id)
    with pytest.raises(IntegrityError, match="two_different_people"):
        session.flush()


def test_the_database_refuses_a_name_that_gave_no_opinion(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    check.agree(make.account().id, make.account().id)
    with pytest.raises(IntegrityError, match="_opinion"):
        session.flush()


def test_the_database_refuses_the_person_as_one_of_the_two(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    session.add(IdentityOpinion(check.id, check.round, check.account_id, ACCEPT, "It is me.", now))
    session.flush()
    check.first_reviewer_id = check.account_id
    with pytest.raises(IntegrityError, match="neither_is_the_person"):
        session.flush()
