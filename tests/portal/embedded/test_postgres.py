"""A private PostgreSQL in a folder: begun, kept, recovered, refused."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from portal.embedded import postgres, runs_as
from portal.embedded.errors import EmbeddedError
from portal.embedded.postgres import Postgres
from tests.portal.embedded.conftest import Start

_ROW = "a row"
_OWNER = str(Path(__file__).with_name("owner.py"))


def _ask(server: Postgres, question: str, *, user: str = "touchstone_owner") -> object:
    engine = sa.create_engine(server.url(user, "touchstone"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        return connection.scalar(sa.text(question))


def _write(server: Postgres) -> None:
    engine = sa.create_engine(server.url("touchstone_owner", "touchstone"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE kept AS SELECT '{_ROW}' AS what"))


def _kept(server: Postgres) -> object:
    return _ask(server, "SELECT string_agg(what, ', ') FROM kept")


def _gone(pid: int) -> bool:
    """No such process, or one that has ended and only waits for its parent to look."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _wait_until_gone(pids: list[int], *, seconds: float) -> list[int]:
    until = time.monotonic() + seconds
    while left := [pid for pid in pids if not _gone(pid)]:
        if time.monotonic() > until:
            return left
        time.sleep(0.05)
    return []


def test_a_new_folder_becomes_a_server_with_the_products_roles(place: Path, start: Start) -> None:
    server = start(place / "postgres")
    for login, group in (("app", "touchstone_app"), ("worker", "touchstone_worker")):
        told = _ask(server, f"SELECT pg_has_role('{group}', 'MEMBER')", user=login)
        assert told is True
    owner_of = "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'touchstone'"
    assert _ask(server, owner_of) == "touchstone_owner"


def test_it_listens_on_no_tcp_port(place: Path, start: Start) -> None:
    server = start(place / "postgres")
    assert _ask(server, "SELECT current_setting('listen_addresses')") == ""


def test_its_socket_lies_where_only_its_owner_may_enter(place: Path, start: Start) -> None:
    server = start(place / "postgres")
    assert stat.S_IMODE(server.sockets.stat().st_mode) == stat.S_IRWXU
    assert len(str(server.sockets / ".s.PGSQL.5432.lock")) < 107


def test_a_second_start_finds_what_the_first_kept(place: Path, start: Start) -> None:
    first = start(place / "postgres")
    _write(first)
    first.stop()
    assert _kept(start(place / "postgres")) == _ROW


def test_stopping_twice_is_harmless_and_leaves_no_socket(place: Path, start: Start) -> None:
    server = start(place / "postgres")
    assert postgres.running(place / "postgres") == server.sockets
    server.stop()
    server.stop()
    assert not server.sockets.exists()
    assert postgres.running(place / "postgres") is None


def test_killing_the_owner_leaves_no_server_and_the_next_start_recovers(place: Path) -> None:
    command = [sys.executable, _OWNER, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [int(pid) for pid in process.stdout.readline().split()]
        assert len(children) == 2
        process.kill()
    assert _wait_until_gone(children, seconds=5) == []
    server = Postgres.start(place / "postgres")
    try:
        assert _kept(server) == _ROW
    finally:
        server.stop()


def test_a_start_right_after_the_kill_waits_for_the_orphan(place: Path) -> None:
    command = [sys.executable, _OWNER, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        server = Postgres.start(place / "postgres")
    try:
        assert _kept(server) == _ROW
    finally:
        server.stop()


def test_a_path_of_a_hundred_characters_is_fine(place: Path, start: Start) -> None:
    deep = place / ("d" * (100 - len(str(place)) - 1))
    assert len(str(deep)) == 100
    _write(start(deep / "postgres"))


def test_a_folder_below_one_that_only_the_owner_may_enter_is_fine(
    place: Path, start: Start
) -> None:
    if os.geteuid() == 0 and not runs_as._namespaces_work():
        pytest.skip("this machine refuses user namespaces, so such a folder is refused by name")
    private = place / "private"
    private.mkdir(mode=0o700)
    before = stat.S_IMODE(private.stat().st_mode)
    server = start(private / "postgres")
    _write(server)
    assert stat.S_IMODE(private.stat().st_mode) == before == 0o700
    assert (private / "postgres" / "data").stat().st_uid == os.geteuid()


def test_a_long_temporary_folder_does_not_make_the_socket_too_long(
    place: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = place / ("t" * 90)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    assert not start(place / "postgres").sockets.is_relative_to(long)


def test_data_of_an_unknown_version_is_refused_by_name(place: Path) -> None:
    data = place / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("99\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 99.*postgresql-99"):
        Postgres.start(place / "postgres")


def test_an_initdb_that_was_cut_short_is_begun_again(place: Path, start: Start) -> None:
    half = place / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    _write(start(place / "postgres"))
    assert not half.exists()


def test_a_mark_that_names_a_stranger_does_not_stop_the_start(place: Path, start: Start) -> None:
    start(place / "postgres").stop()
    mark = place / "postgres" / "data" / "postmaster.pid"
    mark.write_text(f"{os.getppid()}\n{place}\n0\n5432\n\n\n\n")
    assert _ask(start(place / "postgres"), "SELECT 1") == 1


def test_a_folder_in_which_a_server_works_is_refused(
    place: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(place / "postgres")
    monkeypatch.setattr(postgres, "_PREDECESSOR", 0.2)
    with pytest.raises(EmbeddedError, match=f"process {first.child.pid}"):
        Postgres.start(place / "postgres")
    assert _ask(first, "SELECT 1") == 1


def test_a_server_that_cannot_start_shows_the_end_of_its_log(place: Path, start: Start) -> None:
    start(place / "postgres").stop()
    with (place / "postgres" / "data" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = on\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        Postgres.start(place / "postgres")


def test_an_environment_meant_for_another_server_is_not_taken(
    place: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    assert (
        _ask(
            start(place / "postgres"),
            "SELECT datcollate FROM pg_database WHERE datname = 'touchstone'",
        )
        == "C.UTF-8"
    )


def test_recreate_empties_the_database_under_its_sessions(place: Path, start: Start) -> None:
    server = start(place / "postgres")
    _write(server)
    held = psycopg.connect(host=str(server.sockets), user="app", dbname="touchstone")
    held.execute("SELECT 1")
    server.recreate()
    held.close()
    assert _ask(server, "SELECT to_regclass('kept')") is None


def test_the_server_has_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(
    place: Path, start: Start
) -> None:
    server = start(place / "postgres")
    assert os.getsid(server.child.pid) == server.child.pid != os.getsid(0)
