"""The sandbox's front door: routes from the derived schema, keys, idempotency, planned failures."""

import hmac
import re
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from portal.stripe.sandbox import faults, hosted, rates, wire
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.config import Config
from portal.stripe.sandbox.control import Control, Fault
from portal.stripe.sandbox.desk import API_VERSION, Object, new_id
from portal.stripe.sandbox.ledger import Asked, Given, carry_out
from portal.stripe.sandbox.resources import HANDLERS
from portal.stripe.sandbox.schema import Operation, operations
from portal.stripe.sandbox.webhooks import Deliverer

_SERVED: Final = sorted({sdk.split(":")[0] for sdk in HANDLERS})


class _Broken(Exception):
    """The connection was broken on purpose: there is nobody left to answer."""


def build(config: Config) -> Flask:
    """The sandbox as a WSGI application; its tables are made by the migrations."""
    app = Flask("portal", static_folder=None)
    deliverer = Deliverer(config.engine, config.webhook_url, config.webhook_secret)
    app.extensions["deliverer"] = deliverer
    app.extensions["control"] = Control(config.engine)
    for operation in _operations():
        rule = re.sub(r"\{(\w+)\}", r"<\1>", operation.path)
        view = partial(_answer, config, deliverer.wake, operation)
        app.add_url_rule(rule, operation.sdk, view, methods=[operation.method.upper()])
    app.register_blueprint(hosted.blueprint(config.engine, config.base, deliverer.wake))
    app.register_error_handler(NotFound, _unrecognized)
    app.register_error_handler(MethodNotAllowed, _unrecognized)
    app.register_error_handler(_Broken, lambda _: Response(status=204))
    return app


def _operations() -> list[Operation]:
    found = [operation for module in _SERVED for operation in operations(module)]
    return [operation for operation in found if operation.sdk in HANDLERS]


def _answer(
    config: Config, wake: Callable[[], object], operation: Operation, **ids: str
) -> Response:
    """Answer one API request, or break the connection where a failure was planned."""
    request_id = new_id("req")
    planned = None
    try:
        restricted = _authorise(config, operation)
        _check_version(operation)
        rates.spend(config.engine)
        planned = faults.next_fault(config.engine, request.path)
        _strike(planned)
        given = _carry_out(config, _read(operation, ids, request_id, restricted), planned)
    except Complaint as complaint:
        given = Given(complaint.status, complaint.body(request_id))
    wake()
    if planned is not None and planned.kind is Fault.DROP_AFTER:
        _drop()
    return _respond(given, request_id)


def _read(operation: Operation, ids: Mapping[str, str], request_id: str, restricted: bool) -> Asked:
    return Asked(
        operation=operation,
        ids=ids,
        params=_params(operation),
        request_id=request_id,
        key=request.headers.get("Idempotency-Key") if request.method == "POST" else None,
        restricted=restricted,
    )


def _carry_out(config: Config, asked: Asked, planned: faults.Planned | None) -> Given:
    kind = planned.kind if planned else None
    return carry_out(config.engine, config.base, asked, HANDLERS[asked.operation.sdk], kind)


def _authorise(config: Config, operation: Operation) -> bool:
    """Whether it is the restricted key, which may read identity checks and nothing else."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        raise Complaint(
            "You did not provide an API key. You need to provide your API key in the Authorization"
            " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if hmac.compare_digest(key.encode(), config.secret_key.encode()):
        return False
    if not hmac.compare_digest(key.encode(), (config.identity_key or "").encode()):
        raise Complaint(f"Invalid API Key provided: {key[:8]}***", status=401)
    if operation.method != "get" or not operation.path.startswith("/v1/identity/"):
        raise Complaint(
            "The provided key does not have the required permissions for this endpoint.",
            status=403,
            code="secret_key_required",
        )
    return True


def _check_version(operation: Operation) -> None:
    version = request.headers.get("Stripe-Version")
    if version is None and operation.path.startswith("/v2/"):
        raise Complaint("Please specify the API version in the Stripe-Version header.")
    if version not in {None, API_VERSION}:
        raise Complaint(
            f"Invalid Stripe API version: {version}. The sandbox knows {API_VERSION} only."
        )


def _params(operation: Operation) -> wire.Params:
    """The request's parameters, checked against the derived schema."""
    if request.method != "POST":
        return wire.check_form(operation.params, wire.from_form(request.args.items(multi=True)))
    if operation.path.startswith("/v2/"):
        _content("application/json")
        return wire.check_json(operation.params, wire.from_json(request.get_data()))
    _content("application/x-www-form-urlencoded")
    return wire.check_form(operation.params, wire.from_form(request.form.items(multi=True)))


def _content(wanted: str) -> None:
    if request.get_data(parse_form_data=False, cache=True) and request.mimetype != wanted:
        raise Complaint(f"Invalid request (check that your POST content type is {wanted}).")


def _strike(planned: faults.Planned | None) -> None:
    """Play what strikes before anything happens."""
    if planned is None:
        return
    time.sleep(planned.milliseconds / 1000)
    if planned.kind is Fault.DROP_BEFORE:
        _drop()
    if planned.kind is Fault.RATE_LIMIT:
        raise Complaint("Request rate limit exceeded.", status=429, code="rate_limit")
    if planned.kind is Fault.REFUSE:
        raise Complaint("Your account is not set up to do this. Activate it in the Dashboard.")
    if planned.kind is Fault.CONFLICT:
        raise Complaint(
            "There is currently another in-progress request using this Stripe-Idempotency-Key.",
            status=409,
            kind="idempotency_error",
            code="idempotency_key_in_use",
        )


def _drop() -> None:
    """Break the connection under the server: the caller sees it end without an answer."""
    wire_socket = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
    if wire_socket is not None:
        wire_socket.shutdown(socket.SHUT_RDWR)
    raise _Broken


def _respond(given: Given, request_id: str) -> Response:
    response = jsonify(given.body)
    response.status_code = given.status
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = API_VERSION
    if key := request.headers.get("Idempotency-Key"):
        response.headers["Idempotency-Key"] = key
    if given.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _unrecognized(_: Exception) -> tuple[Object, int]:
    complaint = Complaint(
        f"Unrecognized request URL ({request.method}: {request.path}). If you are trying to list"
        " objects, remove the trailing slash. If you are trying to retrieve an object, make sure"
        " you passed a valid (non-empty) identifier in your code.",
        status=404,
    )
    return complaint.body(new_id("req")), 404
