"""Reading what claims to come from Stripe: signature, age, shape. Nothing in it is believed yet."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import stripe

from portal.errors import DomainError

TOLERANCE_SECONDS: Final = 300


class BadNotice(DomainError):
    """Not signed by Stripe, too old, from the future, or not an event at all."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Not an event of ours"


@dataclass(frozen=True)
class Notice:
    """What an event says it is about. Snapshots (v1) and thin events (v2) both read as this."""

    event_id: str
    type: str
    object_id: str | None
    account: str | None  # set on events of connected accounts
    live: bool
    created: datetime


def read(
    body: bytes, header: str | None, secrets: Iterable[str], *, at: float | None = None
) -> Notice:
    """Check the signature over the raw body and read the event. Raises `BadNotice`.

    Several secrets may be given: while one is replaced by another, and because snapshot and thin
    events come from different destinations. `at` is the moment of arrival by the real clock: the
    demo's moved clock has nothing to do with Stripe's.
    """
    if not any(_signed(body, header, secret) for secret in secrets):
        raise BadNotice("The signature does not fit.")
    if abs((at or time.time()) - _timestamp(header or "")) > TOLERANCE_SECONDS:
        raise BadNotice("The signature is too old, or from the future.")
    return _notice(body)


def _signed(body: bytes, header: str | None, secret: str) -> bool:
    """The library's check, which raises several things where bytes or header are odd."""
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret))
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False


def _timestamp(header: str) -> int:
    """The same `t` that the library signs with: it accepts any future, we do not."""
    return int(next(part.split("=")[1] for part in header.split(",") if part.startswith("t=")))


def _notice(body: bytes) -> Notice:
    try:
        event: dict[str, Any] = json.loads(body)
        return Notice(
            event_id=_text(event["id"]),
            type=_text(event["type"]),
            object_id=_object_id(event),
            account=event.get("account"),
            live=event["livemode"] is True,
            created=_moment(event["created"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BadNotice("This is not an event.") from error


def _object_id(event: dict[str, Any]) -> str | None:
    about = event.get("related_object") or event.get("data", {}).get("object") or {}
    found = about.get("id")
    return None if found is None else _text(found)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255 or "\x00" in value:
        raise ValueError(value)
    return value


def _moment(created: int | str) -> datetime:
    if isinstance(created, str):
        return datetime.fromisoformat(created).astimezone(UTC)
    return datetime.fromtimestamp(created, UTC)
