"""Verification sessions: every outcome of the hosted page read back, nothing kept that we may not."""

from typing import Final

import httpx
import pytest

from portal.db import reading
from portal.stripe import verifications
from portal.stripe.errors import Refused
from portal.stripe.sandbox.resources.verifications import error_codes
from portal.stripe.verifications import Verification, VerificationStatus
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox

RETURN: Final = "http://127.0.0.1:1/identity/return"


def start(key: str = "key-1") -> Verification:
    """Ask for a check."""
    return verifications.create(reference="check-1", return_url=RETURN, idempotency_key=key)


def settle(session_id: str, outcome: str, country: str = "BR") -> str:
    """End the hosted page; gives where it leads."""
    url = verifications.hosted_url(session_id)
    assert url is not None
    return payees.submit(url, {"outcome": outcome, "country": country})


def test_a_new_session_waits_for_the_person(sandbox: Sandbox) -> None:
    made = start()
    assert made.status is VerificationStatus.REQUIRES_INPUT
    assert (made.reference, made.last_error, made.country, made.live) == (
        "check-1",
        None,
        None,
        False,
    )
    assert (verifications.hosted_url(made.id) or "").startswith(f"{sandbox.base}/hosted/verify/")


def test_the_same_key_asks_once(sandbox: Sandbox) -> None:
    assert start() == start()
    assert len(sandbox.control.objects("identity.verification_session")) == 1


def test_a_verified_person_comes_back_with_the_documents_country(sandbox: Sandbox) -> None:
    made = start()
    assert settle(made.id, "verified") == RETURN
    found = verifications.retrieve(made.id)
    assert (found.status, found.country) == (VerificationStatus.VERIFIED, "BR")
    assert verifications.hosted_url(made.id) is None


@pytest.mark.parametrize("code", error_codes())
def test_every_error_code_comes_back_and_may_be_tried_again(sandbox: Sandbox, code: str) -> None:
    made = start()
    settle(made.id, code)
    found = verifications.retrieve(made.id)
    assert (found.status, found.last_error) == (VerificationStatus.REQUIRES_INPUT, code)
    settle(made.id, "verified")
    again = verifications.retrieve(made.id)
    assert (again.status, again.last_error) == (VerificationStatus.VERIFIED, None)


def test_processing_ends_later(sandbox: Sandbox) -> None:
    made = start()
    page = verifications.hosted_url(made.id) or ""
    settle(made.id, "processing")
    assert verifications.retrieve(made.id).status is VerificationStatus.PROCESSING
    assert verifications.hosted_url(made.id) is None
    payees.submit(page, {"outcome": "document_expired"})
    assert verifications.retrieve(made.id).last_error == "document_expired"


def test_a_cancelled_session_accepts_nothing_more(sandbox: Sandbox) -> None:
    made = start()
    page = verifications.hosted_url(made.id) or ""
    assert (
        verifications.cancel(made.id, idempotency_key="c-1").status is VerificationStatus.CANCELED
    )
    with pytest.raises(Refused, match="canceled"):
        verifications.cancel(made.id, idempotency_key="c-2")
    assert httpx.post(page, data={"outcome": "verified"}).status_code == 400
    assert verifications.retrieve(made.id).status is VerificationStatus.CANCELED


def test_redaction_erases_what_was_collected(sandbox: Sandbox) -> None:
    made = start()
    settle(made.id, "verified")
    assert verifications.redact(made.id, idempotency_key="r-1").redacted
    assert verifications.retrieve(made.id).country is None
    assert [
        report["document"] for report in sandbox.control.objects("identity.verification_report")
    ] == [None]


def test_a_session_that_is_not_there_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.base
    with pytest.raises(Refused) as refusal:
        verifications.retrieve("vs_nobody")
    assert refusal.value.code == "resource_missing"


def test_events_show_every_step_in_order(sandbox: Sandbox) -> None:
    made = start()
    settle(made.id, "document_expired")
    settle(made.id, "verified")
    steps = [
        event["type"].removeprefix("identity.verification_session.")
        for event in sandbox.control.objects("event")
    ]
    assert steps == ["created", "processing", "requires_input", "processing", "verified"]


def test_an_event_never_shows_what_was_found(sandbox: Sandbox) -> None:
    made = start()
    settle(made.id, "verified")
    assert "1904" not in str(sandbox.control.objects("event"))
    assert "1904" in str(sandbox.control.objects("identity.verification_report"))
    assert "1904" not in str(verifications.retrieve(made.id))


def test_the_hosted_page_says_what_it_is_and_runs_under_our_policy(sandbox: Sandbox) -> None:
    page = httpx.get(verifications.hosted_url(start().id) or "")
    assert "not run against Stripe" in page.text
    assert "style=" not in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert all(f'value="{code}"' in page.text for code in error_codes())
    assert sandbox.base


def test_an_outcome_that_the_page_does_not_offer_is_refused(sandbox: Sandbox) -> None:
    page = verifications.hosted_url(start().id) or ""
    assert httpx.post(page, data={"outcome": "promoted"}).status_code == 400
    assert sandbox.base


@pytest.mark.usefixtures("session")
def test_stripe_is_never_called_inside_a_transaction(sandbox: Sandbox) -> None:
    made = start()
    with reading(), pytest.raises(RuntimeError, match="between transactions"):
        verifications.retrieve(made.id)
    assert sandbox.base
