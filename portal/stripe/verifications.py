"""Identity verification sessions: asked for, read back, cancelled and redacted.

What we may keep is a `Verification`: a status, an error code and the document's country. A `Shown`
is in memory for a moment, says nothing of itself when it is printed, and is never kept.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stripe.identity import VerificationReport, VerificationSession

from portal.stripe.client import ask, ask_restricted, may_read_results


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
    redacting: bool  # Stripe was asked to erase everything, which may take it days
    redacted: bool  # and has done so


@dataclass(frozen=True, repr=False)
class Shown:
    """What a verified document showed; None is what our key may not read. Not to be kept."""

    name: str | None
    born: date | None
    country: str | None  # two letters
    kind: str | None  # "passport", "id_card", "driving_license"
    number: str | None

    def __repr__(self) -> str:
        return "Shown(…)"  # in no log and no traceback


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


def look(session_id: str) -> Shown:
    """What the document of a verified session shows: for comparing, then forget it.

    Without a restricted key Stripe tells the name and the country only.
    """
    if not may_read_results():
        found = ask(
            lambda door: door.v1.identity.verification_sessions.retrieve(
                session_id, {"expand": ["last_verification_report"]}
            )
        )
        return _shown(found, born=None)
    expand = [
        "last_verification_report",
        "last_verification_report.document.number",
        "verified_outputs.dob",
    ]
    found = ask_restricted(
        lambda door: door.v1.identity.verification_sessions.retrieve(session_id, {"expand": expand})
    )
    return _shown(found, born=_born(found))


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
        redacting=found.redaction is not None,
        redacted=found.redaction is not None and found.redaction.status == "redacted",
    )


def _id(report: "str | VerificationReport | None") -> str | None:
    return report if report is None or isinstance(report, str) else report.id


def _country(report: "str | VerificationReport | None") -> str | None:
    if report is None or isinstance(report, str) or report.document is None:
        return None
    return report.document.issuing_country


def _shown(found: VerificationSession, *, born: date | None) -> Shown:
    report = found.last_verification_report
    document = None if report is None or isinstance(report, str) else report.document
    if document is None:
        return Shown(None, born, None, None, None)
    name = " ".join(part for part in (document.first_name, document.last_name) if part)
    number = getattr(document, "number", None)  # absent where the key may not read it
    return Shown(name or None, born, document.issuing_country, document.type, number)


def _born(found: VerificationSession) -> date | None:
    outputs = getattr(found, "verified_outputs", None)  # absent where nothing is verified
    dob = getattr(outputs, "dob", None)
    if dob is None or dob.year is None or dob.month is None or dob.day is None:
        return None
    return date(dob.year, dob.month, dob.day)
