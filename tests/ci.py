"""All that continuous integration checks, in one run: `./run test`."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "test-results"
PACKAGES: Final = ("portal", "exams", "tasks", "payouts", "demo")
BIN: Final = Path(sys.executable).parent

CHECKS: Final = {
    "lint": (BIN / "ruff", "check", "."),
    "format": (BIN / "ruff", "format", "--check", "."),
    "templates": (BIN / "djlint", "--lint", "--quiet", *PACKAGES),
    "types": (BIN / "mypy", *PACKAGES, "migrations", "tests", "benchmarks", "wsgi.py"),
    "imports": (BIN / "lint-imports", "--no-cache"),
}


def main(arguments: list[str]) -> int:
    """Run every check, all of them even where one fails; 0 only if all hold."""
    RESULTS.mkdir(exist_ok=True)
    failed = [name for name, command in CHECKS.items() if not _holds(name, command)]
    report = RESULTS / "junit.xml"
    report.unlink(missing_ok=True)
    if not _holds("tests", _pytest(report, arguments)):
        failed.append("tests")
    skipped = _skipped_journeys(report)
    if skipped and os.environ.get("REQUIRE_BROWSER") == "1":
        failed.append("journeys")
    print(f"FAILED: {', '.join(failed)}" if failed else "all checks hold")
    print(_last_line(skipped))
    return 1 if failed else 0


def _holds(name: str, command: tuple[str | Path, ...]) -> bool:
    started = time.monotonic()
    print(f"--- {name}", flush=True)
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(
        f"--- {name}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return code == 0


def _pytest(report: Path, arguments: list[str]) -> tuple[str | Path, ...]:
    return (
        *(BIN / "python", "-m", "pytest", "-n", "2", "--dist", "loadfile", "-q", "-ra"),
        *("--cov", "--cov-branch", "--cov-report", "term:skip-covered", f"--junitxml={report}"),
        *arguments,
    )


def _skipped_journeys(report: Path) -> list[str]:
    """The reasons for which journeys were skipped, each once."""
    if not report.exists():
        return []
    cases = ET.parse(report).iter("testcase")  # noqa: S314 (pytest has just written it)
    journeys = [case for case in cases if "tests.journeys" in case.get("classname", "")]
    reasons = [skip.get("message", "") for case in journeys for skip in case.iter("skipped")]
    return sorted(set(reasons))


def _last_line(skipped: list[str]) -> str:
    return f"journeys skipped: {'; '.join(skipped)}" if skipped else "no journey was skipped"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
