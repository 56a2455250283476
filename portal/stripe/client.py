"""The configured Stripe client and the one function through which every call to Stripe goes."""

import logging
import re
from collections.abc import Callable
from typing import Final, TypeVar

import stripe
from stripe import RequestsClient, StripeClient

from portal import settings
from portal.db import in_transaction
from portal.errors import Unavailable
from portal.stripe.errors import OutcomeUnknown, Refused, StripeFault, TryLater

Answer = TypeVar("Answer")

API_VERSION: Final = "2026-10-28.endive"
"""Named rather than left to the library: an upgrade must not change what answers look like."""

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 30
_LIVE_KEY: Final = re.compile(r"^[sr]k_live_")
_NOT_NOW: Final = (
    stripe.RateLimitError,
    stripe.AuthenticationError,
    stripe.PermissionError,
)
_UNKNOWN: Final = (
    stripe.APIConnectionError,
    stripe.APIError,  # every 5xx, 409 "still in progress", an answer that is not Stripe's
    stripe.IdempotencyError,  # the key was used for something else: look what that was
)

# The library would log bodies and short-lived links at DEBUG and each call at INFO.
logging.getLogger("stripe").setLevel(logging.WARNING)
stripe.enable_telemetry = False


class _Door:
    """What this process calls Stripe with; made at the first call, replaced only by tests."""

    client: StripeClient | None = None
    restricted: StripeClient | None = None  # may read what identity checks found
    live: bool = False


def connect(
    secret_key: str, base: str | None = None, *, identity_key: str | None = None
) -> StripeClient:
    """Point this process at Stripe, or at `base`, which then stands for all four of its hosts."""
    _Door.live = bool(_LIVE_KEY.match(secret_key))
    _Door.client = _made(secret_key, base)
    _Door.restricted = _made(identity_key, base) if identity_key else None
    return _Door.client


def _made(key: str, base: str | None) -> StripeClient:
    return StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses=(
            {"api": base, "connect": base, "files": base, "meter_events": base} if base else None
        ),
        max_network_retries=2,
        http_client=RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
    )


def ask(question: Callable[[StripeClient], Answer]) -> Answer:
    """Put one question to Stripe, outside any transaction, and sort its failures.

    Raises `Refused` (definitely no effect) or `OutcomeUnknown` (perhaps an effect), and
    `RuntimeError` where the caller holds a transaction open: a row must not stay locked, nor a
    connection taken, while we wait for somebody else's network.
    """
    return _put(question, _client())


def ask_restricted(question: Callable[[StripeClient], Answer]) -> Answer:
    """The same with the key that may read what identity checks found: for that and nothing else.

    Raises `Unavailable` where there is none.
    """
    if not may_read_results() or _Door.restricted is None:
        raise Unavailable("Results of identity checks cannot be read here (STRIPE_IDENTITY_KEY).")
    return _put(question, _Door.restricted)


def may_read_results() -> bool:
    """Whether we have a key for what identity checks found."""
    _client()
    return _Door.restricted is not None


def _put(question: Callable[[StripeClient], Answer], client: StripeClient) -> Answer:
    if in_transaction():
        raise RuntimeError("Stripe is called between transactions, never inside one")
    try:
        return question(client)
    except stripe.StripeError as error:
        raise _sorted(error) from error


def is_live() -> bool:
    """Whether our key moves real money: events of the other mode are not for us."""
    _client()
    return _Door.live


def _client() -> StripeClient:
    if _Door.client is not None:
        return _Door.client
    here = settings.load()
    if here.stripe_secret_key is None:
        raise Unavailable("Stripe is not set up here yet (STRIPE_SECRET_KEY).")
    identity = here.stripe_identity_key
    return connect(
        here.stripe_secret_key.get_secret_value(),
        here.stripe_base,
        identity_key=identity.get_secret_value() if identity else None,
    )


def _sorted(error: stripe.StripeError) -> StripeFault:
    kind: type[StripeFault] = OutcomeUnknown
    if isinstance(error, _NOT_NOW):
        kind = TryLater
    elif not isinstance(error, _UNKNOWN) and 400 <= (error.http_status or 0) < 500:
        kind = Refused
    return kind(
        error.user_message or type(error).__name__,
        code=error.code or getattr(error.error, "code", None),
        request_id=error.request_id,
    )
