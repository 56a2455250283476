"""`touchstone up`: the whole product on this machine, from nothing to ready."""

import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from portal import settings
from portal.cli import home
from portal.cli.supervisor import Child, Ended, Supervisor, ends_politely
from portal.embedded import postgres
from portal.embedded.errors import EmbeddedError
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey

_HOST: Final = "127.0.0.1"
_UNTIL_READY: Final = 180.0
_TOUCHSTONE: Final = (sys.executable, "-P", "-m", "portal.cli")
_GUNICORN: Final = (
    *(sys.executable, "-P", "-m", "gunicorn", "wsgi:app", "--no-control-socket"),
    *("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--umask", "0o77"),
    *("--graceful-timeout", "4", "--timeout", "60"),
)


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    folder: Path
    port: int
    demo: bool
    fresh: bool


@click.command()
@click.option(
    "--demo", is_flag=True, help="With sample people and work, secrets of its own, no real money."
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder.")
@click.option("--fresh", is_flag=True, help="Forget what the data folder holds and start over.")
def up(*, demo: bool, port: int, data: Path | None, fresh: bool) -> None:
    """Start database, queue, web, worker and scheduler, and stay until Ctrl-C."""
    plan = Plan(data or home.default_folder(), port, demo, fresh)
    os.umask(0o077)
    try:
        with ends_politely():
            run(plan)
    except Ended:
        click.echo("stopped")


def run(plan: Plan) -> None:
    """Bring everything up, say `ready`, and keep it up until `Ended` is raised."""
    _refuse_taken_port(plan.port)
    with ExitStack() as stack:
        folder = stack.enter_context(home.held(plan.folder))
        if plan.fresh:
            home.wipe(folder)
        logs = folder / "logs"
        logs.mkdir(exist_ok=True)
        servers = stack.enter_context(_servers(folder))
        os.environ.update(_environment(plan, folder))
        settings.load()
        home.announce(folder, {name: os.environ[name] for name in _announced()})
        stack.callback(home.withdraw, folder)
        supervisor = Supervisor(say=_say)
        stack.callback(supervisor.stop)
        _prepare(plan, folder, supervisor, servers)
        web = _start(plan, logs, supervisor)
        _wait_until_ready(plan.port, web, supervisor)
        click.echo(f"ready http://{_HOST}:{plan.port}")
        _say(f"data in {folder}; Ctrl-C ends it and keeps everything")
        supervisor.watch(lambda: False, each=servers.complain)


@dataclass
class Servers:
    """The embedded servers of this run; none where settings name others."""

    database: Postgres | None = None
    queue: Valkey | None = None
    complained: bool = False

    def complain(self) -> None:
        """Say once that a server has ended; the web says so itself at /readyz."""
        ended = [name for name, server in (("PostgreSQL", self.database), ("Valkey", self.queue))
                 if server and server.child.poll() is not None]  # fmt: skip
        if ended and not self.complained:
            self.complained = True
            _say(f"{' and '.join(ended)} ended: end this run and start it again")


@contextmanager
def _servers(folder: Path) -> Iterator[Servers]:
    """Start what the settings do not name, tell the environment, and stop it in the end."""
    servers = Servers()
    try:
        if "DATABASE_URL" not in os.environ:
            _say("starting PostgreSQL")
            servers.database = Postgres.start(folder / "postgres")
            os.environ.update(_database_urls(servers.database))
        if "REDIS_URL" not in os.environ:
            servers.queue = _queue(folder)
        if servers.queue:
            os.environ["REDIS_URL"] = servers.queue.url
        yield servers
    finally:
        if servers.queue:
            servers.queue.stop()
        if servers.database:
            servers.database.stop()


def _queue(folder: Path) -> Valkey | None:
    try:
        return Valkey.start(folder / "valkey")
    except EmbeddedError as error:
        _say(f"no queue, so jobs run one by one in the worker itself. {error}")
        return None


def _database_urls(database: Postgres) -> dict[str, str]:
    logins = {
        "DATABASE_URL": "app",
        "MIGRATION_DATABASE_URL": postgres.OWNER,
        "WORKER_DATABASE_URL": "worker",
    }
    return {name: database.url(login, postgres.DATABASE) for name, login in logins.items()}


def _environment(plan: Plan, folder: Path) -> dict[str, str]:
    """What the children are told beside the servers' addresses."""
    here = f"http://{_HOST}:{plan.port}"
    told = {"DATA_DIR": str(folder)}
    if not plan.demo:
        return told
    return {
        **told,
        **home.demo_secrets(folder),
        "DEMO": "true",
        "BASE_URL": here,
        "MAIL_BACKEND": "file",
        "STRIPE_BASE": f"{here}/sandbox/stripe",
    }


def _announced() -> list[str]:
    """The settings that are in the environment, under the names that they have there."""
    return [name.upper() for name in settings.Settings.model_fields if name.upper() in os.environ]


def _prepare(plan: Plan, folder: Path, supervisor: Supervisor, servers: Servers) -> None:
    """Migrate, and fill a new demo. A seeding that was cut short is begun again from nothing."""
    logs = folder / "logs"
    seeding, seeded = folder / "seeding", folder / "seeded"
    if seeding.exists() and servers.database:
        servers.database.recreate()
        seeding.unlink()
    _say("migrating the database")
    supervisor.run(_once("migrate", logs))
    if not plan.demo or seeded.exists():
        return
    _say("making the sample world (once)")
    seeding.touch()
    began = time.monotonic()
    supervisor.run(_once("seed", logs))
    seeding.replace(seeded)
    _say(f"made it in {time.monotonic() - began:.0f} s")


def _start(plan: Plan, logs: Path, supervisor: Supervisor) -> Child:
    for name in ("worker", "sweep") if os.environ.get("REDIS_URL") else ("worker",):
        supervisor.start(_once(name, logs))
    bind = (*_GUNICORN, "--chdir", str(_root()), "--bind", f"{_HOST}:{plan.port}")
    return supervisor.start(Child("web", bind, logs / "web.log", signal.SIGQUIT))


def _once(name: str, logs: Path) -> Child:
    return Child(name, (*_TOUCHSTONE, name), logs / f"{name}.log", signal.SIGKILL)


def _root() -> Path:
    """The folder of `wsgi.py`."""
    return Path(__file__).resolve().parents[2]


def _wait_until_ready(port: int, web: Child, supervisor: Supervisor) -> None:
    until = time.monotonic() + _UNTIL_READY

    def enough() -> bool:
        if web.ended() is not None or time.monotonic() > until:
            raise EmbeddedError(f"the web server did not become ready:\n{web.tail()}")
        return _status(port) == 200

    supervisor.watch(enough)


def _status(port: int) -> int | None:
    """What /readyz answers, if anything does."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise EmbeddedError(
                f"port {port} cannot be used ({error.strerror}): choose another with --port"
            ) from None


def _say(line: str) -> None:
    click.echo(f"touchstone: {line}")
