"""`touchstone doctor`: what this machine lacks, and the line that mends it."""

import ctypes
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from portal import settings
from portal.cli import home
from portal.embedded import binaries, postgres
from portal.embedded.errors import EmbeddedError
from portal.settings import SettingsError

NATIVE: Final = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and the line that mends it where something is missing."""

    subject: str
    found: str
    mend: str | None = None
    needed: bool = True

    def line(self) -> str:
        """One line for a person."""
        if self.mend is None:
            return f"ok       {self.subject}: {self.found}"
        word = "MISSING " if self.needed else "optional"
        return f"{word} {self.subject}: {self.found}. Mend: {self.mend}"


@click.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder.")
def doctor(data: Path | None) -> None:
    """Say what is here, what is missing, and the line that mends it."""
    found = list(findings(data or home.default_folder()))
    for finding in found:
        click.echo(finding.line())
    if any(finding.mend and finding.needed for finding in found):
        raise SystemExit(1)


def findings(folder: Path) -> Iterator[Finding]:
    """Look at everything that a run on `folder` needs."""
    yield _python()
    yield _torch()
    yield _postgres(folder)
    yield _queue()
    yield _pango()
    yield _browser()
    yield _run(folder)


def _python() -> Finding:
    return Finding("Python", f"{sys.version.split()[0]} in {sys.prefix}")


def _torch() -> Finding:
    """Found by its metadata: importing it takes seconds."""
    if importlib.util.find_spec("torch"):
        return Finding("torch", "installed (workers and commands import it, the web does not)")
    return Finding("torch", "not installed", "./run list, which installs what constraints.txt says")


def _postgres(folder: Path) -> Finding:
    try:
        chosen = binaries.choose(folder / "postgres" / "data", binaries.installed())
    except EmbeddedError as error:
        problem, _, mend = str(error).partition(" Mend: ")
        return Finding("PostgreSQL", problem.rstrip("."), mend.rstrip("."))
    return Finding("PostgreSQL", f"{chosen.version} in {chosen.folder}")


def _queue() -> Finding:
    server = binaries.valkey_server()
    if server:
        return Finding("queue", str(server))
    mend = "sudo apt install redis-server"
    return Finding("queue", "none, so the worker runs jobs one by one", mend, needed=False)


def _pango() -> Finding:
    missing = [package for library, package in NATIVE.items() if not _loads(library)]
    if not missing:
        return Finding("PDF", "pango is here")
    return Finding("PDF", "reports are off", f"sudo apt install {' '.join(missing)}")


def _browser() -> Finding:
    for name in BROWSERS:
        if path := shutil.which(name):
            return Finding("browser for the journeys", path)
    return Finding(
        "browser for the journeys", "none", "sudo apt install chromium libatomic1", needed=False
    )


def _run(folder: Path) -> Finding:
    if postgres.running(folder / "postgres"):
        return Finding("run", f"one is using {folder}")
    try:
        settings.load()
    except SettingsError:
        return Finding("run", f"none on {folder}", "./run demo", needed=False)
    return Finding("run", "the environment names its own servers")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
