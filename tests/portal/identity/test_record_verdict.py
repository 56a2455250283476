"""What Stripe says moves a check; a machine says yes, but never no."""

from datetime import datetime
from enum import StrEnum

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.access import Role
from portal.contributions import Contributions
from portal.decisions import Decision
from portal.identity import jobs, service
from portal.identity.last_errors import EXPLANATIONS, NextAction, explain
from portal.identity.models import CheckState, IdentityCheck, JobName
from portal.jobs import OutboxRow
from portal.mail import MailMessage
from portal.stripe import verifications
from portal.stripe.models import StripeEvent
from portal.stripe.sandbox.resources.verifications import error_codes
from portal.stripe.verifications import VerificationStatus
from tests.make import Make
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox


class Listener(StrEnum):
    """Somebody who waits for checks to end."""

    SETTLED = "identitytest.settled"


def begun(session: Session, make: Make, now: datetime) -> IdentityCheck:
    """A check whose session really exists in the sandbox."""
    check = service.start(session, account_id=make.account().id, now=now)
    session.commit()
    jobs.begin(check.id)
    session.refresh(check)
    return check


def settle(check: IdentityCheck, outcome: str) -> None:
    """End Stripe's page, then ask how the check stands, as the event would make us do."""
    url = verifications.hosted_url(check.session_id or "")
    assert url is not None
    payees.submit(url, {"outcome": outcome, "country": "KE"})
    jobs.refresh(check.id)


