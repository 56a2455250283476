"""`touchstone up`: from an empty folder to ready, and to nothing again, however it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from portal.cli import home
from tests.folders import passable_folder

Up = Callable[..., "Run"]

_WITHIN: Final = 120.0
_OTHERS: Final = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "WORKER_DATABASE_URL", "REDIS_URL")


class Run:
    """One `touchstone up` of a test, as an operator starts it: with settings, without the demo's world."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.port = _free_port()
        kept = {name: value for name, value in os.environ.items() if name not in _OTHERS}
        command = (sys.executable, "-P", "-m", "portal.cli", "up", "--data", str(folder))
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *arguments],
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self) -> "Run":
        """Read on until the run says that it is ready."""
        said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said.append(line)
            if line == f"ready http://127.0.0.1:{self.port}\n":
                return self
        raise AssertionError("never ready:\n" + "".join(said))

    def family(self) -> list[int]:
        """The numbers of all its processes but itself."""
        parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found[1:]

    def status(self) -> int:
        """What /readyz answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
        connection.close()
        return status

    def ask(self, question: str) -> object:
        """Run a statement in its database, as the owner."""
        address = json.loads((self.folder / "running.json").read_text())["MIGRATION_DATABASE_URL"]
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        with engine.begin() as connection:
            answer = connection.execute(sa.text(question))
            return answer.scalar() if answer.returns_rows else None

    def close(self) -> None:
        """End it if the test did not."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account may enter."""
    with passable_folder() as folder:
        yield folder


@pytest.fixture
def up(place: Path) -> Iterator[Up]:
    """Starts runs on one data folder; the test waits for each."""
    with ExitStack() as stack:

        def _up(*arguments: str) -> Run:
            run = Run(place / "data", *arguments)
            stack.callback(run.close)
            return run.wait()

        yield _up


def test_ctrl_c_leaves_no_process_and_the_next_start_keeps_the_data(up: Up) -> None:
    first = up()
    assert first.status() == 200
    assert _listening(first.family()) == {("127.0.0.1", first.port)}
    first.ask("CREATE TABLE kept AS SELECT 'a row' AS what")
    family = first.family()
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(timeout=30) == 0
    assert _left(family, seconds=0) == []
    assert not (first.folder / "running.json").exists()
    second = up()
    assert second.status() == 200
    assert second.ask("SELECT what FROM kept") == "a row"


def test_kill_9_leaves_no_process_after_five_seconds_and_loses_nothing(up: Up) -> None:
    first = up()
    first.ask("CREATE TABLE kept AS SELECT 'a row' AS what")
    family = first.family()
    assert len(family) >= 6
    first.process.kill()
    assert _left(family, seconds=5) == []
    assert up().ask("SELECT what FROM kept") == "a row"


def test_readyz_is_503_with_a_migration_behind_and_with_postgresql_stopped(up: Up) -> None:
    run = up()
    newest = run.ask("SELECT version_num FROM alembic_version")
    run.ask("UPDATE alembic_version SET version_num = '0001_kernel'")
    assert run.status() == 503
    run.ask(f"UPDATE alembic_version SET version_num = '{newest}'")
    assert run.status() == 200
    mark = run.folder / "postgres" / "data" / "postmaster.pid"
    os.kill(int(mark.read_text().split()[0]), signal.SIGINT)
    assert _left([int(line) for line in mark.read_text().split()[:1]], seconds=10) == []
    assert run.status() == 503


def test_a_worker_that_was_killed_is_started_again(up: Up) -> None:
    run = up()
    worker = next(pid for pid in run.family() if _command(pid)[-1:] == ["worker"])
    os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + 20
    while not [pid for pid in run.family() if _command(pid)[-1:] == ["worker"] and pid != worker]:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_seeding_that_was_cut_short_is_begun_again_from_nothing_once(up: Up) -> None:
    first = up()
    first.ask("CREATE TABLE half_a_world AS SELECT 1")
    (first.folder / "seeding").touch()
    first.process.send_signal(signal.SIGINT)
    first.process.wait(timeout=30)
    second = up()
    assert second.status() == 200
    assert second.ask("SELECT to_regclass('half_a_world')") is None
    assert not (second.folder / "seeding").exists()


def test_starting_fresh_forgets_the_rows(up: Up) -> None:
    first = up()
    first.ask("CREATE TABLE kept AS SELECT 1")
    first.process.send_signal(signal.SIGINT)
    first.process.wait(timeout=30)
    second = up("--fresh")
    assert second.status() == 200
    assert second.ask("SELECT to_regclass('kept')") is None


def test_a_taken_port_is_said_before_anything_is_begun(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run(place / "data", "--port", str(port))
        said, _ = run.process.communicate(timeout=_WITHIN)
    assert run.process.returncode == 1
    assert f"port {port} cannot be used" in said
    assert not (place / "data").exists()


def test_a_folder_in_use_is_refused(place: Path) -> None:
    with home.held(place / "data"):
        run = Run(place / "data")
        said, _ = run.process.communicate(timeout=_WITHIN)
    assert run.process.returncode == 1
    assert "Another run already uses" in said


def test_missing_settings_end_the_run_and_its_servers(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.delenv("BASE_URL")
    run = Run(place / "data")
    said, _ = run.process.communicate(timeout=_WITHIN)
    assert run.process.returncode == 1
    assert "\nSECRET_KEY: " in said
    assert "\nBASE_URL: " in said
    assert not (place / "data" / "postgres" / "data" / "postmaster.pid").exists()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _parent(process: Path) -> int:
    fields = _status_fields(int(process.name))
    return int(fields[1]) if fields else 0


def _status_fields(pid: int) -> list[str]:
    """State, parent and so on of a process; none where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return []


def _left(family: list[int], *, seconds: float) -> list[list[str]]:
    """The commands of those that still live when the time is over."""
    until = time.monotonic() + seconds
    while True:
        alive = [pid for pid in family if _status_fields(pid)[:1] not in ([], ["Z"])]
        if not alive or time.monotonic() > until:
            return [_command(pid) for pid in alive]
        time.sleep(0.05)


def _listening(pids: list[int]) -> set[tuple[str, int]]:
    """The addresses on which these processes listen by TCP."""
    sockets = {link for pid in pids for link in _open(pid) if link.startswith("socket:")}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    ours = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    return {(_address(local), int(local.rpartition(":")[2], 16)) for local in ours}


def _address(local: str) -> str:
    """The kernel writes an IPv4 address as one little-endian number."""
    return socket.inet_ntoa(bytes.fromhex(local.partition(":")[0])[::-1][-4:])


def _open(pid: int) -> list[str]:
    try:
        return [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return []
