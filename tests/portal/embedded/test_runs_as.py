"""Root's three ways round PostgreSQL's refusal to run as root, and what is remembered of them."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal.embedded import runs_as
from portal.embedded.errors import EmbeddedError
from portal.embedded.postgres import Postgres
from portal.embedded.runs_as import NOBODY, RunsAs
from tests.portal.embedded.conftest import Start

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has these ways")


def _answers(server: Postgres) -> bool:
    engine = sa.create_engine(server.url("app", "touchstone"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return bool(connection.scalar(sa.text("SELECT true")))


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that refuses user namespaces, as inside a chroot."""
    monkeypatch.setattr(runs_as, "_UNSHARE", ("false",))


def test_an_ordinary_user_runs_it_plainly(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert runs_as.decide(place / "runs-as") is RunsAs.OWNER


@as_root
def test_in_a_namespace_every_file_stays_roots(place: Path, start: Start) -> None:
    if not runs_as._namespaces_work():
        pytest.skip("this machine refuses user namespaces")
    server = start(place / "postgres")
    assert _answers(server)
    owners = {path.lstat().st_uid for path in (place / "postgres").rglob("*")}
    assert owners == {0}
    assert (place / "postgres" / "runs-as").read_text() == "namespace\n"


@as_root
@pytest.mark.usefixtures("no_namespaces")
def test_without_namespaces_uid_65534_runs_it_and_owns_the_data(place: Path, start: Start) -> None:
    server = start(place / "postgres")
    assert _answers(server)
    assert (place / "postgres" / "data").stat().st_uid == NOBODY
    status = Path(f"/proc/{server.child.pid}/status").read_text()
    assert f"Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}" in status
    assert "Groups:\t \n" in status


@as_root
@pytest.mark.usefixtures("no_namespaces")
def test_programs_that_uid_65534_cannot_read_are_copied(
    place: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_as, "may_run", lambda _: False)
    server = start(place / "postgres")
    assert _answers(server)
    program = Path(f"/proc/{server.child.pid}/exe").resolve()
    assert program.is_relative_to(place / "postgres")


@as_root
@pytest.mark.usefixtures("no_namespaces")
def test_the_way_is_remembered_when_the_machine_would_allow_another(
    place: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(place / "postgres").stop()
    monkeypatch.undo()
    again = start(place / "postgres")
    assert _answers(again)
    assert (place / "postgres" / "data").stat().st_uid == NOBODY


@as_root
@pytest.mark.usefixtures("no_namespaces")
def test_the_first_folder_that_may_not_be_entered_is_named_with_the_mend(place: Path) -> None:
    closed = place / "closed"
    (closed / "deeper").mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(EmbeddedError, match=rf"may not enter {closed}\. Mend: chmod o\+x {closed}"):
        Postgres.start(closed / "deeper" / "postgres")


@as_root
def test_data_begun_in_a_namespace_is_not_taken_over_without_one(
    place: Path, no_namespaces: None
) -> None:
    (place / "runs-as").write_text("namespace\n")
    with pytest.raises(EmbeddedError, match=r"user namespace.*Mend: chown -R 65534:65534"):
        runs_as.decide(place / "runs-as")


@as_root
def test_root_does_not_spoil_an_ordinary_users_data(place: Path) -> None:
    (place / "runs-as").write_text("owner\n")
    with pytest.raises(EmbeddedError, match="made by an ordinary user"):
        runs_as.decide(place / "runs-as")


def test_an_ordinary_user_is_told_that_data_is_roots(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "runs-as").write_text("namespace\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EmbeddedError, match="made by root"):
        runs_as.decide(place / "runs-as")
