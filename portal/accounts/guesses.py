"""How often anyone may guess at a secret: by network address, and by the account aimed at."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import g, request
from flask_limiter.util import get_remote_address

from portal import access
from portal.limits import limiter

View = TypeVar("View", bound=Callable[..., Any])


def guarded(view: View) -> View:
    """Few tries: by the caller's address, and by the account they are about."""
    by_address = limiter.limit("20 per minute; 200 per hour", key_func=_address)
    by_account = limiter.limit("8 per minute; 40 per hour", key_func=_target)
    return cast("View", by_address(by_account(view)))


def _address() -> str:
    return f"guess:address:{get_remote_address()}"


def _target() -> str:
    """The account that is guessed at: who is signed in, half or whole, or the address typed."""
    half = g.get("half_signed_in")
    who = access.principal() or half
    if who is not None:
        return f"guess:account:{who.account_id}"
    typed = request.form.get("email", "").strip().lower()
    if not typed:
        return f"guess:nobody:{get_remote_address()}"
    return "guess:email:" + hashlib.sha256(typed.encode()).hexdigest()
