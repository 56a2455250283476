"""The same person by two accounts is a question for a person; so is being under age. Never a no."""

import base64
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import settings
from portal.access import Role
from portal.decisions import Decision
from portal.errors import Conflict
from portal.identity import jobs, same_person, service, verdicts, verified_check
from portal.identity.models import (
    CaseReason,
    CheckState,
    IdentityCheck,
    IdentityIndex,
    NameMatch,
)
from portal.stripe import client, verifications
from portal.stripe.sandbox.resources.verifications import Papers
from tests.make import Make
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import SECRET_KEY, Sandbox


def shown(
    session: Session,
    make: Make,
    now: datetime,
    papers: Papers = Papers.OWN,
    *,
    name: str = "",
    account: str = "Amara Okafor",
) -> IdentityCheck:
    """Somebody goes through Stripe's page with these papers."""
    person = make.account(Role.EXPERT, name=account)
    check = service.start(session, account_id=person.id, now=now)
    session.commit()
    jobs.begin(check.id)
    session.refresh(check)
    fields = {"outcome": "verified", "country": "KE", "papers": papers.value, "name": name}
    payees.submit(verifications.hosted_url(check.session_id or "") or "", fields)
    jobs.refresh(check.id)
    session.refresh(check)
    return check


def test_three_answers_are_kept_of_a_yes(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    check = shown(session, make, now, name="Okafor Amara")
    assert sandbox.base
    assert check.state is CheckState.VERIFIED
    assert (check.country, check.name_match, check.of_age) == ("KE", NameMatch.SAME, True)
    assert len(session.scalars(sa.select(IdentityIndex)).all()) == 2


@pytest.mark.usefixtures("sandbox")
def test_a_name_written_differently_holds_nobody_up(
    session: Session, make: Make, now: datetime
) -> None:
    check = shown(session, make, now, name="Chioma Eze")
    assert (check.state, check.name_match) == (CheckState.VERIFIED, NameMatch.DIFFERENT)


@pytest.mark.usefixtures("sandbox")
def test_a_document_that_another_account_showed_opens_a_case(
    session: Session, make: Make, now: datetime
) -> None:
    first = shown(session, make, now, Papers.SHARED)
    second = shown(session, make, now, Papers.SHARED)
    assert first.state is CheckState.VERIFIED
    assert (second.state, second.case_reason) == (CheckState.REVIEW, CaseReason.TWICE)
    assert [a.id for a in session.scalars(same_person.others(second))] == [first.account_id]
    assert session.scalars(sa.select(Decision)).all() == []
    assert verified_check(session, first.account_id) is first


@pytest.mark.usefixtures("sandbox")
def test_another_document_of_the_same_person_opens_a_case_too(
    session: Session, make: Make, now: datetime
) -> None:
    shown(session, make, now, name="Wanjiru Kamau")
    second = shown(session, make, now, name="KAMAU Wanjiru")
    assert (second.state, second.case_reason) == (CheckState.REVIEW, CaseReason.TWICE)


@pytest.mark.usefixtures("sandbox")
def test_different_people_with_different_papers_are_left_in_peace(
    session: Session, make: Make, now: datetime
) -> None:
    states = {shown(session, make, now).state for _ in range(3)}
    assert states == {CheckState.VERIFIED}


@pytest.mark.usefixtures("sandbox")
def test_under_age_by_the_document_is_looked_at_by_a_person(
    session: Session, make: Make, now: datetime
) -> None:
    check = shown(session, make, now, Papers.MINOR)
    assert (check.state, check.case_reason) == (CheckState.REVIEW, CaseReason.AGE)
    assert check.of_age is False


@pytest.mark.usefixtures("sandbox")
def test_however_often_stripe_repeats_its_yes_the_doubt_stays_with_the_person(
    session: Session, make: Make, now: datetime
) -> None:
    shown(session, make, now, Papers.SHARED)
    second = shown(session, make, now, Papers.SHARED)
    for _ in range(3):
        jobs.refresh(second.id)
    session.refresh(second)
    assert (second.state, second.poll_at) == (CheckState.REVIEW, None)
    by = make.account(Role.COMPLIANCE).id
    verdicts.accept(session, second, by=by, reason="They are twins.", now=now)
    assert verified_check(session, second.account_id) is second


@pytest.mark.usefixtures("sandbox")
def test_asked_again_after_such_a_doubt_the_person_begins_anew(
    session: Session, make: Make, now: datetime
) -> None:
    check = shown(session, make, now, Papers.MINOR)
    by = make.account(Role.COMPLIANCE).id
    verdicts.ask_again(session, check, by=by, reason="Misread; once more, please.", now=now)
    assert check.state is CheckState.CANCELED
    assert service.start(session, account_id=check.account_id, now=now) is not check


@pytest.mark.usefixtures("sandbox")
def test_the_same_person_is_found_after_the_key_was_replaced(
    session: Session, make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(session, make, now, Papers.SHARED)
    newer = base64.urlsafe_b64encode(b"n" * 32).decode().rstrip("=")
    monkeypatch.setenv("IDENTITY_INDEX_KEYS", f"1:{newer}")
    settings.load.cache_clear()
    second = shown(session, make, now, Papers.SHARED)
    assert second.case_reason is CaseReason.TWICE
    versions = sa.select(IdentityIndex.key_version).where(IdentityIndex.check_id == second.id)
    assert sorted(session.scalars(versions)) == [0, 0, 1, 1]
    assert len(session.scalars(same_person.others(second)).all()) == 1


def test_without_the_restricted_key_nothing_is_known_and_nobody_is_held_up(
    session: Session, make: Make, now: datetime, sandbox: Sandbox
) -> None:
    client.connect(SECRET_KEY, sandbox.base)
    first, second = (shown(session, make, now, Papers.SHARED) for _ in range(2))
    assert {first.state, second.state} == {CheckState.VERIFIED}
    assert (second.of_age, second.name_match) == (None, NameMatch.DIFFERENT)
    assert session.scalars(sa.select(IdentityIndex)).all() == []


@pytest.mark.usefixtures("sandbox")
def test_whoever_was_refused_is_not_verified_by_an_older_yes(
    session: Session, make: Make, now: datetime
) -> None:
    old = make.identity_check(state=CheckState.VERIFIED)
    account = old.account_id
    assert verified_check(session, account) is old
    with pytest.raises(Conflict):
        service.start(session, account_id=account, now=now)
    old.extend(until=now)
    newer = service.start(session, account_id=account, now=now)
    assert verified_check(session, account) is old
    found = make.verification(newer, last_error="selfie_face_mismatch")
    service.record(session, newer, found, now=now)
    by = make.account(Role.COMPLIANCE).id
    verdicts.refuse(session, newer, by=by, reason="Another person.", now=now)
    session.flush()
    assert verified_check(session, account) is None
