"""Identity verification sessions and their reports."""

from enum import StrEnum
from typing import Any, Final, get_args, get_type_hints

from stripe.identity import VerificationSession

from portal.stripe.sandbox import complaints
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.control import Knob
from portal.stripe.sandbox.desk import Desk, Object, new_id
from portal.stripe.sandbox.wire import Params

_KIND: Final = "identity.verification_session"
_URL: Final = "/v1/identity/verification_sessions"
_HIDDEN: Final = ("dob", "expiration_date", "number")
"""Of a document: shown only where it is expanded with a restricted key."""
_SENSITIVE: Final = frozenset(
    {"verified_outputs.dob", *(f"last_verification_report.document.{name}" for name in _HIDDEN)}
)
_EXPANDABLE: Final = _SENSITIVE | {"last_verification_report", "verified_outputs"}

CANARY_BIRTH: Final = {"day": 29, "month": 2, "year": 1904}
"""The date of birth of everyone of age here. It must never be found on our side of the door."""
CANARY_NUMBER: Final = "X00000000"
"""How every document's number begins."""
_MINOR: Final = 15  # years


def error_codes() -> tuple[str, ...]:
    """Every `last_error` code that the installed package names."""
    hint = get_type_hints(VerificationSession.LastError)["code"]
    found = [value for part in _flat(hint) for value in get_args(part) if isinstance(value, str)]
    return tuple(sorted(found))


class Papers(StrEnum):
    """Whose document is shown."""

    OWN = "own"  # a number that nobody else has
    SHARED = "shared"  # one document for all who choose this
    MINOR = "minor"  # their own; by it they are fifteen


class Outcome(StrEnum):
    """How the hosted page can end, apart from the error codes."""

    VERIFIED = "verified"
    PROCESSING = "processing"
    CANCELED = "canceled"


_SESSION_ERRORS: Final = frozenset(
    {
        "abandoned",
        "consent_declined",
        "country_not_supported",
        "device_not_supported",
        "under_supported_age",
    }
)
"""The person never got as far as handing in a document: there is no report."""


def create(desk: Desk) -> Object:
    """Ask for a check."""
    if "type" not in desk.params and "verification_flow" not in desk.params:
        raise complaints.missing("type")
    if "type" in desk.params and "verification_flow" in desk.params:
        raise Complaint(
            "You may only specify one of these parameters: type, verification_flow.",
            code="parameters_exclusive",
        )
    session_id = new_id("vs")
    made = {
        "id": session_id,
        "object": _KIND,
        "client_reference_id": desk.params.get("client_reference_id"),
        "client_secret": f"{session_id}_secret_test_{new_id('x')}",
        "created": desk.seconds,
        "last_error": None,
        "last_verification_report": None,
        "livemode": False,
        "metadata": desk.params.get("metadata", {}),
        "options": desk.params.get("options") or {"document": {}},
        "provided_details": desk.params.get("provided_details"),
        "redaction": None,
        "related_customer": desk.params.get("related_customer"),
        "related_customer_account": desk.params.get("related_customer_account"),
        "status": "requires_input",
        "type": desk.params.get("type", "verification_flow"),
        "url": f"{desk.base}/hosted/verify/{session_id}",
        "return_url": desk.params.get("return_url"),
    }
    desk.add(_KIND, made)
    return _tell(desk, made, "created", desk.params)


def retrieve(desk: Desk) -> Object:
    """One session; what it found is shown only where it is expanded."""
    found = _redacted_by_now(desk, find(desk, desk.ids["session"]))
    return _shown(desk, found, desk.params)


def update(desk: Desk) -> Object:
    """Change what is asked for, while it still can be."""
    found = find(desk, desk.ids["session"])
    _only(found, {"requires_input"}, "update")
    for name in ("options", "provided_details", "type", "metadata"):
        if name in desk.params:
            found[name] = desk.params[name]
    return _shown(desk, desk.save(found), desk.params)


