"""The doctor names what is missing and the line that mends it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import doctor
from portal.embedded import binaries


def _doctor(folder: Path) -> Result:
    return CliRunner().invoke(doctor.doctor, ["--data", str(folder)])


def _line(result: Result, subject: str) -> str:
    return next(line for line in result.output.splitlines() if f" {subject}: " in line)


def test_a_machine_with_everything_is_well(tmp_path: Path) -> None:
    result = _doctor(tmp_path)
    assert result.exit_code == (0 if "MISSING" not in result.output else 1)
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


def test_a_missing_queue_server_is_no_illness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "valkey_server", lambda: None)
    assert _line(_doctor(tmp_path), "queue").startswith("optional queue: none, so the worker runs")


def test_data_of_a_version_that_is_not_here_is_an_illness(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("99\n")
    result = _doctor(tmp_path)
    assert result.exit_code == 1
    assert "MISSING  PostgreSQL" in result.output
    assert "sudo apt install postgresql-99" in _line(result, "PostgreSQL")
