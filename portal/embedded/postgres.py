"""A private PostgreSQL: made, started, recovered and stopped as a foreground child of this process."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import psycopg

from portal.embedded import binaries, runs_as, sockets
from portal.embedded.binaries import Binaries
from portal.embedded.errors import EmbeddedError
from portal.embedded.process import Identity, fresh_log, run, spawn, stop
from portal.embedded.runs_as import RunsAs

SUPERUSER: Final = "postgres"
OWNER: Final = "touchstone_owner"
DATABASE: Final = "touchstone"
_ROLES: Final = Path(__file__).with_name("roles.sql")
_PATIENCE: Final = 120.0  # seconds until it must answer: recovery after a crash may take a while
_PREDECESSOR: Final = 15.0  # seconds that an orphaned server gets to end
_FAST: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal",
                "max_wal_senders=0")  # fmt: skip


@dataclass(frozen=True)
class Postgres:
    """A running server. It listens on one unix socket in a folder that only its owner may enter."""

    folder: Path
    sockets: Path
    child: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path, *, durable: bool = True) -> Self:
        """Start the server of `folder`, making the database first where there is none.

        `folder` also keeps the server's log, how it is run (`runs-as`) and where its socket lies.
        A server that a killed owner left behind is waited for. One that is not `durable` is faster
        and loses everything in a power cut: for tests. Raises `EmbeddedError` with the mend.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        way = runs_as.decide(folder / "runs-as")
        programs = binaries.choose(folder / "data", binaries.installed())
        if way is RunsAs.NOBODY:
            programs = _prepare_for_nobody(folder, programs)
        who = runs_as.identity(way)
        _wait_for_predecessor(folder / "data")
        _make(folder, programs, who)
        private = sockets.private_folder(folder / "socket", owner=who.uid)
        child = spawn(
            _command(programs, folder / "data", private, durable=durable),
            log=fresh_log(folder / "log"),
            when_orphaned=signal.SIGQUIT,
            identity=who,
            environment=_environment(),
        )
        server = cls(folder, private, child)
        server._wait()
        server._prepare()
        return server

    def url(self, user: str, database: str) -> str:
        """Give SQLAlchemy's address of a database of this server, for one of its logins."""
        return url(self.sockets, user, database)

    def recreate(self) -> None:
        """Throw the product's database away and make an empty one."""
        with self._connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        self._prepare()

    def stop(self) -> None:
        """Shut down, open transactions rolled back, and remove the socket. Safe to call twice."""
        stop(self.child, by=signal.SIGINT, within=20)
        sockets.forget(self.folder / "socket")

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        problem = "it did not answer in time"
        while time.monotonic() < until:
            if self.child.poll() is not None:
                problem = f"it ended with {self.child.returncode}"
                break
            try:
                self._connect().close()
            except psycopg.OperationalError:  # not yet listening, or still recovering
                time.sleep(0.05)
            else:
                return
        self.stop()
        tail = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise EmbeddedError(f"PostgreSQL in {self.folder} did not start: {problem}.\n{tail}")

    def _prepare(self) -> None:
        """Make the roles and the product's database, where they are missing."""
        with self._connect() as connection:
            connection.execute(_ROLES.read_bytes())
            known = "SELECT FROM pg_database WHERE datname = %s"
            if connection.execute(known, [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, dbname="postgres", autocommit=True
        )


def url(socket_folder: Path, user: str, database: str) -> str:
    """Give SQLAlchemy's address of a database behind the socket in `socket_folder`."""
    return f"postgresql+psycopg://{user}@/{database}?host={quote(str(socket_folder))}"


def running(folder: Path) -> Path | None:
    """Name the socket folder of the server that runs on `folder`, if one answers there."""
    place = sockets.recorded(folder / "socket")
    return place if place and (place / ".s.PGSQL.5432").exists() else None


def _command(programs: Binaries, data: Path, private: Path, *, durable: bool) -> list[str | Path]:
    settings = [
        "listen_addresses=",
        f"unix_socket_directories={private}",
        "timezone=UTC",
        "log_timezone=UTC",
        *(() if durable else _FAST),
    ]
    options = [part for setting in settings for part in ("-c", setting)]
    return [programs.folder / "postgres", "-D", data.resolve(), *options]


def _environment() -> dict[str, str]:
    """Keep the caller's environment, less what would lead a server or initdb astray."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _make(folder: Path, programs: Binaries, who: Identity) -> None:
    """Run initdb beside the final place and move it there whole, so that a crash leaves no half."""
    data, draft = folder / "data", folder / "data.new"
    if data.exists():
        return
    shutil.rmtree(draft, ignore_errors=True)
    told = run(
        [
            *(programs.folder / "initdb", "-D", draft.resolve(), "--username", SUPERUSER),
            *("--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions"),
        ],
        identity=who,
        environment=_environment(),
    )
    if told.returncode != 0:
        raise EmbeddedError(f"initdb failed in {folder}:\n{told.stdout}{told.stderr}")
    draft.rename(data)


def _prepare_for_nobody(folder: Path, programs: Binaries) -> Binaries:
    """Give the folder to uid 65534, and programs it can read.

    Raises `EmbeddedError`, naming the folder, where it cannot get there.
    """
    runs_as.require_way(folder.parent)
    os.chown(folder, runs_as.NOBODY, runs_as.NOBODY)
    if runs_as.may_run(programs.folder / "postgres"):
        return programs
    return programs.copy(folder / f"programs-{programs.version}")


def _wait_for_predecessor(data: Path) -> None:
    """Let the server of a killed owner end, and clear the mark of one that is long gone.

    The mark names a process by number only, and numbers are used again: what tells our server from
    a stranger is that it works inside the data folder. Raises `EmbeddedError` if it stays.
    """
    mark = data / "postmaster.pid"
    until = time.monotonic() + _PREDECESSOR
    while mark.exists() and (server := _server_in(data, mark)):
        if time.monotonic() > until:
            raise EmbeddedError(
                f"Another PostgreSQL (process {server}) works in {data}."
                " Mend: end the run it belongs to, or choose another place with --data."
            )
        time.sleep(0.1)
    mark.unlink(missing_ok=True)


def _server_in(data: Path, mark: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        server = int(mark.read_text(encoding="ascii").split()[0])
        if Path(f"/proc/{server}/cwd").resolve(strict=True) == data.resolve():
            return server
    return None
