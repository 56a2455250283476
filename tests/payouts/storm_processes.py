"""The two processes of the storm that are started anew: the sandbox, and the worker that dies."""

import json
import logging
import os
import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib import import_module
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa
import structlog
from werkzeug.serving import make_server

from payouts.models import JobName
from payouts.service import rails
from portal import connections
from portal.app import collect
from portal.contributions import Sweep
from portal.jobs import work as worker
from portal.money import Money
from portal.stripe import transfers
from portal.stripe.sandbox.app import build
from portal.stripe.sandbox.config import Config
from portal.stripe.sandbox.control import Control

for _module in collect(demo=True).job_modules:
    import_module(_module)

SECRET_KEY: Final = "sk_test_" + "1" * 24
WEBHOOK_SECRET: Final = "whsec_" + "1" * 32


class _Pausing:
    """The sandbox behind a door that stays shut, after each transfer, until the storm lets it open."""

    def __init__(self, inner: Any, ask: Connection) -> None:  # noqa: ANN401  a WSGI application
        self._inner = inner
        self._ask = ask
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401
        transfer = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/v1/transfers"
        answer = list(self._inner(environ, start_response))
        if transfer:
            self._pause(b"".join(answer))
        return answer

    def _pause(self, answer: bytes) -> None:
        reference = json.loads(answer).get("transfer_group")
        if reference is None:
            return
        with self._one_at_a_time:
            self._ask.send(reference)
            self._ask.recv()


def serve(url: str, ask: Connection) -> None:
    """The sandbox on a free port of loopback, with plenty in our balance."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    listener = make_server("127.0.0.1", 0, lambda _, __: [], threaded=True)
    base = f"http://127.0.0.1:{listener.server_port}"
    app = build(Config(engine, SECRET_KEY, WEBHOOK_SECRET, f"{base}/nowhere", base))
    app.extensions["deliverer"].stop()
    Control(engine).fund(Money(100_000_000, "USD"))
    listener.app = _Pausing(app, ask)
    ask.send(base)
    listener.serve_forever()


def work(environment: Mapping[str, str], naive: bool) -> None:
    """The product's worker without a queue: sweep, take rows, run their jobs."""
    os.environ.update(environment)
    os.environ.pop("REDIS_URL", None)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    connections.as_worker()
    if naive:
        _forget_what_was_sent(rails)
    worker.work_forever([Sweep(JobName.FIND_UNSETTLED, timedelta(minutes=1))], threading.Event())


def _forget_what_was_sent(rails: Any) -> None:  # noqa: ANN401  the module of the rails
    """The planted bug: no look before a send, and a fresh key for every try."""

    def send(**asked: Any) -> transfers.Transfer:  # noqa: ANN401  as the door takes it
        return transfers.send(**{**asked, "idempotency_key": str(uuid4())})

    rails.transfers = SimpleNamespace(find=lambda _reference: [], send=send)
