"""Who is behind a request: read from the cookie before anything asks, in one query."""

import ipaddress
import re
from typing import Final

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from portal import clock
from portal.accounts import sign_ins
from portal.accounts.sign_ins import Found
from portal.db import reading, transaction

_WITHOUT: Final = frozenset({"static", "healthz", "readyz"})
"""Endpoints that answer without a database, whoever asks."""
_BROWSERS: Final = ("Edg", "Firefox", "Chrome", "Safari")
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


def install(app: Flask) -> None:
    """Load before every request. Must come before rate limits and access, which ask who it is."""
    app.before_request(load)


def load() -> None:
    """Put the person and their time zone on `g`; a sign-in that owes its code is nobody yet."""
    g.principal = g.half_signed_in = None
    token = request.cookies.get(sign_ins.COOKIE)
    if not token or request.endpoint in _WITHOUT:
        return
    with reading() as session:
        found = sign_ins.find(session, token)
    if found is None:
        return
    if found.waits_for_code:
        g.half_signed_in = found.principal
        return
    g.principal, g.time_zone = found.principal, found.time_zone
    if found.long_unseen and request.method not in {"GET", "HEAD", "OPTIONS"}:
        _seen(found)


def remember(response: Response, token: str) -> Response:
    """Keep the token in the browser: out of scripts' reach, and only for our own pages."""
    response.set_cookie(
        sign_ins.COOKIE,
        token,
        max_age=int(sign_ins.LASTS.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


def forget(response: Response) -> Response:
    """Take the token out of the browser."""
    response.delete_cookie(sign_ins.COOKIE, httponly=True, samesite="Lax")
    return response


def device() -> str:
    """Browser and system in a few words: `Firefox on Linux`."""
    agent = request.user_agent.string
    browser = next((name for name in _BROWSERS if f"{name}/" in agent), "A browser")
    system = next((name for name in _SYSTEMS if name in agent), "")
    names = {"Edg": "Edge", "Mac OS X": "macOS"}
    words = [names.get(browser, browser), names.get(system, system)]
    return " on ".join(word for word in words if word)


def network() -> str:
    """The address the request came from, shortened to its first parts."""
    return shortened(request.remote_addr or "")


def shortened(address: str) -> str:
    """`203.0.x.x` or `2001:db8::/32`: enough to know one's own network, not enough to find it."""
    try:
        parsed = ipaddress.ip_address(re.sub(r"%.*", "", address))
    except ValueError:
        return ""
    if parsed.version == 4:
        first, second, *_ = str(parsed).split(".")
        return f"{first}.{second}.x.x"
    return str(ipaddress.ip_network((parsed, 32), strict=False))


def _seen(found: Found) -> None:
    with transaction() as session:
        sign_ins.seen(session, found.principal.sign_in_id, now=clock.now(session))
