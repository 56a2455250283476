"""Rate limits: shared through Redis where there is one, kept in memory where it is gone."""

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from portal import access


def _caller() -> str:
    who = access.principal()
    return f"account:{who.account_id}" if who else f"address:{get_remote_address()}"


limiter = Limiter(
    _caller, default_limits=["1200 per minute"], strategy="moving-window", headers_enabled=False
)
"""Views that guess at secrets add their own, tighter limits."""


def install(app: Flask) -> None:
    """Count in Redis if it is configured; the limits stay on when it goes away."""
    url = app.config.get("REDIS_URL")
    app.config["RATELIMIT_STORAGE_URI"] = _storage(url)
    app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = bool(url)
    limiter.init_app(app)
    limiter.request_filter(lambda: request.endpoint == "static")


def _storage(url: str | None) -> str:
    if not url:
        return "memory://"
    return "redis+" + url if url.startswith("unix:") else url
