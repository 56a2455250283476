"""A recorder: every request that a test sends through the `stripe` package must fit its schema.

It sits between the package and the network, so it sees what the sandbox would see and more: also
requests that go to nobody. Tests of refusals that are meant not to fit send them past the package.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import stripe

from portal.stripe.sandbox import wire
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.resources import HANDLERS
from portal.stripe.sandbox.schema import Operation, operations

_MODULES: Final = sorted({sdk.split(":")[0] for sdk in HANDLERS})


class Record:
    """What was sent while it was watched."""

    def __init__(self) -> None:
        self.requests = 0
        self.complaints: list[str] = []

    def note(self, method: str, url: str, headers: Mapping[str, str], body: object) -> None:
        """Look at one request."""
        self.requests += 1
        if complaint := _complaint(method.lower(), url, body):
            self.complaints.append(f"{method.upper()} {urlsplit(url).path}: {complaint}")
        if "Stripe-Version" not in headers:
            self.complaints.append(f"{method.upper()} {urlsplit(url).path}: no version named")


@contextmanager
def watched() -> Iterator[Record]:
    """Record every request of this process's `stripe` package; may be nested, the inner one hears it."""
    record, before = Record(), stripe.RequestsClient.request

    @functools.wraps(before)
    def request(
        self: Any,  # noqa: ANN401 - the package's own client
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: object = None,
    ) -> object:
        record.note(method, url, headers, post_data)
        return _UNWATCHED(self, method, url, headers, post_data)

    _replace(request)
    try:
        yield record
    finally:
        _replace(before)


_UNWATCHED: Final[Callable[..., object]] = stripe.RequestsClient.request


def _replace(request: Callable[..., object]) -> None:
    stripe.RequestsClient.request = request  # type: ignore[method-assign, assignment]


def _complaint(method: str, url: str, body: object) -> str | None:
    """What does not fit, or None."""
    parts = urlsplit(url)
    operation = _operation(method, parts.path)
    if operation is None:
        return "no such route"
    try:
        if method != "post":
            wire.check_form(operation.params, wire.from_form(_pairs(parts.query)))
        elif operation.path.startswith("/v2/"):
            wire.check_json(operation.params, wire.from_json(_bytes(body)))
        else:
            wire.check_form(operation.params, wire.from_form(_pairs(_bytes(body).decode())))
    except Complaint as complaint:
        return complaint.message
    return None


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()


@functools.cache
def _routes() -> list[tuple[re.Pattern[str], Operation]]:
    found = [operation for module in _MODULES for operation in operations(module)]
    return [
        (re.compile(re.sub(r"\{\w+\}", r"[^/]+", operation.path) + "$"), operation)
        for operation in sorted(found, key=lambda operation: operation.path.count("{"))
    ]


def _operation(method: str, path: str) -> Operation | None:
    """The route that the address ends in: the sandbox may lie below a prefix."""
    below = path[path.find("/v") :]
    fitting = (o for pattern, o in _routes() if o.method == method and pattern.match(below))
    return next(fitting, None)
