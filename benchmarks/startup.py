"""How long a web process takes from nothing to a built application: `python -m benchmarks.startup [N]`."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Final

AIM: Final = 1.2  # seconds
_APP: Final = "from portal.app import create_app; create_app()"
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
        environment = os.environ | _SETTINGS | {"DATA_DIR": folder}
        for code in (_APP, _FLASK):
            _seconds(code, environment)  # once, so that both find compiled modules
        pairs = [
            (_seconds(_APP, environment), _seconds(_FLASK, environment)) for _ in range(processes)
        ]
    ours, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    print(f"{processes} fresh processes, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    print(_row("import and create the app", ours))
    print(_row("import flask alone", bare))
    print(f"ratio of medians {statistics.median(ours) / statistics.median(bare):.1f}; aim {AIM} s")


def _seconds(code: str, environment: Mapping[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def _row(name: str, seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))]
    return f"{name:26} median {statistics.median(ordered):.2f} s   p99 {p99:.2f} s"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
