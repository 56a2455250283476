"""`./run` itself: plain POSIX shell that explains itself before any Python package exists."""

import subprocess
from pathlib import Path
from typing import Final

RUN: Final = Path(__file__).resolve().parents[3] / "run"


def test_it_explains_itself_without_making_an_environment(tmp_path: Path) -> None:
    copy = tmp_path / "run"
    copy.write_bytes(RUN.read_bytes())
    told = subprocess.run(["sh", copy], capture_output=True, text=True, check=True, timeout=10)
    assert told.stdout.startswith("usage: ./run demo")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_machine_without_python_is_told_what_to_type(tmp_path: Path) -> None:
    copy = tmp_path / "run"
    copy.write_bytes(RUN.read_bytes())
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "mktemp", "rm", "sh"):
        (tools / name).symlink_to(Path("/usr/bin") / name)
    told = subprocess.run(
        ["/bin/sh", copy, "demo"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert told.returncode == 1
    assert "needs Python 3.11 or newer. Type: sudo apt install python3" in told.stderr
    assert not (tmp_path / ".venv").exists()
