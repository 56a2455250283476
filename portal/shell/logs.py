"""Structured logs, one line a request, each with a correlation id that error pages show too."""

import re
import time
from typing import Final

import structlog
from flask import Flask, Response, g, request

from portal import logs
from portal.ids import random_id

_SAFE_ID: Final = re.compile(r"^[0-9a-f]{32}$")


def install(app: Flask) -> None:
    """Bind a correlation id before, and log the outcome after, every request."""
    logs.configure()
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.correlation_id = given if _SAFE_ID.match(given) else random_id().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(correlation=g.correlation_id)


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.correlation_id
    structlog.get_logger().info(
        "request",
        method=request.method,
        endpoint=request.endpoint,
        status=response.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
    )
    return response
