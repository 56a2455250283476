"""What a storm runs on: a PostgreSQL, the sandbox on loopback, the web application, its jobs."""

import base64
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from migrations import commands
from portal import clock, db, settings
from portal.accounts.models import Account
from portal.app import collect, create_app
from portal.embedded.postgres import Postgres
from portal.identity import provider, service
from portal.identity.models import IdentityCheck
from portal.ids import uuid7
from portal.settings import Settings
from portal.stripe import client
from portal.stripe.sandbox.app import build
from portal.stripe.sandbox.config import Config
from portal.stripe.sandbox.control import Control
from portal.stripe.sandbox.webhooks import signature
from tests.folders import passable_folder

SECRET_KEY: Final = "sk_test_" + "2" * 24
IDENTITY_KEY: Final = "rk_test_" + "2" * 24
WEBHOOK_SECRET: Final = "whsec_" + "2" * 32
_THREADS: Final = 4


@dataclass(frozen=True)
class Stack:
    """What a storm blows on."""

    app: Flask
    base: str  # the sandbox's
    engine: sa.Engine  # the sandbox's
    control: Control
    secret: str = WEBHOOK_SECRET

    def sign(self, body: bytes) -> tuple[bytes, str]:
        """The body as Stripe would send it now."""
        return body, signature(body, self.secret, timestamp=int(time.time()))

    def post(self, body: bytes, header: str | None) -> int:
        """Deliver one letter to the door; gives the answer's status."""
        headers = {} if header is None else {"Stripe-Signature": header}
        answer = self.app.test_client().post("/webhooks/stripe", data=body, headers=headers)
        return answer.status_code


@contextmanager
def stack() -> Iterator[Stack]:
    """Start everything with databases and settings of its own, and put things back at the end."""
    kept, environment = dict(db.sessions.kw), dict(os.environ)
    with passable_folder() as folder:
        server = Postgres.start(folder / "postgres", durable=False)
        try:
            commands.upgrade(server.url("touchstone_owner", "touchstone"))
            os.environ.update(_environment(server, folder))
            settings.load.cache_clear()
            with _sandbox(server) as (base, engine), _application() as app:
                yield Stack(app, base, engine, Control(engine))
        finally:
            server.stop()
            os.environ.clear()
            os.environ.update(environment)
            settings.load.cache_clear()
            db.sessions.kw.clear()
            db.sessions.kw.update(kept)


def people(number: int) -> dict[int, str]:
    """So many people who have begun a check: our id of each check, and Stripe's of its session."""
    with db.transaction() as session:
        now = clock.now(session)
        accounts = [_somebody(session, number=each, now=now) for each in range(number)]
        ids = [service.start(session, account_id=each, now=now).id for each in accounts]
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(provider.begin, ids))
    with db.reading() as session:
        rows = session.execute(sa.select(IdentityCheck.id, IdentityCheck.session_id))
        return {check_id: session_id or "" for check_id, session_id in rows}


def _somebody(session: Session, *, number: int, now: datetime) -> int:
    account = Account(
        public_id=uuid7(now),
        email=f"person{number}@example.org",
        display_name="Amara Okafor",
        created_at=now,
    )
    account.verify_email(now=now)
    session.add(account)
    session.flush()
    return account.id


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing to say."""


@contextmanager
def _sandbox(server: Postgres) -> Iterator[tuple[str, sa.Engine]]:
    """The sandbox in a thread; its own deliverer stays silent, the storm delivers."""
    url = sa.make_url(server.url("app", "touchstone")).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, pool_size=8, max_overflow=16)
    listener = make_server("127.0.0.1", 0, lambda _, __: [], threaded=True, request_handler=_Quiet)
    base = f"http://127.0.0.1:{listener.server_port}"
    config = Config(engine, SECRET_KEY, WEBHOOK_SECRET, f"{base}/nowhere", base, IDENTITY_KEY)
    app = build(config)
    app.extensions["deliverer"].stop()
    listener.app = app
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    client.connect(SECRET_KEY, base, identity_key=IDENTITY_KEY)
    try:
        yield base, engine
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        engine.dispose()


@contextmanager
def _application() -> Iterator[Flask]:
    """The web application, with the jobs that its worker would know."""
    app = create_app(Settings())
    for module in collect(demo=False).job_modules:
        import_module(module)
    try:
        yield app
    finally:
        db.engine().dispose()


def _environment(server: Postgres, folder: Path) -> dict[str, str]:
    key = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    return {
        "DATABASE_URL": server.url("app", "touchstone"),
        "WORKER_DATABASE_URL": server.url("worker", "touchstone"),
        "MIGRATION_DATABASE_URL": server.url("touchstone_owner", "touchstone"),
        "SECRET_KEY": "a secret of the storms, thirty-two characters and more",
        "PERSONAL_KEY": key,
        "DATA_DIR": str(folder),
        "BASE_URL": "https://touchstone.test",
        "MAIL_BACKEND": "file",
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_IDENTITY_KEY": IDENTITY_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
