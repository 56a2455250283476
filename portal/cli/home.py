"""The data folder: who holds it, the demo's own secrets, and how other commands find what runs."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import portal
from portal.embedded.errors import EmbeddedError

OURS: Final = ("postgres", "valkey", "files", "mail", "logs", "secrets.json", "running.json",
               "seeding", "seeded")  # fmt: skip
_RUNNING: Final = "running.json"
_GRACE: Final = 1.0  # seconds


def default_folder() -> Path:
    """Where data lies unless told: DATA_DIR, else `data` beside the code."""
    told = os.environ.get("DATA_DIR")
    return Path(told) if told else Path(portal.__file__).resolve().parents[1] / "data"


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold the data folder for this process alone; the hold ends with the process, however it ends.

    Others may pass through the folder but not list it: as root PostgreSQL may run as uid 65534 and
    has to reach its own part. Raises `EmbeddedError` where another run holds it.
    """
    folder = folder.absolute()
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)
    with (folder / "lock").open("a", encoding="ascii") as lock:
        if not _taken(lock, within=_GRACE):
            raise EmbeddedError(
                f"Another run already uses {folder}. Mend: end it, or choose another place with --data."
            )
        yield folder


def wipe(folder: Path) -> None:
    """Remove what Touchstone keeps in the folder, and nothing that it does not know."""
    for name in OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def demo_secrets(folder: Path) -> dict[str, str]:
    """Give the demo's own secrets, made once at random and kept where only the owner may read."""
    path = folder / "secrets.json"
    if not path.exists():
        _write_private(path, _random_secrets())
    return _read(path)


def announce(folder: Path, environment: dict[str, str]) -> None:
    """Let other commands beside this run find its servers and secrets."""
    _write_private(folder / _RUNNING, environment)


def withdraw(folder: Path) -> None:
    """Take back what `announce` wrote."""
    (folder / _RUNNING).unlink(missing_ok=True)


def adopt_running(folder: Path | None = None) -> bool:
    """Take the settings of the run on the data folder, where there is one and none were given."""
    place = folder or default_folder()
    path = place / _RUNNING
    if "DATABASE_URL" in os.environ or not path.exists() or not _is_held(place):
        return False
    for name, value in _read(path).items():
        os.environ.setdefault(name, value)
    return True


def _taken(lock: IO[str], *, within: float) -> bool:
    """Take the lock; whoever only looks whether a run lives holds it for an instant."""
    until = time.monotonic() + within
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        else:
            return True


def _is_held(folder: Path) -> bool:
    """Whether a run lives: one that was killed leaves its announcement, but not its hold."""
    with (folder / "lock").open("a", encoding="ascii") as lock:
        return not _taken(lock, within=0)


def _random_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PERSONAL_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(24)}",
        "STRIPE_IDENTITY_KEY": f"rk_test_{secrets.token_hex(24)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
    }


def _read(path: Path) -> dict[str, str]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return {str(name): str(value) for name, value in found.items()}


def _write_private(path: Path, content: dict[str, str]) -> None:
    """Write whole or not at all, readable to the owner only from the first byte on."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=1)
    draft.replace(path)
