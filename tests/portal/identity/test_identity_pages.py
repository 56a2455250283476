"""The pages of an identity check: the person's own way, and that of compliance."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import agreements
from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Appeal, Decision
from portal.identity import consent, jobs
from portal.identity.models import CheckState, IdentityCheck, JobName
from portal.jobs import OutboxRow
from portal.stripe import verifications
from portal.stripe.sandbox.control import Fault
from tests.make import Make
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox

AGREED: Final = {
    "consent": "y",
    "text": consent.Text(consent.STRIPE.title, consent.STRIPE.body).digest,
}
SignIn = Callable[[Account], FlaskClient]


def test_the_whole_way_from_consent_to_verified(
    session: Session, make: Make, sign_in: SignIn, sandbox: Sandbox
) -> None:
    account = make.account(Role.APPLICANT)
    browser = sign_in(account)
    assert "never take or keep your date of birth" in browser.get("/identity").text
    answer = browser.post("/identity", data=AGREED)
    assert (answer.status_code, answer.location) == (303, "/identity/leave")
    page = browser.get("/identity/leave").text
    check = session.scalars(sa.select(IdentityCheck)).one()
    hosted = verifications.hosted_url(check.session_id or "")
    assert f'href="{hosted}"' in page
    back = payees.submit(hosted or "", {"outcome": "verified", "country": "KE"})
    assert back == "https://touchstone.test/identity/return"
    assert "hx-trigger" in browser.get("/identity/return").text
    jobs.refresh(check.id)
    assert "never kept" in browser.get("/identity/state").text
    assert "hx-trigger" not in browser.get("/identity/state").text
    assert sandbox.base


def test_nothing_is_sent_without_consent(
    session: Session, make: Make, sign_in: SignIn, sandbox: Sandbox
) -> None:
    browser = sign_in(make.account(Role.APPLICANT))
    answer = browser.post("/identity", data={})
    assert answer.status_code == 422
    assert "Agree first" in answer.text
    assert session.scalars(sa.select(IdentityCheck)).all() == []
    assert sandbox.control.objects("identity.verification_session") == []


def test_whoever_had_an_older_text_before_them_reads_the_newer_one_first(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    browser = sign_in(make.account(Role.APPLICANT))
    agreements.publish(
        session, kind=consent.STRIPE.kind, title="New", body="Newer *words*.", now=now
    )
    assert browser.post("/identity", data=AGREED).status_code == 409
    page = browser.get("/identity").text
    assert "Newer <em>words</em>." in page
    shown = consent.text(session, consent.STRIPE).digest
    assert shown in page
    assert browser.post("/identity", data={"consent": "y", "text": shown}).status_code == 303
    accepted = agreements.accepted(
        session,
        account_id=session.scalars(sa.select(IdentityCheck.account_id)).one(),
        kind="identity",
    )
    assert accepted is not None


def test_while_stripe_is_away_the_page_says_so_and_nothing_is_lost(
    session: Session, make: Make, sign_in: SignIn, sandbox: Sandbox
) -> None:
    browser = sign_in(make.account(Role.APPLICANT))
    sandbox.control.fail(Fault.DROP_BEFORE, path="/v1/identity", times=3)
    browser.post("/identity", data=AGREED)
    assert browser.get("/identity/leave").location == "/identity"
    assert "We are asking Stripe" in browser.get("/identity").text
    queued = session.scalars(sa.select(OutboxRow.name)).all()
    assert queued == [JobName.BEGIN]


def test_a_link_that_cannot_be_had_is_a_503_not_a_crash(
    session: Session, make: Make, sign_in: SignIn, sandbox: Sandbox
) -> None:
    browser = sign_in(make.account(Role.APPLICANT))
    browser.post("/identity", data=AGREED)
    sandbox.control.fail(Fault.DROP_BEFORE, path="/v1/identity", times=3)
    assert browser.get("/identity/leave").status_code == 503


@pytest.mark.parametrize("state", list(CheckState))
def test_every_state_has_its_page(make: Make, sign_in: SignIn, state: CheckState) -> None:
    account = make.account(Role.EXPERT)
    make.identity_check(account, state=state)
    page = sign_in(account).get("/identity")
    assert page.status_code == 200
    assert "selfie_face_mismatch" not in page.text
    assert "rejected" not in page.text.lower()


def test_the_person_may_ask_for_a_human_instead(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    account = make.account(Role.APPLICANT)
    check = make.identity_check(account)
    assert sign_in(account).post("/identity/ask-person").status_code == 303
    session.refresh(check)
    assert check.state is CheckState.EVIDENCE


def test_whoever_declines_stripe_gets_a_human_and_nothing_is_sent(
    session: Session, make: Make, sign_in: SignIn, sandbox: Sandbox
) -> None:
    browser = sign_in(make.account(Role.APPLICANT))
    assert "Ask for a person instead" in browser.get("/identity").text
    assert browser.post("/identity/ask-person").status_code == 303
    check = session.scalars(sa.select(IdentityCheck)).one()
    assert (check.state, check.consent_id) == (CheckState.EVIDENCE, None)
    assert "Showing your document to two of our people" in browser.get("/identity").text
    jobs.sweep(1)
    jobs.begin(check.id)
    assert sandbox.control.objects("identity.verification_session") == []


def test_asking_stripe_now_puts_it_into_the_outbox(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    account = make.account(Role.APPLICANT)
    make.identity_check(account)
    session.execute(sa.delete(OutboxRow))
    assert sign_in(account).post("/identity/refresh").location == "/identity/return"
    assert session.scalars(sa.select(OutboxRow.name)).all() == [JobName.REFRESH]


def test_somebody_elses_check_is_not_there(make: Make, sign_in: SignIn) -> None:
    make.identity_check()
    browser = sign_in(make.account(Role.APPLICANT))
    assert browser.get("/identity/leave").status_code == 404
    assert browser.post("/identity/refresh").status_code == 404
    assert browser.post("/identity/appeal", data={"words": "x"}).status_code == 404


def test_contesting_needs_words_and_happens_once(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    account = make.account(Role.APPLICANT)
    make.identity_check(account, state=CheckState.NOT_ACCEPTED)
    browser = sign_in(account)
    assert "Contest this decision" in browser.get("/identity").text
    assert browser.post("/identity/appeal", data={"words": ""}).status_code == 422
    assert browser.post("/identity/appeal", data={"words": "My twin."}).status_code == 303
    assert browser.post("/identity/appeal", data={"words": "Again."}).status_code == 409
    assert session.scalars(sa.select(Appeal.words)).all() == ["My twin."]
    assert "You contested this" in browser.get("/identity").text


def test_compliance_sees_the_cases_and_decides_one(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    check = make.identity_check(make.account(name="Kofi Boateng"), state=CheckState.REVIEW)
    colleague = make.account(Role.COMPLIANCE)
    browser = sign_in(colleague)
    assert "Kofi Boateng" in browser.get("/compliance/identity").text
    address = f"/compliance/identity/{check.public_id}"
    assert "selfie_face_mismatch" in browser.get(address).text
    unsaid = browser.post(f"{address}/decide", data={"verdict": "refuse", "reason": ""})
    assert unsaid.status_code == 422
    done = browser.post(f"{address}/decide", data={"verdict": "accept", "reason": "Seen."})
    assert done.status_code == 303
    session.refresh(check)
    assert check.state is CheckState.VERIFIED
    assert session.scalars(sa.select(Decision.decided_by_id)).all() == [colleague.id]
    late = browser.post(f"{address}/decide", data={"verdict": "refuse", "reason": "Late."})
    assert late.status_code == 409


def test_compliance_answers_an_appeal_that_another_decided(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    account = make.account(Role.APPLICANT)
    check = make.identity_check(account, state=CheckState.NOT_ACCEPTED)
    sign_in(account).post("/identity/appeal", data={"words": "My twin."})
    browser = sign_in(make.account(Role.COMPLIANCE))
    address = f"/compliance/identity/{check.public_id}"
    assert "My twin." in browser.get(address).text
    done = browser.post(f"{address}/answer", data={"verdict": "uphold", "words": "Right."})
    assert done.status_code == 303
    session.refresh(check)
    assert check.state is CheckState.VERIFIED


def test_compliance_never_sees_their_own_check(make: Make, sign_in: SignIn) -> None:
    colleague = make.account(Role.COMPLIANCE, Role.EXPERT)
    check = make.identity_check(colleague, state=CheckState.REVIEW)
    browser = sign_in(colleague)
    address = f"/compliance/identity/{check.public_id}"
    assert browser.get(address).status_code == 404
    decided = browser.post(f"{address}/decide", data={"verdict": "accept", "reason": "Me."})
    assert decided.status_code == 404
    assert str(check.public_id) not in browser.get("/compliance/identity").text


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in {Role.COMPLIANCE, Role.ADMIN}]
)
def test_only_compliance_reaches_the_cases(make: Make, sign_in: SignIn, role: Role) -> None:
    check = make.identity_check(state=CheckState.REVIEW)
    account = make.account()
    make.grant(account, role, organisation=make.organisation())
    browser = sign_in(account)
    assert browser.get("/compliance/identity").status_code == 403
    assert browser.get(f"/compliance/identity/{check.public_id}").status_code == 403


def test_an_administrator_reaches_only_the_cases_they_were_asked_to_decide(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    colleague = make.account(Role.COMPLIANCE)
    other = make.identity_check(state=CheckState.REVIEW)
    assert other.reviewer_id == colleague.id
    admin = make.account(Role.ADMIN)
    asked = make.identity_check(state=CheckState.REVIEW)
    asked.reviewer_id = admin.id
    session.flush()
    browser = sign_in(admin)
    assert browser.get(f"/compliance/identity/{asked.public_id}").status_code == 200
    assert browser.get(f"/compliance/identity/{other.public_id}").status_code == 404


def test_the_lists_queries_do_not_grow_with_the_cases(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    browser = sign_in(make.account(Role.COMPLIANCE))
    counts = []
    for _ in range(2):
        for _ in range(5):
            make.identity_check(state=CheckState.REVIEW)
        counts.append(_queries(session, lambda: browser.get("/compliance/identity")))
    assert counts[0] == counts[1]


def _queries(session: Session, act: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", note)
    act()
    sa.event.remove(connection, "before_cursor_execute", note)
    return len(seen)
