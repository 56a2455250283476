"""Starting a check: consent first, one open at a time, the key stored before Stripe is asked."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.agreements import accepted
from portal.errors import Conflict
from portal.identity import consent, jobs, provider, service, verified_check
from portal.identity.models import CaseReason, CheckState, IdentityCheck, JobName
from portal.jobs import OutboxRow
from portal.stripe.errors import OutcomeUnknown
from portal.stripe.sandbox.control import Fault
from tests.make import Make
from tests.portal.stripe.conftest import Sandbox


def started(session: Session, make: Make, now: datetime) -> IdentityCheck:
    """A check that somebody just agreed to."""
    check = service.start(session, account_id=make.account().id, now=now)
    session.commit()
    return check


def test_starting_records_the_consent_and_asks_for_the_session_in_the_same_transaction(
    session: Session, make: Make, now: datetime
) -> None:
    check = service.start(session, account_id=make.account().id, now=now)
    acceptance = accepted(session, account_id=check.account_id, kind=consent.STRIPE.kind)
    assert acceptance is not None
    assert acceptance.agreement_version_id == check.consent_id
    queued = session.scalars(sa.select(OutboxRow).where(OutboxRow.name == JobName.BEGIN)).one()
    assert queued.row_id == check.id
    assert check.state is CheckState.STARTING


def test_starting_again_gives_the_check_that_is_open(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.account()
    first = service.start(session, account_id=account.id, now=now)
    assert service.start(session, account_id=account.id, now=now) is first


def test_whoever_is_verified_cannot_start_again(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.VERIFIED)
    with pytest.raises(Conflict):
        service.start(session, account_id=check.account_id, now=now)
    assert verified_check(session, check.account_id) is check


@pytest.mark.parametrize("state", [CheckState.CANCELED, CheckState.NOT_ACCEPTED])
def test_after_an_end_without_yes_one_can_start_anew(
    session: Session, make: Make, now: datetime, state: CheckState
) -> None:
    check = make.identity_check(state=state)
    assert verified_check(session, check.account_id) is None
    assert service.start(session, account_id=check.account_id, now=now) is not check


def test_the_database_refuses_a_second_open_check(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.account()
    make.identity_check(account)
    with pytest.raises(IntegrityError, match="uq_identity_check_open"):
        make.identity_check(account)


def test_beginning_makes_one_session_however_often_it_runs(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = started(session, make, now)
    jobs.begin(check.id)
    jobs.begin(check.id)
    session.refresh(check)
    made = sandbox.control.objects("identity.verification_session")
    assert [found["id"] for found in made] == [check.session_id]
    assert made[0]["client_reference_id"] == str(check.public_id)
    assert check.state is CheckState.WAITING


def test_dying_between_stripes_effect_and_our_commit_makes_no_second_session(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = started(session, make, now)
    sandbox.control.fail(Fault.DROP_AFTER, path="/v1/identity", times=3)
    with pytest.raises(OutcomeUnknown):
        jobs.begin(check.id)
    jobs.begin(check.id)
    session.refresh(check)
    made = sandbox.control.objects("identity.verification_session")
    assert [found["id"] for found in made] == [check.session_id]


def test_at_the_page_an_outage_is_left_to_the_outbox(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = started(session, make, now)
    sandbox.control.fail(Fault.DROP_BEFORE, path="/v1/identity", times=3)
    provider.try_to_begin(check.id)
    session.refresh(check)
    assert check.state is CheckState.STARTING


def test_where_stripe_refuses_a_person_takes_the_case(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = started(session, make, now)
    sandbox.control.fail(Fault.REFUSE, path="/v1/identity")
    jobs.begin(check.id)
    session.refresh(check)
    assert (check.state, check.case_reason) == (CheckState.EVIDENCE, CaseReason.NO_SESSION)


def test_a_check_that_stripe_never_answered_is_found_by_the_sweep(
    session: Session, make: Make, now: datetime
) -> None:
    check = started(session, make, now)
    session.execute(sa.delete(OutboxRow))
    check.poll_at = now - timedelta(days=365)
    session.commit()
    jobs.sweep(1)
    assert session.scalars(sa.select(OutboxRow.name)).all() == [JobName.BEGIN]
