"""Eight ways to claim that Stripe said something; each claims a yes that nobody gave."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from portal.stripe.sandbox.webhooks import signature

Letter = tuple[bytes, str | None]
"""Body and `Stripe-Signature`."""
Forger = Callable[[str, str, int], Letter]
"""From the session's id, the true secret (for what was overheard) and the time in seconds."""

_TOLERANCE: Final = 300


def _claim(session_id: str) -> bytes:
    event = {
        "id": f"evt_forged_{secrets.token_hex(8)}",
        "object": "event",
        "created": 1_790_000_000,
        "livemode": False,
        "type": "identity.verification_session.verified",
        "data": {"object": {"id": session_id, "status": "verified"}},
    }
    return json.dumps(event).encode()


def _guessed_secret(session_id: str, _secret: str, now: int) -> Letter:
    body = _claim(session_id)
    return body, signature(body, f"whsec_{secrets.token_hex(16)}", timestamp=now)


def _unsigned(session_id: str, _secret: str, _now: int) -> Letter:
    return _claim(session_id), None


def _another_body(session_id: str, secret: str, now: int) -> Letter:
    """The signature of a true event, with other words under it."""
    return _claim(session_id), signature(_claim(session_id), secret, timestamp=now)


def _yesterday(session_id: str, secret: str, now: int) -> Letter:
    """Overheard and sent again, too late."""
    body = _claim(session_id)
    return body, signature(body, secret, timestamp=now - _TOLERANCE - 60)


def _tomorrow(session_id: str, secret: str, now: int) -> Letter:
    """Signed for later: the library would take it at any time until then."""
    body = _claim(session_id)
    return body, signature(body, secret, timestamp=now + _TOLERANCE + 60)


def _renewed(session_id: str, secret: str, now: int) -> Letter:
    """An old signature under a new timestamp."""
    body = _claim(session_id)
    _, _, signed = signature(body, secret, timestamp=now - 86_400).partition(",")
    return body, f"t={now},{signed}"


def _old_scheme(session_id: str, secret: str, now: int) -> Letter:
    """The scheme that Stripe uses for tests only."""
    body = _claim(session_id)
    return body, signature(body, secret, timestamp=now).replace("v1=", "v0=")


def _broken(session_id: str, secret: str, now: int) -> Letter:
    """Bytes that are no text, rightly signed."""
    body = b"\xff\xfe" + _claim(session_id)
    return body, signature(body, secret, timestamp=now)


FORGERIES: Final[Mapping[str, Forger]] = {
    "guessed_secret": _guessed_secret,
    "unsigned": _unsigned,
    "another_body": _another_body,
    "yesterday": _yesterday,
    "tomorrow": _tomorrow,
    "renewed": _renewed,
    "old_scheme": _old_scheme,
    "broken": _broken,
}
