"""Showing people of ours a document: the person's page, the two reviewers' pages, the record of looks."""

import html
from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from portal.identity import consent, queries
from portal.identity.last_errors import EXPLANATIONS, NextAction
from portal.identity.models import CaseReason, CheckState, EvidenceView, IdentityCheck
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
PNG: Final = b"\x89PNG\r\n\x1a\n" + b"secret face" * 9
DIGEST: Final = consent.Text(consent.EVIDENCE.title, consent.EVIDENCE.body).digest


def form(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - form fields
    """A photo of the front, agreed to."""
    photo = (BytesIO(PNG), "passport.png")
    return {"text": DIGEST, "kind": "document_front", "photo": photo, "consent": "y"} | changes


def asked(make: Make) -> tuple[Account, IdentityCheck]:
    """Somebody who is to show us their document."""
    account = make.account(Role.EXPERT)
    return account, make.identity_check(account, state=CheckState.EVIDENCE)


def test_the_whole_way_by_hand_from_a_photo_to_verified(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    one, two = make.account(Role.COMPLIANCE), make.account(Role.COMPLIANCE)
    account, check = asked(make)
    browser = sign_in(account)
    page = " ".join(browser.get("/identity").text.split())
    assert "not an identity assurance level of NIST" in page
    assert browser.post("/identity/evidence", data=form()).status_code == 303
    assert "Front of the document" in browser.get("/identity").text
    assert browser.post("/identity/evidence/done").status_code == 303
    item = session.scalars(queries.kept_evidence(check)).one()
    address = f"/compliance/identity/{check.public_id}"
    for reviewer in (one, two):
        browser = sign_in(reviewer)
        assert "secret face" not in browser.get(address).text
        why = {"item": str(item.public_id), "reason": "decide", "note": "Does the face fit?"}
        seen = browser.post(f"{address}/evidence", data=why)
        assert 'src="data:image/png;base64,' in seen.text
        assert seen.headers["Cache-Control"] == "no-store"
        said = {"verdict": "accept", "reason": f"Seen by {reviewer.id}."}
        assert browser.post(f"{address}/opinion", data=said).status_code == 303
    session.refresh(check)
    assert check.state is CheckState.VERIFIED
    assert len(session.scalars(sa.select(EvidenceView)).all()) == 2
    page = sign_in(account).get("/identity").text
    assert "Verified" in page
    assert page.count("to decide the case") == 2


def test_the_second_does_not_see_what_the_first_said(make: Make, sign_in: SignIn) -> None:
    one, two = make.account(Role.COMPLIANCE), make.account(Role.COMPLIANCE)
    check = make.identity_case_by_hand()
    address = f"/compliance/identity/{check.public_id}"
    said = {"verdict": "refuse", "reason": "A very particular reason."}
    sign_in(one).post(f"{address}/opinion", data=said)
    page = sign_in(two).get(address).text
    assert "1 of us has said" in page
    assert "very particular" not in page
    assert "What you think" in page
    again = sign_in(one).get(address).text
    assert "You have said what you think" in again
    assert sign_in(one).post(f"{address}/opinion", data=said).status_code == 409


def test_nobody_looks_at_evidence_by_a_link(make: Make, sign_in: SignIn, session: Session) -> None:
    check = make.identity_case_by_hand()
    item = session.scalars(queries.kept_evidence(check)).one()
    browser = sign_in(make.account(Role.COMPLIANCE))
    address = f"/compliance/identity/{check.public_id}/evidence"
    assert browser.get(address).status_code == 405
    looked = {"item": str(item.public_id), "reason": "decide"}
    assert browser.post(address, data=looked).status_code == 422
    assert browser.post(address, data={"reason": "decide", "note": "x"}).status_code == 422
    assert session.scalars(sa.select(EvidenceView)).all() == []


def test_evidence_is_found_through_its_check_only(
    make: Make, sign_in: SignIn, session: Session
) -> None:
    check, other = make.identity_case_by_hand(), make.identity_case_by_hand()
    item = session.scalars(queries.kept_evidence(check)).one()
    browser = sign_in(make.account(Role.COMPLIANCE))
    address = f"/compliance/identity/{other.public_id}/evidence"
    looked = {"item": str(item.public_id), "reason": "decide", "note": "x"}
    assert browser.post(address, data=looked).status_code == 404
    assert browser.post(address, data={**looked, "item": "nonsense"}).status_code == 404


def test_a_reviewer_never_reaches_their_own_evidence(
    make: Make, sign_in: SignIn, session: Session
) -> None:
    colleague = make.account(Role.COMPLIANCE, Role.EXPERT)
    check = make.identity_case_by_hand(colleague)
    item = session.scalars(queries.kept_evidence(check)).one()
    address = f"/compliance/identity/{check.public_id}/evidence"
    looked = {"item": str(item.public_id), "reason": "decide", "note": "x"}
    answer = sign_in(colleague).post(address, data=looked)
    assert answer.status_code == 404


def test_somebody_elses_evidence_cannot_be_taken_back(
    make: Make, sign_in: SignIn, session: Session
) -> None:
    owner, check = asked(make)
    sign_in(owner).post("/identity/evidence", data=form())
    item = session.scalars(queries.kept_evidence(check)).one()
    stranger, _ = asked(make)
    address = f"/identity/evidence/{item.public_id}/take-back"
    assert sign_in(stranger).post(address).status_code == 404
    assert sign_in(owner).post(address).status_code == 303
    session.refresh(item)
    assert item.sealed is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"consent": ""}, "Agree first"),
        ({"kind": ""}, "Choose what it is"),
        ({"photo": (BytesIO(b""), "")}, "Choose a photo"),
        ({"kind": "words", "words": " "}, "Write what you want to say"),
        ({"photo": (BytesIO(b"%PDF-1.4"), "scan.png")}, "not a JPEG or PNG"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(
    make: Make, sign_in: SignIn, session: Session, changes: dict[str, Any], says: str
) -> None:
    account, check = asked(make)
    answer = sign_in(account).post("/identity/evidence", data=form(**changes))
    assert answer.status_code == 422
    assert says in answer.text
    assert session.scalars(queries.evidence_of(check)).all() == []


def test_words_that_were_handed_in_are_shown_as_text(
    make: Make, sign_in: SignIn, session: Session
) -> None:
    check = make.identity_case_by_hand(words="<script>alert(1)</script>\nSecond line.")
    item = session.scalars(queries.kept_evidence(check)).one()
    browser = sign_in(make.account(Role.COMPLIANCE))
    address = f"/compliance/identity/{check.public_id}/evidence"
    looked = {"item": str(item.public_id), "reason": "subject", "note": "They asked."}
    page = browser.post(address, data=looked).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<p>Second line.</p>" in page


@pytest.mark.parametrize("code", sorted(EXPLANATIONS))
def test_every_code_shows_its_sentence_and_its_next_action_on_the_page(
    make: Make, sign_in: SignIn, code: str
) -> None:
    account = make.account(Role.APPLICANT)
    check = make.identity_check(account)
    found = make.verification(check, last_error=code, report_id="vr_1")
    make.record(check, found)
    page = html.unescape(sign_in(account).get("/identity").text)
    explained = EXPLANATIONS[code]
    for words in (explained.sentence, explained.advice):
        assert page.count(str(words)) == 1
    offers = {
        NextAction.AGAIN: "Try again on Stripe's page",
        NextAction.PAPERS: "Hand it in",
        NextAction.PERSON: "a person looks at it by",
    }
    assert {action for action, offer in offers.items() if offer in page} == {explained.action}


def test_the_case_page_says_why_a_person_looks_and_who_it_looks_like(
    make: Make, sign_in: SignIn, session: Session
) -> None:
    browser = sign_in(make.account(Role.COMPLIANCE))
    for reason in CaseReason:
        check = make.identity_check(state=CheckState.REVIEW)
        check.case_reason = reason
        session.flush()
        answer = browser.get(f"/compliance/identity/{check.public_id}")
        assert answer.status_code == 200
    assert "Looks like somebody we know" in browser.get("/compliance/identity").text


def test_whoever_should_check_again_is_offered_it(
    make: Make, sign_in: SignIn, session: Session
) -> None:
    account = make.account(Role.EXPERT)
    check = make.identity_check(account, state=CheckState.VERIFIED)
    browser = sign_in(account)
    assert "Start a new check" not in browser.get("/identity").text
    check.extend(until=make.now)
    session.flush()
    assert "Start a new check" in browser.get("/identity").text


def test_what_we_record_lists_every_identity_signal(
    make: Make, sign_in: SignIn, session: Session
) -> None:
    account = make.account(Role.EXPERT)
    browser = sign_in(account)
    assert "Your identity checks" not in browser.get("/account/records").text
    check = make.identity_case_by_hand(account)
    check.country, check.of_age = "KE", True
    session.flush()
    page = browser.get("/account/records").text
    for signal in ("KE", "Of age", "Name on the document", "Digests", "1 kept, 0 erased"):
        assert signal in page
