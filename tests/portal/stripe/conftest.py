"""A running sandbox on loopback with its own database, and the door pointed at it."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from stripe import StripeClient
from werkzeug.serving import make_server

from portal.embedded.postgres import Postgres
from portal.money import Money
from portal.stripe import client
from portal.stripe.sandbox.app import build
from portal.stripe.sandbox.config import Config
from portal.stripe.sandbox.control import Control
from portal.stripe.sandbox.webhooks import Deliverer

SECRET_KEY = "sk_test_" + "0" * 24
IDENTITY_KEY = "rk_test_" + "0" * 24
WEBHOOK_SECRET = "whsec_" + "0" * 32


@dataclass(frozen=True)
class Sandbox:
    """The sandbox as a test holds it: where it listens, its back door, its tables."""

    base: str
    control: Control
    engine: sa.Engine
    deliverer: Deliverer
    door: StripeClient


@pytest.fixture(scope="module")
def sandbox_engine(server: Postgres) -> Iterator[sa.Engine]:
    """A database of this module's own, reached as the app."""
    name = f"sandbox_{os.getpid()}_{threading.get_ident()}"
    admin = sa.create_engine(server.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(
            sa.text(f"CREATE DATABASE {name} TEMPLATE touchstone_template OWNER touchstone_owner")
        )
    made = sa.create_engine(
        sa.make_url(server.url("app", name)).set(drivername="postgresql+psycopg")
    )
    yield made
    made.dispose()
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module")
def running_sandbox(sandbox_engine: sa.Engine) -> Iterator[Sandbox]:
    """The sandbox behind a real server on a free port; its webhooks go nowhere by themselves."""
    listener = make_server("127.0.0.1", 0, lambda _, __: [], threaded=True)
    base = f"http://127.0.0.1:{listener.server_port}"
    config = Config(
        sandbox_engine, SECRET_KEY, WEBHOOK_SECRET, f"{base}/nowhere", base, IDENTITY_KEY
    )
    app = build(config)
    deliverer: Deliverer = app.extensions["deliverer"]
    deliverer.stop()
    listener.app = app
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    door = client.connect(SECRET_KEY, base)
    yield Sandbox(base, Control(sandbox_engine), sandbox_engine, deliverer, door)
    listener.shutdown()
    thread.join()
    listener.server_close()


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The sandbox, empty, with USD 10,000.00 in our balance and the door pointed at it."""
    running_sandbox.control.reset()
    running_sandbox.control.fund(Money(1_000_000, "USD"))
    client.connect(SECRET_KEY, running_sandbox.base, identity_key=IDENTITY_KEY)
    return running_sandbox
