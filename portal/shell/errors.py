"""The one place where what went wrong becomes a page, or problem JSON (RFC 9457)."""

from http import HTTPStatus

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from portal.errors import DomainError


def install(app: Flask) -> None:
    """Answer domain errors, HTTP errors and bugs."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)


def _domain_error(error: DomainError) -> tuple[Response | str, int]:
    return _answer(error.status, _(error.title), _(error.message))


def _csrf_error(_error: CSRFError) -> tuple[Response | str, int]:
    message = _("This page was open for a long time. Go back, reload it and send it again.")
    return _answer(400, _("Please send that again"), message)


def _http_error(error: HTTPException) -> tuple[Response | str, int, dict[str, str]] | Response:
    status = error.code or 500
    if status in {301, 302, 303, 304, 307, 308}:
        return Response(error.get_response().response, status)
    messages = {
        401: _("Please sign in first."),
        404: _("There is nothing here that you can see."),
        405: _("This address does not take that kind of request."),
        413: _("That is larger than we take. The limit is 32 MB."),
        429: _("That was tried too often. Please wait a minute and try again."),
    }
    titles = {403: _("You can't do that"), 404: _("Page not found")}
    title = titles.get(status, HTTPStatus(status).phrase)
    page, status = _answer(status, title, messages.get(status, error.description or ""))
    allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    return page, status, {"Allow": ", ".join(sorted(allowed))} if allowed else {}


def _bug(_error: Exception) -> tuple[Response | str, int]:
    structlog.get_logger().exception("bug", endpoint=request.endpoint)
    message = _("Something broke on our side. Nothing was lost; what you sent was not half done.")
    return _answer(500, _("Something broke"), message)


def _answer(status: int, title: str, message: str) -> tuple[Response | str, int]:
    correlation = g.get("correlation_id", "")
    if _wants_json():
        problem = jsonify(
            type="about:blank", title=title, status=status, detail=message, instance=correlation
        )
        problem.content_type = "application/problem+json"
        return problem, status
    page = render_template(
        "errors/error.html", status=status, title=title, message=message, correlation=correlation
    )
    return page, status


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.path.startswith("/api/") or request.is_json or best == "application/json"
