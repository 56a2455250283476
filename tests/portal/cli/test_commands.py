"""The command line starts light, finds every package's commands and says in a sentence what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.cli import OWN

HEAVY = ("torch", "scipy", "numpy", "weasyprint")
_OURS = (
    "DATABASE",
    "MIGRATION",
    "WORKER",
    "REDIS",
    "SECRET",
    "PERSONAL",
    "BASE_URL",
    "MAIL",
    "DEMO",
)


def _touchstone(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as a person does: no settings but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "portal.cli", *arguments],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _imported_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in told.stdout.split()}


def test_the_help_lists_every_command() -> None:
    told = _touchstone("--help")
    assert told.returncode == 0
    listed = {line.split()[0] for line in told.stdout.splitlines() if line.startswith("  ")}
    assert set(OWN) <= listed


@pytest.mark.parametrize("name", sorted(OWN))
def test_every_own_command_explains_itself(name: str) -> None:
    told = _touchstone(name, "--help")
    assert told.returncode == 0
    assert told.stdout.startswith(f"Usage: touchstone {name} [OPTIONS]\n\n  ")


def test_no_command_of_our_own_imports_the_heavy_libraries() -> None:
    modules = "\n".join(f"import {path.partition(':')[0]}" for path in OWN.values())
    assert _imported_by(modules).isdisjoint(HEAVY)


def test_listing_the_packages_commands_imports_no_heavy_library() -> None:
    listing = "from portal import cli\ncli._contributed()"
    assert _imported_by(listing).isdisjoint(HEAVY)


def test_the_supervisor_starts_without_the_web_framework() -> None:
    assert "flask" not in _imported_by("import portal.cli.up")


def test_missing_settings_are_all_named_at_once(tmp_path: Path) -> None:
    told = _touchstone("migrate", DATA_DIR=str(tmp_path))
    assert told.returncode == 1
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "SECRET_KEY", "BASE_URL"):
        assert f"\n{name}: " in told.stderr
    assert "Traceback" not in told.stderr
    assert "./run demo" in told.stderr


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    told = _touchstone("conjure", DATA_DIR=str(tmp_path))
    assert told.returncode == 2
    assert "No such command 'conjure'" in told.stderr
