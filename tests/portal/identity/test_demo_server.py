"""The demo's one server: the app calls the sandbox in it, and the sandbox calls the app back."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from portal import clock, db
from portal.accounts.models import Account
from portal.app import create_app
from portal.db import reading, transaction
from portal.identity import service
from portal.identity.models import CheckState, IdentityCheck
from portal.ids import uuid7
from portal.jobs import work
from portal.settings import Settings
from portal.stripe import client, verifications
from portal.stripe.models import StripeEvent
from tests.conftest import Database
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import SECRET_KEY, WEBHOOK_SECRET


@dataclass(frozen=True)
class Demo:
    """The running demo."""

    base: str
    app: Flask


@pytest.fixture
def demo(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    """The whole app with its sandbox, committed rows, one threaded server on loopback."""
    listener = make_server("127.0.0.1", 0, lambda _, __: [], threaded=True)
    base = f"http://127.0.0.1:{listener.server_port}"
    values = {
        "DATABASE_URL": fresh_database.app,
        "BASE_URL": base,
        "DEMO": "1",
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_BASE": f"{base}/sandbox/stripe",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    app = create_app(Settings())
    for module in app.extensions["contributions"].job_modules:
        import_module(module)
    listener.app = app
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    client.connect(SECRET_KEY, f"{base}/sandbox/stripe")
    yield Demo(base, app)
    listener.shutdown()
    thread.join()
    listener.server_close()
    sandbox: Flask = app.extensions["stripe_sandbox"]
    sandbox.extensions["deliverer"].stop()
    sandbox.extensions["control"].close()
    db.engine().dispose()


def state(check_id: int) -> CheckState:
    """Where the check stands."""
    with reading() as session:
        return session.get_one(IdentityCheck, check_id).state


def until(wanted: CheckState, check_id: int) -> None:
    """Let the worker work until the check stands there, or ten seconds have passed."""
    deadline = time.monotonic() + 10
    while state(check_id) is not wanted and time.monotonic() < deadline:
        work.drain()
        time.sleep(0.1)


def test_an_outcome_on_the_hosted_page_comes_back_through_the_signed_event(demo: Demo) -> None:
    with transaction() as session:
        now = clock.now(session)
        account = Account(
            public_id=uuid7(now), email="amara@example.org", display_name="Amara", created_at=now
        )
        session.add(account)
        session.flush()
        check_id = service.start(session, account_id=account.id, now=now).id
    until(CheckState.WAITING, check_id)
    with reading() as session:
        session_id = session.get_one(IdentityCheck, check_id).session_id or ""
    hosted = verifications.hosted_url(session_id) or ""
    assert hosted.startswith(f"{demo.base}/sandbox/stripe/hosted/verify/")
    assert payees.submit(hosted, {"outcome": "verified"}) == f"{demo.base}/identity/return"
    until(CheckState.VERIFIED, check_id)
    assert state(check_id) is CheckState.VERIFIED
    with reading() as session:
        assert session.scalars(sa.select(StripeEvent.object_id)).first() == session_id
