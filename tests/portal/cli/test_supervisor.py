"""The supervisor keeps its children alive and leaves none behind."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.cli.supervisor import Child, Supervisor
from portal.embedded.errors import EmbeddedError

Sh = Callable[[str], Child]


@pytest.fixture
def said() -> list[str]:
    """What the supervisor told the person."""
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    """One whose children end with the test."""
    made = Supervisor(say=said.append)
    yield made
    made.stop()


@pytest.fixture
def sh(tmp_path: Path) -> Sh:
    """A child that runs a line of shell."""
    return lambda line: Child("child", ("sh", "-c", line), tmp_path / "log", signal.SIGKILL)


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def _alive(process_id: str) -> bool:
    status = Path(f"/proc/{process_id}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_child_that_ends_by_itself_is_started_again_and_said(
    supervisor: Supervisor, said: list[str], sh: Sh
) -> None:
    child = supervisor.start(sh("echo began; sleep 0.2; exit 3"))
    supervisor.watch(_after(2.6))
    assert child.tail().count("began") >= 2
    assert said[0].startswith("child ended with 3")


def test_a_child_that_ends_at_once_is_not_started_more_than_once_a_second(
    supervisor: Supervisor, sh: Sh
) -> None:
    child = supervisor.start(sh("echo began"))
    supervisor.watch(_after(1.5))
    assert child.tail().count("began") <= 2


def test_stopping_ends_a_childs_own_children_too(
    supervisor: Supervisor, sh: Sh, tmp_path: Path
) -> None:
    supervisor.start(sh(f"trap '' TERM; sleep 600 & echo $! > {tmp_path}/pid; exit 0"))
    supervisor.watch((tmp_path / "pid").exists)
    time.sleep(0.1)
    grandchild = (tmp_path / "pid").read_text().strip()
    assert _alive(grandchild)
    supervisor.stop()
    time.sleep(0.2)
    assert not _alive(grandchild)


def test_a_child_that_will_not_end_is_ended(
    supervisor: Supervisor, sh: Sh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("portal.cli.supervisor._PATIENCE", 0.3)
    child = supervisor.start(
        sh(f"trap '' TERM; touch {tmp_path}/deaf; while :; do sleep 0.1; done")
    )
    supervisor.watch((tmp_path / "deaf").exists)
    supervisor.stop()
    assert child.ended() == -signal.SIGKILL


def test_a_step_that_fails_shows_the_end_of_its_log(supervisor: Supervisor, sh: Sh) -> None:
    with pytest.raises(EmbeddedError, match=r"child failed:\nthe disk is full"):
        supervisor.run(sh("echo the disk is full; exit 1"))


def test_a_step_is_run_to_its_end_once(supervisor: Supervisor, sh: Sh) -> None:
    child = sh("sleep 0.2; echo done")
    supervisor.run(child)
    assert child.tail() == "done\n"
    assert supervisor.children == []


def test_a_log_that_has_grown_too_long_is_put_aside_at_the_start(
    supervisor: Supervisor, sh: Sh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.embedded.process._LOUDEST_LOG", 5)
    child = sh("echo second")
    child.log.write_text("first run\n")
    supervisor.run(child)
    assert child.tail() == "second\n"
    assert child.log.with_name("log.old").read_text() == "first run\n"
