"""Real PostgreSQL for every test: one server a process, an outer transaction a test."""

import base64
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from migrations import commands
from portal import clock, db, files, settings
from portal.accounts import sign_ins
from portal.accounts.models import Account
from portal.app import create_app
from portal.embedded.postgres import Postgres
from portal.settings import Settings
from tests import conforming
from tests.browsers import chromium
from tests.make import Make

_TEMPLATE = "touchstone_template"
_numbers = itertools.count(1)

# The machines are shared and noisy: no test fails for being slow.
hypothesis_settings.register_profile("touchstone", deadline=None)
hypothesis_settings.load_profile("touchstone")


@dataclass(frozen=True)
class Database:
    """A migrated database of its own, for tests that really commit."""

    owner: str
    app: str
    worker: str


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """The process's own PostgreSQL, migrated once."""
    with tempfile.TemporaryDirectory(prefix="ts-") as folder:
        running = Postgres.start(Path(folder), durable=False)
        try:
            commands.upgrade(running.url("touchstone_owner", "touchstone"))
            _administer(running, f"CREATE DATABASE {_TEMPLATE} TEMPLATE touchstone")
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip with the reason; `REQUIRE_BROWSER=1` makes the lack of it an error.

    One for the process: Playwright cannot be started twice in one thread.
    """
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def engine(server: Postgres) -> Iterator[sa.Engine]:
    """The owner's engine on the shared database, where every test rolls back."""
    made = sa.create_engine(server.url("touchstone_owner", "touchstone"), poolclass=sa.NullPool)
    yield made
    made.dispose()


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings as an operator would give them, for whatever the test starts."""
    key = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    values = {
        "DATABASE_URL": "postgresql:///nowhere",
        "MIGRATION_DATABASE_URL": "postgresql:///nowhere",
        "WORKER_DATABASE_URL": "postgresql:///nowhere",
        "SECRET_KEY": "a secret of the tests, thirty-two characters and more",
        "PERSONAL_KEY": key,
        "DATA_DIR": str(tmp_path),
        "BASE_URL": "https://touchstone.test",
        "MAIL_BACKEND": "file",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.load.cache_clear()
    files.configure(tmp_path)
    yield
    settings.load.cache_clear()


@pytest.fixture(autouse=True)
def conforming_requests() -> Iterator[None]:
    """Fail whatever sends Stripe a request that its published schema does not know."""
    with conforming.watched() as record:
        yield
    assert record.complaints == []


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """A session inside an outer transaction that is always rolled back.

    `transaction()` and `reading()` join it through savepoints, so views and jobs see its rows.
    """
    with engine.connect() as connection:
        outer = connection.begin()
        before = dict(db.sessions.kw)
        db.sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
        with db.sessions() as joined:
            yield joined
        outer.rollback()
        db.sessions.kw.clear()
        db.sessions.kw.update(before)


@pytest.fixture
def fresh_database(server: Postgres) -> Iterator[Database]:
    """A database of this test's own, with the real roles; `transaction()` uses it as the app."""
    name = f"fresh_{os.getpid()}_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER touchstone_owner")
    urls = [server.url(role, name) for role in ("touchstone_owner", "app", "worker")]
    before = dict(db.sessions.kw)
    bound = db.configure(urls[1])
    yield Database(*urls)
    bound.dispose()
    db.sessions.kw.clear()
    db.sessions.kw.update(before)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def now() -> datetime:
    """A fixed instant: Monday 23 November 2026, 12:00 UTC."""
    return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def make(session: Session, now: datetime) -> Make:
    """Builders that fill in whatever a test is not about."""
    return Make(session, now)


@pytest.fixture
def app(session: Session) -> Flask:
    """The web application, reading and writing inside the test's transaction."""
    connection = session.get_bind()
    made = create_app(Settings())
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    db.sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript that speaks https."""
    browser = app.test_client()
    browser.environ_base["wsgi.url_scheme"] = "https"
    return browser


@pytest.fixture
def sign_in(session: Session, client: FlaskClient) -> Callable[[Account], FlaskClient]:
    """Sign an account in on the client, second factor given."""

    def _sign_in(account: Account) -> FlaskClient:
        now = clock.now(session)
        token = sign_ins.start(
            session, account=account, device="a test", second_factor=True, now=now
        )
        client.set_cookie(sign_ins.COOKIE, token)
        return client

    return _sign_in


def _administer(server: Postgres, statement: str) -> None:
    made = sa.create_engine(server.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        connection.execute(sa.text(statement))
    made.dispose()