def list_(desk: Desk) -> Object:
    """Sessions, newest first."""
    filters = {"client_reference_id": "client_reference_id", "status": "status"}
    page = desk.page(_KIND, _URL, desk.params, filters)
    page["data"] = [_shown(desk, found, {}) for found in page["data"]]
    return page


def cancel(desk: Desk) -> Object:
    """End a session that still waits for the person."""
    return _cancel(desk, find(desk, desk.ids["session"]), desk.params)


def redact(desk: Desk) -> Object:
    """Erase everything collected. Stripe may take four days; here the knob says how long."""
    found = find(desk, desk.ids["session"])
    _only(found, {"requires_input", "verified", "canceled"}, "redact")
    if found["status"] == "requires_input":
        _close(found, "canceled")
    found |= {"redaction": {"status": "processing"}, "metadata": {}, "provided_details": None}
    found["redacted_from"] = desk.seconds + int(desk.knob(Knob.REDACTION_TIME))
    desk.save(found)
    return _shown(desk, _redacted_by_now(desk, found), desk.params)


def _redacted_by_now(desk: Desk, found: Object) -> Object:
    """The session; what was to be erased is erased once its time has come."""
    waits = (found["redaction"] or {}).get("status") == "processing"
    if not waits or found["redacted_from"] > desk.seconds:
        return found
    found["redaction"] = {"status": "redacted"}
    desk.save(found)
    if report_id := found["last_verification_report"]:
        report = desk.find("identity.verification_report", report_id, thing="report")
        desk.save({**report, "document": None})
    _tell(desk, found, "redacted", {})
    return found


def find(desk: Desk, session_id: str) -> Object:
    """One session, locked."""
    return desk.find(_KIND, session_id, thing="identity.verificationsession", param="session")


def settle(
    desk: Desk,
    found: Object,
    outcome: str,
    *,
    country: str,
    papers: Papers = Papers.OWN,
    name: str | None = None,
) -> Object:
    """Let the hosted page end: with an `Outcome` or one of the error codes, on some document."""
    _only(found, {"requires_input", "processing"}, "submit")
    if outcome == Outcome.CANCELED:
        return _cancel(desk, found, {})
    if outcome not in _SESSION_ERRORS and found["status"] != "processing":
        _close(found, "processing")
        desk.save(found)
        _tell(desk, found, "processing", {})
    if outcome == Outcome.PROCESSING:
        return found
    error = None if outcome == Outcome.VERIFIED else outcome
    if error not in _SESSION_ERRORS:
        document = _document(desk, found, papers, country=country, name=name)
        found["last_verification_report"] = _report(desk, found, document, error)["id"]
    return _end(desk, found, error)


def _cancel(desk: Desk, found: Object, params: Params) -> Object:
    _only(found, {"requires_input"}, "cancel")
    _close(found, "canceled")
    desk.save(found)
    return _tell(desk, found, "canceled", params)


def _end(desk: Desk, found: Object, error: str | None) -> Object:
    if error is None:
        _close(found, "verified")
        found["last_error"] = None
    else:
        found["status"] = "requires_input"
        found["last_error"] = {"code": error, "reason": f"Sandbox: {error.replace('_', ' ')}."}
        found["url"] = found.get("hosted") or found["url"]
    desk.save(found)
    return _tell(desk, found, found["status"], {})


def _document(
    desk: Desk, found: Object, papers: Papers, *, country: str, name: str | None
) -> Object:
    """What somebody holds into the camera: the same at every attempt in one session."""
    own = "" if papers is Papers.SHARED else found["id"][-8:]
    first, _, last = (name or f"Sample Person{own}").partition(" ")
    minor = {"day": 28, "month": 2, "year": desk.now.year - _MINOR}
    return {
        "address": None,
        "dob": minor if papers is Papers.MINOR else CANARY_BIRTH,
        "expiration_date": {"day": 1, "month": 12, "year": 2030},
        "files": [],
        "first_name": first,
        "issued_date": {"day": 1, "month": 12, "year": 2020},
        "issuing_country": country,
        "last_name": last,
        "number": CANARY_NUMBER + own,
        "type": "passport",
    }


