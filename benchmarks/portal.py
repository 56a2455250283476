"""A portal of its own for measurements: PostgreSQL that keeps its word, gunicorn, a worker; each can be killed."""

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from migrations import commands
from portal import connections, db, settings
from portal.embedded.postgres import DATABASE, OWNER, Postgres, url

_WEB: Final = ("-P", "-m", "gunicorn", "wsgi:app", "--no-control-socket", "--worker-class")
_PATIENCE: Final = 120.0


@dataclass
class Portal:
    """What is measured: its address and its three parts."""

    folder: Path
    port: int
    workers: int
    threads: int
    postgres: Postgres
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_web(self) -> None:
        """Begin serving; returns once a page is answered."""
        shape = ("--workers", str(self.workers), "--threads", str(self.threads))
        bind = ("--bind", f"127.0.0.1:{self.port}", "--timeout", "60", "--keep-alive", "30")
        self._spawn("web", [sys.executable, *_WEB, "gthread", *shape, *bind])
        self.wait_for_web()

    def start_worker(self) -> None:
        """Begin working off jobs and sweeps."""
        self._spawn("worker", [sys.executable, "-P", "-m", "portal.cli", "worker"])

    def start_database(self) -> None:
        """Bring the database back, recovered from what it had promised to keep."""
        self.postgres = Postgres.start(self.folder / "postgres", durable=True)
        _lead_to(self.postgres, self.folder)

    def kill(self, name: str) -> None:
        """`kill -9` of one part and everything that belongs to it."""
        child = self.postgres.child if name == "database" else self.children[name]
        with suppress(ProcessLookupError):
            os.killpg(os.getpgid(child.pid), signal.SIGKILL)
        child.wait()

    def wait_for_web(self) -> None:
        """Until a page is answered. Raises `RuntimeError` with the log's end."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self.children["web"].poll() is None:
            if answers(self.port):
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "web.log").read_text(errors="replace")[-3000:])

    def stop(self) -> None:
        """End everything."""
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=20)
            child.kill()
        self.postgres.stop()

    def _spawn(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )


def answers(port: int) -> bool:
    """Whether the web says that it and its database are ready."""
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/readyz")
        return asked.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


@contextmanager
def running(folder: Path, *, workers: int, threads: int, worker: bool) -> Iterator[Portal]:
    """Everything on `folder`; this process is bound to its database as the worker meanwhile."""
    before = dict(os.environ)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    postgres = Postgres.start(folder / "postgres", durable=True)
    portal = Portal(folder, port, workers, threads, postgres)
    try:
        _lead_to(postgres, folder)
        _tell(folder, port)
        commands.upgrade(settings.load().migration_database_url)
        connections.as_worker()
        portal.start_web()
        if worker:
            portal.start_worker()
        yield portal
    finally:
        portal.stop()
        db.engine().dispose()
        os.environ.clear()
        os.environ.update(before)
        settings.load.cache_clear()


def _lead_to(server: Postgres, folder: Path) -> None:
    """Keep one address for the database, wherever its socket lies after it was started again."""
    place = folder / "db"
    place.unlink(missing_ok=True)
    place.symlink_to(server.sockets)


def _tell(folder: Path, port: int) -> None:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    os.environ.update(
        DATABASE_URL=url(folder / "db", "app", DATABASE),
        MIGRATION_DATABASE_URL=url(folder / "db", OWNER, DATABASE),
        WORKER_DATABASE_URL=url(folder / "db", "worker", DATABASE),
        SECRET_KEY=secrets.token_urlsafe(48),
        PERSONAL_KEY=key,
        DATA_DIR=str(folder),
        BASE_URL=f"https://127.0.0.1:{port}",
        MAIL_BACKEND="file",
    )
    os.environ.pop("REDIS_URL", None)
    settings.load.cache_clear()
