"""An empty portal behind a real web server: no sample world, limits on guessing off, jobs run by hand."""

import base64
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import httpx

from migrations import commands
from portal import clock, connections, settings
from portal.app import collect
from portal.db import transaction
from portal.embedded.postgres import DATABASE, OWNER, Postgres
from portal.jobs import work
from portal.stripe import client
from tests.journeys.product import free_port

_WEB = (
    sys.executable,
    "-P",
    "-m",
    "gunicorn",
    "tests.journeys.unlimited:app",
    "--no-control-socket",
)
_WORKERS = ("--worker-class", "gthread", "--workers", "2", "--threads", "6", "--timeout", "60")


@dataclass
class Stack:
    """The running portal: its address, and this process bound to its database as a worker."""

    url: str
    server: Postgres
    web: subprocess.Popen[bytes]

    def drain(self) -> None:
        """Run every job that is due, in this process."""
        work.drain()

    def set_clock(self, moment: datetime) -> None:
        """Let the whole portal believe that it is `moment`."""
        with transaction() as session:
            real = clock.now(session) - clock.shifted(session)
            clock.shift(session, moment - real)

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        with transaction() as session:
            clock.shift(session, clock.shifted(session) + by)

    def command(self, *words: str) -> str:
        """Run a `touchstone` command as an operator would; gives what it printed."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "portal.cli", *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ.copy(),
        )
        if done.returncode:
            raise AssertionError(f"touchstone {' '.join(words)}:\n{done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def running(folder: Path) -> Iterator[Stack]:
    """Start everything on `folder`, and stop it again. Sets this process's environment meanwhile."""
    before = dict(os.environ)
    server = Postgres.start(folder / "postgres", durable=False)
    port = free_port()
    try:
        _tell(server, folder, f"http://127.0.0.1:{port}")
        commands.upgrade(settings.load().migration_database_url)
        with (folder / "web.log").open("wb") as log:
            bind = ("--bind", f"127.0.0.1:{port}")
            web = subprocess.Popen([*_WEB, *_WORKERS, *bind], stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}", web, folder / "web.log")
            _become_worker()
            yield Stack(f"http://127.0.0.1:{port}", server, web)
        finally:
            web.terminate()
            web.wait(timeout=30)
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.load.cache_clear()
        server.stop()


def _tell(server: Postgres, folder: Path, url: str) -> None:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    os.environ.update(
        DATABASE_URL=server.url("app", DATABASE),
        MIGRATION_DATABASE_URL=server.url(OWNER, DATABASE),
        WORKER_DATABASE_URL=server.url("worker", DATABASE),
        SECRET_KEY=secrets.token_urlsafe(48),
        PERSONAL_KEY=key,
        DATA_DIR=str(folder),
        BASE_URL=url,
        DEMO="1",
        MAIL_BACKEND="file",
        STRIPE_SECRET_KEY="sk_test_" + secrets.token_hex(12),
        STRIPE_WEBHOOK_SECRET="whsec_" + secrets.token_hex(16),
        STRIPE_BASE=f"{url}/sandbox/stripe",
    )
    os.environ.pop("REDIS_URL", None)
    settings.load.cache_clear()


def _become_worker() -> None:
    told = connections.as_worker()
    for module in collect(demo=True).job_modules:
        import_module(module)
    assert told.stripe_secret_key is not None
    assert told.stripe_base is not None
    client.connect(told.stripe_secret_key.get_secret_value(), told.stripe_base)


def _wait(url: str, web: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and web.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(log.read_text("utf-8", errors="replace")[-4000:])