def _report(desk: Desk, found: Object, document: Object, error: str | None) -> Object:
    document |= {
        "error": {"code": error, "reason": "Sandbox."} if error else None,
        "status": "unverified" if error else "verified",
    }
    made = {
        "id": new_id("vr"),
        "object": "identity.verification_report",
        "client_reference_id": found["client_reference_id"],
        "created": desk.seconds,
        "document": document,
        "livemode": False,
        "options": found["options"],
        "type": "document",
        "verification_session": found["id"],
    }
    return desk.add("identity.verification_report", made)


def _close(found: Object, status: str) -> None:
    """Nothing more can be entered: the link goes."""
    found |= {"hosted": found.get("hosted") or found["url"]}
    found |= {"status": status, "url": None, "client_secret": None}


def _tell(desk: Desk, found: Object, what: str, params: Params) -> Object:
    shown = _shown(desk, found, params)
    desk.emit(f"{_KIND}.{what}", _shown(desk, found, {}))
    return shown


def _shown(desk: Desk, found: Object, params: Params) -> Object:
    """Without `expand`: no outputs, and the report by its id only."""
    expand = set(params.get("expand", ()))
    if strange := expand - _EXPANDABLE:
        raise Complaint(f"This property cannot be expanded ({min(strange)}).", param="expand")
    if (secret := expand & _SENSITIVE) and not desk.restricted:
        raise Complaint(
            f"Expanding {min(secret)} needs a restricted key with access to verification results.",
            status=403,
            param="expand",
        )
    shown: dict[str, Any] = {
        name: value
        for name, value in found.items()
        if name not in {"hosted", "return_url", "redacted_from"}
    }
    if found["status"] == "processing":
        shown["url"] = None
    report_id = found["last_verification_report"]
    report = (
        desk.find("identity.verification_report", report_id, thing="report") if report_id else None
    )
    if report and any(part.startswith("last_verification_report") for part in expand):
        shown["last_verification_report"] = _without_sensitive(report, expand)
    if (
        report
        and report["document"]
        and any(part.startswith("verified_outputs") for part in expand)
        and found["status"] == "verified"
    ):
        shown["verified_outputs"] = _outputs(report["document"], expand)
    return shown


def _without_sensitive(report: Object, expand: set[str]) -> Object:
    """`dob`, `number` and `expiration_date` of a document are shown only where they are asked for."""
    hidden = {name for name in _HIDDEN if f"last_verification_report.document.{name}" not in expand}
    document = {k: v for k, v in (report["document"] or {}).items() if k not in hidden}
    return {**report, "document": document or None}


def _outputs(document: Object, expand: set[str]) -> Object:
    return {
        "address": {"country": document["issuing_country"]},
        "dob": document["dob"] if "verified_outputs.dob" in expand else None,
        "first_name": document["first_name"],
        "last_name": document["last_name"],
        "id_number_type": None,
    }


def _only(found: Object, states: set[str], verb: str) -> None:
    if found["status"] not in states:
        raise Complaint(
            f"You cannot {verb} this VerificationSession because its status is {found['status']}.",
            code="verification_session_unexpected_state",
            saved=True,
        )


def _flat(hint: object) -> list[object]:
    inner = [part for part in get_args(hint) if not isinstance(part, str)]
    return [hint, *(deeper for part in inner for deeper in _flat(part))]


_SERVICE: Final = "stripe.identity._verification_session_service"
HANDLERS = {
    f"{_SERVICE}:create": create,
    f"{_SERVICE}:retrieve": retrieve,
    f"{_SERVICE}:update": update,
    f"{_SERVICE}:list": list_,
    f"{_SERVICE}:cancel": cancel,
    f"{_SERVICE}:redact": redact,
}
