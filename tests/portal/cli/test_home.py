"""The data folder: one run at a time, secrets of its own, and nothing of anybody else's removed."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.cli import home
from portal.embedded.errors import EmbeddedError

_HOLD = """
import sys, time
from pathlib import Path
from portal.cli import home
with home.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long in a test, and no settings were given."""
    monkeypatch.setattr(home, "_GRACE", 0.1)
    for name in list(os.environ):
        if name.endswith("_URL"):
            monkeypatch.delenv(name)


def test_a_folder_is_held_by_one_run_at_a_time(tmp_path: Path) -> None:
    with home.held(tmp_path), pytest.raises(EmbeddedError, match="Another run already uses"):
        home.held(tmp_path).__enter__()
    with home.held(tmp_path):
        pass


def test_the_hold_ends_with_a_killed_run(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(EmbeddedError):
            home.held(tmp_path).__enter__()
        other.kill()
    with home.held(tmp_path):
        pass


def test_others_may_pass_through_a_new_folder_but_not_list_it(tmp_path: Path) -> None:
    with home.held(tmp_path / "new" / "data") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o711


def test_secrets_are_random_made_once_and_private(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = home.demo_secrets(tmp_path)
    assert home.demo_secrets(tmp_path) == first
    other = home.demo_secrets(tmp_path / "other")
    assert [name for name in first if first[name] == other[name]] == []
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_starting_over_removes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    home.demo_secrets(tmp_path)
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "seeded").touch()
    (tmp_path / "thesis.odt").write_text("three years")
    (tmp_path / "photos").mkdir()
    home.wipe(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.odt", "photos"}


def test_commands_take_the_settings_of_the_run_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    with home.held(tmp_path):
        home.announce(tmp_path, {"DATABASE_URL": "postgresql://beside", "SECRET_KEY": "s"})
        assert home.adopt_running(tmp_path)
    assert (os.environ["DATABASE_URL"], os.environ["SECRET_KEY"]) == ("postgresql://beside", "s")
    assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600


def test_what_a_killed_run_announced_is_not_believed(tmp_path: Path) -> None:
    home.announce(tmp_path, {"DATABASE_URL": "postgresql://gone"})
    assert not home.adopt_running(tmp_path)
    assert "DATABASE_URL" not in os.environ


def test_settings_from_the_environment_come_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://mine")
    with home.held(tmp_path):
        home.announce(tmp_path, {"DATABASE_URL": "postgresql://beside"})
        assert not home.adopt_running(tmp_path)
    assert os.environ["DATABASE_URL"] == "postgresql://mine"


def test_a_run_that_ended_takes_its_announcement_back(tmp_path: Path) -> None:
    with home.held(tmp_path):
        home.announce(tmp_path, {"DATABASE_URL": "postgresql://beside"})
        home.withdraw(tmp_path)
        assert not home.adopt_running(tmp_path)
