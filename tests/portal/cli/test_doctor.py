"""The doctor names what is missing and the line that mends it."""

import base64
import importlib.util
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from portal import settings
from portal.cli import doctor
from portal.embedded import binaries
from portal.embedded.valkey import Valkey
from tests.conftest import Database


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose environment names no servers."""
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "WORKER_DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def installed(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An installation with a database of its own, migrated, and no queue."""
    monkeypatch.setenv("DATABASE_URL", fresh_database.app)
    monkeypatch.delenv("REDIS_URL", raising=False)
    settings.load.cache_clear()
    return fresh_database


def _doctor(folder: Path) -> Result:
    return CliRunner().invoke(doctor.doctor, ["--data", str(folder)])


def _line(result: Result, subject: str) -> str:
    return next(line for line in result.output.splitlines() if f" {subject}: " in line)


@pytest.mark.usefixtures("bare")
def test_a_machine_with_everything_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "NATIVE", {})
    result = _doctor(tmp_path)
    assert result.exit_code == 0, result.output
    assert "MISSING" not in result.output
    for subject in ("Python", "torch", "PostgreSQL", "queue", "PDF", "run"):
        assert _line(result, subject)


def test_missing_native_libraries_are_one_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "NATIVE", {"libnope.so.0": "libnope0", "libnay.so.1": "libnay1"})
    result = _doctor(tmp_path)
    assert result.exit_code == 1
    assert _line(result, "PDF") == (
        "MISSING  PDF: reports are off. Mend: sudo apt install libnope0 libnay1"
    )


def test_a_missing_browser_is_no_illness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "BROWSERS", ("no-such-browser",))
    line = _line(_doctor(tmp_path), "browser for the journeys")
    assert line.startswith("optional")
    assert line.endswith("Mend: sudo apt install chromium libatomic1")


@pytest.mark.usefixtures("bare")
def test_a_missing_queue_server_is_no_illness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "valkey_server", lambda: None)
    assert _line(_doctor(tmp_path), "queue").startswith("optional queue: none, so the worker runs")


@pytest.mark.usefixtures("bare")
def test_data_of_a_version_that_is_not_here_is_an_illness(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("99\n")
    result = _doctor(tmp_path)
    assert result.exit_code == 1
    assert "MISSING  PostgreSQL" in result.output
    assert "sudo apt install postgresql-99" in _line(result, "PostgreSQL")


def test_missing_torch_is_mended_by_a_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert doctor._torch().line() == (
        f"MISSING  torch: not installed. Mend: {sys.executable} -m pip install -c constraints.txt torch"
    )


def test_each_setting_that_an_installation_lacks_has_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECRET_KEY", "PERSONAL_KEY", "WORKER_DATABASE_URL"):
        monkeypatch.delenv(name)
    settings.load.cache_clear()
    result = _doctor(tmp_path)
    assert result.exit_code == 1
    assert _line(result, "WORKER_DATABASE_URL").endswith("Mend: export WORKER_DATABASE_URL=…")
    for name in ("SECRET_KEY", "PERSONAL_KEY"):
        assert f"Mend: export {name}=$(" in _line(result, name)


def test_the_lines_for_secrets_make_secrets_that_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in doctor.SECRETS:
        monkeypatch.delenv(name)
    settings.load.cache_clear()
    mends = [_line(_doctor(tmp_path), name).partition("Mend: ")[2] for name in doctor.SECRETS]
    for name, mend in zip(doctor.SECRETS, mends, strict=True):
        shell = f'{mend}; printf %s "${name}"'
        made = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
        monkeypatch.setenv(name, made.stdout)
    settings.load.cache_clear()
    assert len(base64.urlsafe_b64decode(settings.load().personal_key.get_secret_value())) == 32


def test_an_installation_that_can_serve_is_well(installed: Database, tmp_path: Path) -> None:
    result = _doctor(tmp_path)
    assert _line(result, "settings") == "ok       settings: complete"
    assert _line(result, "PostgreSQL").startswith("ok       PostgreSQL: answers and is migrated")
    assert _line(result, "queue").startswith("optional queue: none, so workers look")


def test_a_database_that_is_behind_is_mended_by_migrating(
    installed: Database, tmp_path: Path
) -> None:
    with psycopg.connect(_plain(installed.owner)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001_kernel'")
    line = _line(_doctor(tmp_path), "PostgreSQL")
    assert line.startswith("MISSING  PostgreSQL: migrated to 0001_kernel, needs ")
    assert line.endswith("Mend: touchstone migrate")


def test_a_database_that_nobody_migrated_is_mended_by_migrating(
    installed: Database, tmp_path: Path
) -> None:
    with psycopg.connect(_plain(installed.owner)) as connection:
        connection.execute("DROP TABLE alembic_version")
    assert _line(_doctor(tmp_path), "PostgreSQL").endswith("Mend: touchstone migrate")


def test_servers_that_do_not_answer_are_illnesses(
    installed: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://app@/touchstone?host={tmp_path}")
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/nobody.sock")
    settings.load.cache_clear()
    result = _doctor(tmp_path)
    assert result.exit_code == 1
    assert _line(result, "PostgreSQL").endswith("Mend: start it, or correct DATABASE_URL")
    assert _line(result, "queue").endswith("Mend: start it, or correct REDIS_URL")


def test_a_queue_that_answers_is_well(
    installed: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Valkey.start(tmp_path / "valkey")
    try:
        monkeypatch.setenv("REDIS_URL", server.url)
        settings.load.cache_clear()
        assert _line(_doctor(tmp_path), "queue") == "ok       queue: answers"
    finally:
        server.stop()


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:")
