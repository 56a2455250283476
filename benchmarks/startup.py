"""How long a web process takes from nothing to a built application: `python -m benchmarks.startup [N]`.

Modules are compiled before the first measurement, as pip does where the product is installed, whatever
this shell says about writing bytecode. Seconds of the processor stand beside those on the wall: on a
machine that does other things as well only they can be compared.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

AIM: Final = 1.2  # seconds
_ROOT: Final = Path(__file__).resolve().parents[1]
_APP: Final = "import wsgi"
_FLASK: Final = "import flask"
_SETTINGS: Final = {
    "DATABASE_URL": "postgresql:///nowhere",
    "MIGRATION_DATABASE_URL": "postgresql:///nowhere",
    "WORKER_DATABASE_URL": "postgresql:///nowhere",
    "SECRET_KEY": "only a measurement, and long enough to be taken for a key",
    "PERSONAL_KEY": "A" * 43,
    "BASE_URL": "https://touchstone.test",
    "MAIL_BACKEND": "file",
}


def main(processes: int) -> None:
    """Measure fresh processes in turn, so that both see the same machine, and print the result."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | _SETTINGS | {"DATA_DIR": folder, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for code in (_APP, _FLASK):
            _measured(code, environment)  # once, so that both find compiled modules
        pairs = [
            (_measured(_APP, environment), _measured(_FLASK, environment)) for _ in range(processes)
        ]
    ours, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    print(f"{processes} fresh processes, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    print(_row("import and create the app", ours))
    print(_row("import flask alone", bare))
    ratio = _processor(ours) / _processor(bare)
    print(f"ratio of medians {ratio:.1f} on the processor; aim {AIM} s")


@dataclass(frozen=True)
class Measured:
    """Seconds of one process."""

    wall: float
    processor: float


def _measured(code: str, environment: Mapping[str, str]) -> Measured:
    used, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=_ROOT, check=True, capture_output=True
    )
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return Measured(time.perf_counter() - started, processor)


def _processor(found: list[Measured]) -> float:
    return statistics.median(one.processor for one in found)


def _row(name: str, found: list[Measured]) -> str:
    wall = sorted(one.wall for one in found)
    p99 = wall[min(len(wall) - 1, round(0.99 * (len(wall) - 1)))]
    return (
        f"{name:26} median {statistics.median(wall):.2f} s   p99 {p99:.2f} s"
        f"   processor {_processor(found):.2f} s"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
