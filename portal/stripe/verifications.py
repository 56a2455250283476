"""Identity verification sessions: asked for, read back, cancelled and redacted.

Only what we may keep leaves this module: a status, an error code and the document's country. The
name, the date of birth, the numbers and the images stay with Stripe.
"""

from dataclasses import dataclass
from enum import StrEnum

from stripe.identity import VerificationReport, VerificationSession

from portal.stripe.client import ask


class VerificationStatus(StrEnum):
    """Where a session stands, in Stripe's words."""

    REQUIRES_INPUT = "requires_input"
    PROCESSING = "processing"
    VERIFIED = "verified"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Verification:
    """One session as it stands now."""

    id: str
    status: VerificationStatus
    last_error: str | None  # one of Stripe's codes
    report_id: str | None  # of the last attempt with a document
    country: str | None  # of the document, two letters
    reference: str | None  # ours, as given to `create`
    live: bool
    redacted: bool


def create(*, reference: str, return_url: str, idempotency_key: str) -> Verification:
    """Ask for a check of a document and a matching selfie. The key is stored before the call."""
    made = ask(
        lambda door: door.v1.identity.verification_sessions.create(
            {
                "type": "document",
                "client_reference_id": reference,
                "return_url": return_url,
                "options": {"document": {"require_matching_selfie": True}},
            },
            {"idempotency_key": idempotency_key},
        )
    )
    return _verification(made)


def retrieve(session_id: str) -> Verification:
    """The session as it stands now, with the country of the document."""
    found = ask(
        lambda door: door.v1.identity.verification_sessions.retrieve(
            session_id, {"expand": ["last_verification_report"]}
        )
    )
    return _verification(found)


def hosted_url(session_id: str) -> str | None:
    """A link, good once and for a while, to Stripe's page; none where nothing more is asked.

    Never stored, logged or mailed: it is asked for again whenever the person wants to go on.
    """
    return ask(lambda door: door.v1.identity.verification_sessions.retrieve(session_id)).url


def cancel(session_id: str, *, idempotency_key: str) -> Verification:
    """End a session that still waits for the person. Raises `Refused` in any other state."""
    ended = ask(
        lambda door: door.v1.identity.verification_sessions.cancel(
            session_id, {}, {"idempotency_key": idempotency_key}
        )
    )
    return _verification(ended)


def redact(session_id: str, *, idempotency_key: str) -> Verification:
    """Have Stripe erase everything it collected. Takes Stripe up to four days; cannot be undone."""
    erased = ask(
        lambda door: door.v1.identity.verification_sessions.redact(
            session_id, {}, {"idempotency_key": idempotency_key}
        )
    )
    return _verification(erased)


def _verification(found: VerificationSession) -> Verification:
    return Verification(
        id=found.id,
        status=VerificationStatus(found.status),
        last_error=found.last_error.code if found.last_error else None,
        report_id=_id(found.last_verification_report),
        country=_country(found.last_verification_report),
        reference=found.client_reference_id,
        live=found.livemode,
        redacted=found.redaction is not None,
    )


def _id(report: "str | VerificationReport | None") -> str | None:
    return report if report is None or isinstance(report, str) else report.id


def _country(report: "str | VerificationReport | None") -> str | None:
    if report is None or isinstance(report, str) or report.document is None:
        return None
    return report.document.issuing_country
