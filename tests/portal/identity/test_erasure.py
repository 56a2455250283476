"""What identity checks know is forgotten at Stripe first, then here."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.identity import erasure, evidence, jobs, queries, service, verified_check
from portal.identity.models import (
    CheckState,
    EvidenceKind,
    IdentityCheck,
    IdentityIndex,
    JobName,
)
from portal.jobs import OutboxRow
from portal.stripe import verifications
from portal.stripe.sandbox.control import Fault, Knob
from tests.make import Make
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox


def verified(session: Session, make: Make, now: datetime) -> IdentityCheck:
    """Somebody whom Stripe has verified."""
    check = service.start(session, account_id=make.account().id, now=now)
    session.commit()
    jobs.begin(check.id)
    session.refresh(check)
    url = verifications.hosted_url(check.session_id or "") or ""
    payees.submit(url, {"outcome": "verified", "country": "KE"})
    jobs.refresh(check.id)
    session.refresh(check)
    return check


def ask(session: Session, check: IdentityCheck) -> None:
    """Ask for it, and let the job run."""
    erasure.ask(session, account_id=check.account_id, now=clock.now(session))
    session.commit()
    jobs.erase(check.id)
    session.refresh(check)


def documents(sandbox: Sandbox) -> list[object]:
    """What Stripe still has of documents."""
    return [r["document"] for r in sandbox.control.objects("identity.verification_report")]


def test_stripe_redacts_and_our_row_forgets_all_but_that_it_was_checked(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = verified(session, make, now)
    assert session.scalars(sa.select(IdentityIndex)).all() != []
    ask(session, check)
    assert documents(sandbox) == [None]
    left = (check.session_id, check.report_id, check.country, check.name_match, check.of_age)
    assert left == (None,) * 5
    assert check.erased_at is not None
    assert session.scalars(sa.select(IdentityIndex)).all() == []
    assert check.settled_at is not None


def test_what_was_earned_can_still_be_paid(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = verified(session, make, now)
    ask(session, check)
    assert sandbox.base
    assert verified_check(session, check.account_id) is check


def test_our_row_waits_until_stripe_has_finished(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = verified(session, make, now)
    sandbox.control.turn(Knob.REDACTION_TIME, 4 * 86_400)
    ask(session, check)
    before = (check.erased_at, check.session_id is None)
    assert before == (None, False)
    with sandbox.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE sandbox.object SET data = data || '{\"redacted_from\": 0}'")
        )
    jobs.erase(check.id)
    session.refresh(check)
    assert check.session_id is None
    assert documents(sandbox) == [None]


def test_what_stripe_will_not_redact_yet_is_asked_again(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = service.start(session, account_id=make.account().id, now=now)
    session.commit()
    jobs.begin(check.id)
    session.refresh(check)
    url = verifications.hosted_url(check.session_id or "") or ""
    payees.submit(url, {"outcome": "processing"})
    ask(session, check)
    assert (check.state, check.erased_at) == (CheckState.CANCELED, None)
    payees.submit(url, {"outcome": "document_expired"})
    jobs.erase(check.id)
    session.refresh(check)
    assert check.erased_at is not None
    assert documents(sandbox) == [None]


def test_a_lost_answer_is_asked_again_without_harm(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = verified(session, make, now)
    sandbox.control.fail(Fault.DROP_AFTER, path=f"/v1/identity/verification_sessions/{check.session_id}/redact", times=1)  # fmt: skip
    ask(session, check)
    jobs.erase(check.id)
    session.refresh(check)
    assert check.erased_at is not None


def test_the_sweep_chases_what_takes_long(session: Session, make: Make, now: datetime) -> None:
    check = make.identity_check(state=CheckState.VERIFIED)
    erasure.ask(session, account_id=check.account_id, now=now)
    session.execute(sa.delete(OutboxRow))
    erasure.chase(session, now=now + timedelta(hours=5))
    assert session.scalars(sa.select(OutboxRow)).all() == []
    erasure.chase(session, now=now + timedelta(hours=6))
    assert session.scalars(sa.select(OutboxRow.name)).all() == [JobName.ERASE]


def test_an_open_check_ends_and_its_evidence_goes_at_once(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.EVIDENCE)
    evidence.hand_in(session, check, EvidenceKind.WORDS, b"Here I am.", now=now)
    erasure.ask(session, account_id=check.account_id, now=now)
    session.flush()
    assert check.state is CheckState.CANCELED
    assert session.scalars(queries.kept_evidence(check)).all() == []
    assert session.scalars(queries.evidence_of(check)).one().erased_at == now


def test_asking_twice_asks_stripe_once(session: Session, make: Make, now: datetime) -> None:
    check = make.identity_check(state=CheckState.VERIFIED)
    for _ in range(2):
        erasure.ask(session, account_id=check.account_id, now=now)
    queued = sa.select(OutboxRow).where(OutboxRow.name == JobName.ERASE)
    assert len(session.scalars(queued).all()) == 1


def test_the_database_refuses_an_erased_row_that_still_knows_something(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.VERIFIED)
    check.erase_asked_at = now
    check.forget(now=now)
    check.country = "KE"
    with pytest.raises(IntegrityError, match="erased_holds_nothing"):
        session.flush()
