"""All that continuous integration checks, in one run: `./run test`."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
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
    journeys = Journeys.of(report)
    if journeys.missing and os.environ.get("REQUIRE_BROWSER") == "1" and not arguments:
        failed.append("journeys")
    print(f"FAILED: {', '.join(failed)}" if failed else "all checks hold")
    print(journeys.line())
    return 1 if failed else 0


_FALLEN: Final = ("failure", "error")


@dataclass(frozen=True)
class Journeys:
    """What became of the walks through the product in a browser."""

    walked: int
    """Those that reached their end with nothing wrong."""
    fallen: int
    """Those that did not, or could not begin."""
    reasons: tuple[str, ...]
    """Why others were skipped, each reason once."""

    @classmethod
    def of(cls, report: Path) -> Self:
        """Read pytest's report; none where pytest did not get as far as writing it."""
        if not report.exists():
            return cls(0, 0, ())
        cases = ET.parse(report).iter("testcase")  # noqa: S314 (pytest has just written it)
        ours = [case for case in cases if "tests.journeys" in case.get("classname", "")]
        skips = [skip.get("message", "") for case in ours for skip in case.iter("skipped")]
        fallen = sum(any(case.find(tag) is not None for tag in _FALLEN) for case in ours)
        return cls(len(ours) - len(skips) - fallen, fallen, tuple(sorted(set(skips))))

    @property
    def missing(self) -> bool:
        """Whether a journey was not walked that should have been."""
        return bool(self.reasons) or self.fallen > 0 or self.walked == 0

    def line(self) -> str:
        """The last line of a run."""
        fallen = f", {self.fallen} failed" if self.fallen else ""
        skipped = f"others skipped: {'; '.join(self.reasons)}" if self.reasons else "none skipped"
        return f"journeys: {self.walked} walked{fallen}, {skipped}"


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