def test_stripes_yes_is_recorded_with_the_country_and_nothing_else(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = begun(session, make, now)
    settle(check, "verified")
    session.refresh(check)
    assert (check.state, check.country, check.last_error) == (CheckState.VERIFIED, "KE", None)
    assert check.settled_at is not None
    assert check.poll_at is None
    assert sandbox.base


def test_whoever_waits_for_the_end_is_told_once(
    session: Session, make: Make, now: datetime, contributions: Contributions
) -> None:
    contributions.identity_listeners.append(Listener.SETTLED)
    check = make.identity_check()
    for _ in range(3):
        found = make.verification(check, VerificationStatus.VERIFIED, country="KE")
        service.record(session, check, found, now=now)
    told = sa.select(OutboxRow.row_id).where(OutboxRow.name == Listener.SETTLED)
    assert session.scalars(told).all() == [check.id]


@pytest.mark.parametrize("code", error_codes())
def test_every_code_has_one_sentence_and_one_next_action(code: str) -> None:
    assert code in EXPLANATIONS
    assert str(explain(code).sentence).endswith(".")
    assert str(explain(code).advice).endswith(".")


@pytest.mark.parametrize("code", error_codes())
def test_a_machines_no_never_settles_a_check(
    session: Session, make: Make, now: datetime, sandbox: Sandbox, code: str
) -> None:
    check = begun(session, make, now)
    settle(check, code)
    session.refresh(check)
    follows = {
        NextAction.AGAIN: CheckState.WAITING,
        NextAction.PAPERS: CheckState.EVIDENCE,
        NextAction.PERSON: CheckState.REVIEW,
    }
    assert check.state is follows[explain(code).action]
    assert (check.last_error, check.failures) == (code, 1)
    assert session.scalars(sa.select(Decision)).all() == []
    assert sandbox.base


def test_a_code_that_is_new_to_us_goes_to_a_person(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check()
    found = make.verification(check, last_error="document_too_shiny", report_id="vr_1")
    service.record(session, check, found, now=now)
    assert check.state is CheckState.REVIEW


def test_the_session_is_used_again_after_a_failure(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = begun(session, make, now)
    settle(check, "document_expired")
    settle(check, "verified")
    session.refresh(check)
    assert check.state is CheckState.VERIFIED
    assert len(sandbox.control.objects("identity.verification_session")) == 1


def test_the_same_failure_heard_twice_counts_once(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check()
    for _ in range(5):
        found = make.verification(check, last_error="document_expired", report_id="vr_1")
        service.record(session, check, found, now=now)
    assert (check.failures, check.state) == (1, CheckState.WAITING)


def test_while_a_person_looks_the_same_failure_counts_once_and_a_new_one_is_kept(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    counted = []
    for code, report in (("selfie_face_mismatch", None), ("selfie_manipulated", "vr_9")):
        for _ in range(2):
            found = make.verification(check, last_error=code, report_id=report)
            service.record(session, check, found, now=now)
            counted.append((check.state, check.failures))
    assert counted == [(CheckState.REVIEW, 1)] * 2 + [(CheckState.REVIEW, 2)] * 2


def test_the_third_failure_goes_to_a_person(session: Session, make: Make, now: datetime) -> None:
    check = make.identity_check()
    states = []
    for attempt in range(3):
        found = make.verification(check, last_error="document_expired", report_id=f"vr_{attempt}")
        service.record(session, check, found, now=now)
        states.append(check.state)
    assert states == [CheckState.WAITING, CheckState.WAITING, CheckState.REVIEW]


def test_a_yes_ends_a_case_that_a_person_has_not_decided(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    found = make.verification(check, VerificationStatus.VERIFIED, country="BR")
    service.record(session, check, found, now=now)
    assert (check.state, check.country, check.review_due_at) == (CheckState.VERIFIED, "BR", None)


@pytest.mark.parametrize("late", list(VerificationStatus))
@pytest.mark.parametrize(
    "state", [CheckState.VERIFIED, CheckState.NOT_ACCEPTED, CheckState.CANCELED]
)
def test_what_has_ended_stays_however_late_something_arrives(
    session: Session, make: Make, now: datetime, state: CheckState, late: VerificationStatus
) -> None:
    check = make.identity_check(state=state)
    found = make.verification(check, late, last_error="abandoned", country="BR")
    service.record(session, check, found, now=now)
    assert check.state is state


def test_a_case_names_a_person_with_two_working_days(
    session: Session, make: Make, now: datetime
) -> None:
    colleague = make.account(Role.COMPLIANCE, email="ines@example.org")
    check = make.identity_check(state=CheckState.REVIEW)
    assert check.reviewer_id == colleague.id
    assert check.review_due_at == now.replace(day=25)  # Monday to Wednesday
    letters = session.scalars(sa.select(MailMessage.recipient)).all()
    assert "ines@example.org" in letters


def test_nobody_reviews_their_own_check(session: Session, make: Make, now: datetime) -> None:
    colleague = make.account(Role.COMPLIANCE, Role.EXPERT)
    check = make.identity_check(colleague, state=CheckState.REVIEW)
    assert check.reviewer_id is None


def test_an_event_wakes_us_and_stripe_says_what_is_true(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = begun(session, make, now)
    url = verifications.hosted_url(check.session_id or "") or ""
    payees.submit(url, {"outcome": "document_expired"})
    event = StripeEvent(
        event_id="evt_lying",
        type="identity.verification_session.verified",
        object_id=check.session_id,
        created_at=now,
        received_at=now,
    )
    session.add(event)
    session.commit()
    jobs.woken(event.id)
    session.refresh(check)
    assert (check.state, check.last_error) == (CheckState.WAITING, "document_expired")
    assert sandbox.base


def test_an_event_about_nobody_we_know_is_left_alone(
    session: Session, make: Make, now: datetime
) -> None:
    event = StripeEvent("evt_1", "identity.verification_session.verified", "vs_other", now, now)
    session.add(event)
    session.commit()
    jobs.woken(event.id)


def test_a_check_whose_event_never_came_is_found_by_the_sweep(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.PROCESSING)
    session.execute(sa.delete(OutboxRow))
    check.poll_at = now.replace(year=2020)
    session.commit()
    jobs.sweep(1)
    jobs.sweep(1)
    queued = session.execute(sa.select(OutboxRow.name, OutboxRow.row_id)).all()
    assert [tuple(row) for row in queued] == [(JobName.REFRESH, check.id)]


def test_a_case_that_nobody_decided_goes_to_a_second_person(
    session: Session, make: Make, now: datetime
) -> None:
    first = make.account(Role.COMPLIANCE)
    check = make.identity_check(state=CheckState.REVIEW)
    assert check.reviewer_id == first.id
    second = make.account(Role.ADMIN)
    check.review_due_at = now.replace(year=2020)
    session.commit()
    jobs.sweep(1)
    session.refresh(check)
    assert check.reviewer_id == second.id
    assert check.review_due_at is not None
    assert check.review_due_at > now.replace(year=2021)
    assert check.state is CheckState.REVIEW
