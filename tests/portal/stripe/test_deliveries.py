"""The sandbox's own webhooks: signed as Stripe signs, sent again until taken, never from a request."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import sqlalchemy as sa
import stripe

from portal.stripe.sandbox import tables
from portal.stripe.sandbox.control import Knob
from portal.stripe.sandbox.webhooks import Deliverer
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import WEBHOOK_SECRET, Sandbox


@dataclass
class Inbox:
    """A receiver of webhooks that answers as it is told."""

    url: str
    answer: int = 204
    bodies: list[bytes] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A real HTTP server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            received.headers.append(self.headers["Stripe-Signature"])
            self.send_response(received.answer)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing to say."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    received = Inbox(f"http://127.0.0.1:{server.server_port}/webhooks/stripe")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def deliverer(sandbox: Sandbox, inbox: Inbox) -> Iterator[Deliverer]:
    """Delivers to the inbox."""
    made = Deliverer(sandbox.engine, inbox.url, WEBHOOK_SECRET)
    yield made
    made.stop()


def pending(sandbox: Sandbox) -> int:
    """Deliveries that have not been taken."""
    rows = tables.deliveries
    query = sa.select(sa.func.count()).where(rows.c.delivered_at.is_(None))
    with sandbox.engine.connect() as connection:
        return connection.scalar(query) or 0


def overdue(sandbox: Sandbox) -> None:
    """Make every waiting delivery due at once."""
    with sandbox.engine.begin() as connection:
        connection.execute(
            tables.deliveries.update().values(due_at=sa.text("clock_timestamp() - interval '1 s'"))
        )


def test_events_are_signed_so_that_the_library_accepts_them(
    sandbox: Sandbox, deliverer: Deliverer, inbox: Inbox
) -> None:
    payees.new(sandbox)
    assert deliverer.deliver_due() == 1
    assert stripe.WebhookSignature.verify_header(
        inbox.bodies[0], inbox.headers[0], WEBHOOK_SECRET, 300
    )
    assert pending(sandbox) == 0
    assert deliverer.deliver_due() == 0


def test_an_event_that_was_not_taken_is_sent_again(
    sandbox: Sandbox, deliverer: Deliverer, inbox: Inbox
) -> None:
    payees.new(sandbox)
    inbox.answer = 500
    deliverer.deliver_due()
    assert pending(sandbox) == 1
    inbox.answer = 204
    overdue(sandbox)
    deliverer.deliver_due()
    assert pending(sandbox) == 0
    assert inbox.bodies[0] == inbox.bodies[1]


def test_the_thread_delivers_by_itself_when_woken(
    sandbox: Sandbox, deliverer: Deliverer, inbox: Inbox
) -> None:
    payees.ready(sandbox)
    deliverer.wake()
    deadline = time.monotonic() + 10
    while pending(sandbox) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pending(sandbox) == 0
    assert len(inbox.bodies) == 2


def test_knobs_duplicate_and_delay(sandbox: Sandbox, deliverer: Deliverer, inbox: Inbox) -> None:
    sandbox.control.turn(Knob.WEBHOOK_DUPLICATES, 1.0)
    sandbox.control.turn(Knob.WEBHOOK_DELAY, 60)
    payees.new(sandbox)
    assert deliverer.deliver_due() == 0
    overdue(sandbox)
    deliverer.deliver_due()
    assert len(inbox.bodies) == 2
    assert inbox.bodies[0] == inbox.bodies[1]


def test_a_replayed_event_comes_once_more_much_later(
    sandbox: Sandbox, deliverer: Deliverer, inbox: Inbox
) -> None:
    sandbox.control.turn(Knob.WEBHOOK_REPLAYS, 1.0)
    payees.new(sandbox)
    assert deliverer.deliver_due() == 1
    assert pending(sandbox) == 1
    overdue(sandbox)
    deliverer.deliver_due()
    assert inbox.bodies[0] == inbox.bodies[1]


def test_a_forged_event_lies_and_its_signature_does_not_fit(
    sandbox: Sandbox, deliverer: Deliverer, inbox: Inbox
) -> None:
    sandbox.control.turn(Knob.WEBHOOK_FORGERIES, 1.0)
    payees.new(sandbox)
    assert deliverer.deliver_due() == 2
    fits = [_fits(body, header) for body, header in zip(inbox.bodies, inbox.headers, strict=True)]
    assert sorted(fits) == [False, True]
    assert b"_forged" in inbox.bodies[fits.index(False)]


def test_a_refused_forgery_is_not_sent_again(
    sandbox: Sandbox, deliverer: Deliverer, inbox: Inbox
) -> None:
    sandbox.control.turn(Knob.WEBHOOK_FORGERIES, 1.0)
    payees.new(sandbox)
    inbox.answer = 400
    deliverer.deliver_due()
    assert pending(sandbox) == 1  # the genuine one, which Stripe would send again


def _fits(body: bytes, header: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, WEBHOOK_SECRET, 300))
    except stripe.SignatureVerificationError:
        return False
