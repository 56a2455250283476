"""`touchstone doctor`: what this machine lacks, and the line that mends it."""

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import psycopg
import redis

from portal import settings
from portal.cli import home
from portal.embedded import binaries, postgres
from portal.embedded.errors import EmbeddedError
from portal.settings import SettingsError
from portal.shell.health import newest_revision

NATIVE: Final = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SECRETS: Final = {
    "SECRET_KEY": "import secrets; print(secrets.token_urlsafe(48))",
    "PERSONAL_KEY": "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())",
}
"""Settings that one makes oneself, and what makes them."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and the line that mends it where something is missing."""

    subject: str
    found: str
    mend: str | None = None
    needed: bool = True

    def line(self) -> str:
        """One line for a person."""
        if self.mend is None:
            return f"ok       {self.subject}: {self.found}"
        word = "MISSING " if self.needed else "optional"
        return f"{word} {self.subject}: {self.found}. Mend: {self.mend}"


@click.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder.")
def doctor(data: Path | None) -> None:
    """Say what is here, what is missing, and the line that mends it."""
    found = list(findings(data or home.default_folder()))
    for finding in found:
        click.echo(finding.line())
    if any(finding.mend and finding.needed for finding in found):
        raise SystemExit(1)


def findings(folder: Path) -> Iterator[Finding]:
    """Look at everything that a run on `folder` needs, or what the environment's own servers lack."""
    yield _python()
    yield _torch()
    if "DATABASE_URL" in os.environ:
        yield from _installation()
    else:
        yield _postgres(folder)
        yield _queue()
        yield _run(folder)
    yield _pango()
    yield _browser()


def _python() -> Finding:
    return Finding("Python", f"{sys.version.split()[0]} in {sys.prefix}")


def _torch() -> Finding:
    """Found by its metadata: importing it takes seconds."""
    if importlib.util.find_spec("torch"):
        return Finding("torch", "installed (workers and commands import it, the web does not)")
    mend = f"{sys.executable} -m pip install -c constraints.txt torch"
    return Finding("torch", "not installed", mend)


def _postgres(folder: Path) -> Finding:
    try:
        chosen = binaries.choose(folder / "postgres" / "data", binaries.installed())
    except EmbeddedError as error:
        problem, _, mend = str(error).partition(" Mend: ")
        return Finding("PostgreSQL", problem.rstrip("."), mend.rstrip("."))
    return Finding("PostgreSQL", f"{chosen.version} in {chosen.folder}")


def _queue() -> Finding:
    server = binaries.valkey_server()
    if server:
        return Finding("queue", str(server))
    mend = "sudo apt install redis-server"
    return Finding("queue", "none, so the worker runs jobs one by one", mend, needed=False)


def _pango() -> Finding:
    missing = [package for library, package in NATIVE.items() if not _loads(library)]
    if not missing:
        return Finding("PDF", "pango is here")
    return Finding("PDF", "reports are off", f"sudo apt install {' '.join(missing)}")


def _browser() -> Finding:
    for name in BROWSERS:
        if path := shutil.which(name):
            return Finding("browser for the journeys", path)
    return Finding(
        "browser for the journeys", "none", "sudo apt install chromium libatomic1", needed=False
    )


def _run(folder: Path) -> Finding:
    if postgres.running(folder / "postgres"):
        return Finding("run", f"one is using {folder}")
    return Finding("run", f"none on {folder}", "./run demo", needed=False)


def _installation() -> Iterator[Finding]:
    """An installation with servers of its own: every setting that is wrong, else what they answer."""
    try:
        config = settings.load()
    except SettingsError as error:
        yield from map(_unset, str(error).splitlines())
        return
    yield Finding("settings", "complete")
    yield _database(config.database_url)
    yield _queue_server(config.redis_url)


def _unset(problem: str) -> Finding:
    name, _, found = problem.partition(": ")
    made = f"$({sys.executable} -c '{SECRETS[name]}')" if name in SECRETS else "…"
    mend = f"export {name}={made}" if name.isupper() else "see the settings in README.md"
    return Finding(name, found, mend)


def _database(url: str) -> Finding:
    try:
        plain = url.replace("postgresql+psycopg:", "postgresql:", 1)
        with psycopg.connect(plain, connect_timeout=5) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    except psycopg.Error as error:
        why = str(error).strip().splitlines()[-1]
        return Finding("PostgreSQL", why, "start it, or correct DATABASE_URL")
    if row != (newest_revision(),):
        found = f"migrated to {row[0] if row else 'nothing'}, needs {newest_revision()}"
        return Finding("PostgreSQL", found, "touchstone migrate")
    return Finding("PostgreSQL", f"answers and is migrated to {newest_revision()}")


def _queue_server(url: str | None) -> Finding:
    if url is None:
        mend = "export REDIS_URL=…"
        return Finding("queue", "none, so workers look into the database", mend, needed=False)
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        return Finding("queue", f"does not answer ({error})", "start it, or correct REDIS_URL")
    return Finding("queue", "answers")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
