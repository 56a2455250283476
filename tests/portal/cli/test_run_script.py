"""`./run` itself: plain POSIX shell that explains itself before any Python package exists."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

RUN: Final = Path(__file__).resolve().parents[3] / "run"

_NATIVE: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_PYTHON: Final = """#!/bin/sh
if [ "$1" = -c ]; then
    case $2 in *"${LACKS:-nothing of this}"*) exit 1 ;; esac
    exit 0
fi
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    exit
fi
echo "$@" >>"$HOME/asked"
"""
"""Stands in for Python where only what `./run` asks of it matters: it can do everything, and notes it."""


class Machine:
    """A checkout of its own on a machine whose Python notes what it is asked to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.home = folder / "home"
        self.tools = folder / "bin"
        for place in (self.folder, self.home, self.tools):
            place.mkdir()
        for name in ("dirname", "mktemp", "rm", "sh", "cksum", "cat", "touch", "mkdir", "cp"):
            (self.tools / name).symlink_to(Path("/usr/bin") / name)
        self._program("python3", _PYTHON)
        self._program("chromium", "#!/bin/sh\n")
        (self.folder / "run").write_bytes(RUN.read_bytes())
        for name in ("pyproject.toml", "constraints.txt"):
            (self.folder / name).write_text("")

    def run(self, *typed: str, lacks: str | None = None, code: int = 0) -> str:
        """Type a command, which ends with the code, and give what it complains about."""
        environment = {"PATH": str(self.tools), "HOME": str(self.home)}
        environment |= {"LACKS": lacks} if lacks else {}
        command = ["/bin/sh", str(self.folder / "run"), *typed]
        done = subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, done.stderr
        return done.stderr

    def asked(self) -> list[str]:
        """What Python was asked, but for looking whether something is there."""
        return (self.home / "asked").read_text().splitlines()

    def forget(self) -> None:
        """Begin to note anew."""
        (self.home / "asked").write_text("")

    def _program(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One on which nothing was made yet."""
    return Machine(tmp_path)


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


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("doctor --data /tmp/x", "-P -m portal.cli doctor --data /tmp/x"),
        ("report expert a@b.example -o out.pdf", "-P -m portal.cli report expert a@b.example -o out.pdf"),
        ("list", "-P -m portal.cli --help"),
        ("demo --fresh --port 8100", "-P -m portal.cli up --demo --fresh --port 8100"),
        ("test tests/tasks -k claim", "-m tests.ci tests/tasks -k claim"),
    ],
)  # fmt: skip
def test_with_an_environment_made_every_command_is_handed_on_as_typed(
    machine: Machine, typed: str, becomes: str
) -> None:
    machine.run("list")
    machine.forget()
    machine.run(*typed.split())
    assert machine.asked()[-1] == becomes


def test_a_missing_environment_is_made_before_any_command(machine: Machine) -> None:
    machine.run("doctor")
    asked = machine.asked()
    assert (machine.folder / ".venv" / "complete").exists()
    install = next(line for line in asked if line.startswith("-m pip install"))
    assert f"-c {machine.folder}/constraints.txt" in install
    assert install.endswith(f"-e {machine.folder}")
    assert asked[-1] == "-P -m portal.cli doctor"


def test_packages_are_installed_once_and_again_when_what_is_wanted_changes(
    machine: Machine,
) -> None:
    def installed() -> bool:
        machine.forget()
        machine.run("doctor")
        return any(line.startswith("-m pip install") for line in machine.asked())

    assert [installed(), installed()] == [True, False]
    (machine.folder / "constraints.txt").write_text("torch==9\n")
    assert [installed(), installed()] == [True, False]


def test_tests_need_more_than_the_product(machine: Machine) -> None:
    machine.run("doctor")
    machine.forget()
    machine.run("test")
    install = next(line for line in machine.asked() if line.startswith("-m pip install"))
    assert install.endswith(f"-e {machine.folder}[dev]")


def test_where_nothing_may_be_installed_a_missing_venv_is_one_line_to_type(
    machine: Machine,
) -> None:
    said = machine.run("demo", lacks="ensurepip", code=1)
    assert f"Type: sudo apt install python3-venv {_NATIVE}" in said
    assert not (machine.folder / ".venv").exists()


def test_without_pango_the_demo_starts_and_says_what_is_off(machine: Machine) -> None:
    said = machine.run("demo", lacks="libpango")
    assert f"PDF reports are off until you type: sudo apt install {_NATIVE}" in said
    assert machine.asked()[-1] == "-P -m portal.cli up --demo"


def test_without_a_browser_the_tests_run_and_say_what_is_skipped(machine: Machine) -> None:
    said = machine.run("test", lacks="libatomic")
    assert "the journeys will be skipped. Type: sudo apt install chromium libatomic1" in said
    assert machine.asked()[-1] == "-m tests.ci"


def test_the_small_torch_is_looked_for_only_where_its_index_answers(machine: Machine) -> None:
    machine.run("doctor", lacks="download.pytorch.org")
    install = next(line for line in machine.asked() if line.startswith("-m pip install"))
    assert "pytorch" not in install
    (machine.folder / "constraints.txt").write_text("torch==9\n")
    machine.forget()
    machine.run("doctor")
    install = next(line for line in machine.asked() if line.startswith("-m pip install"))
    assert "--extra-index-url=https://download.pytorch.org/whl/cpu" in install
