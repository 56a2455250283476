"""The one browser of the tests: Debian's Chromium, driven by Playwright, or a skip with the reason."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, Error, sync_playwright

CHROMIUM: Final = Path("/usr/bin/chromium")
QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Lend Chromium; without one skip, or fail where `REQUIRE_BROWSER=1` says it must be here."""
    _need_driver()
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(
                executable_path=CHROMIUM if CHROMIUM.exists() else None, args=list(QUIET)
            )
        except Error as reason:
            _lacking(reason.message.splitlines()[0])
        yield found
        found.close()


def _need_driver() -> None:
    """Playwright itself only says that its driver went away; the driver says which library it lacks."""
    node, _ = compute_driver_executable()
    told = subprocess.run((node, "--version"), capture_output=True, text=True, check=False)
    if told.returncode:
        _lacking(told.stderr.strip() or f"Playwright's driver ends with {told.returncode}")


def _lacking(reason: str) -> None:
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"no browser: {reason}")
    pytest.skip(f"no browser: {reason}")
