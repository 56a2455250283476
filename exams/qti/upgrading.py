"""QTI 2.1 and 2.2 to 3.0 and back by `citolab-qti-convert`, run as a program of its own.

It is licensed under the GPL: a separate program that is asked for a file, not a part of this one. It
runs with limits on time and memory, after the package was opened and measured by us.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from portal.errors import Invalid

_SECONDS: Final = 120
_MEMORY: Final = 2_000_000_000
_MOST_WRITTEN: Final = 100_000_000
MISSING: Final = "QTI 2 needs the converter: pip install citolab-qti-convert"


def upgraded(data: bytes) -> bytes:
    """A package of QTI 2 as one of QTI 3.0. Raises `Invalid` with what the converter says."""
    return _converted(data, "upgrade")


def downgraded(data: bytes) -> bytes:
    """A package of QTI 3.0 as one of QTI 2.1; what 2.1 cannot say is lost."""
    return _converted(data, "downgrade")


def program() -> str | None:
    """Where the converter is: beside this Python or on the path; None where it is not installed."""
    beside = Path(sys.executable).parent / "qti-convert"
    return str(beside) if beside.exists() else shutil.which("qti-convert")


def _converted(data: bytes, direction: str) -> bytes:
    found = program()
    if found is None:
        raise Invalid(MISSING)
    with tempfile.TemporaryDirectory(prefix="qti-") as folder:
        source, target = Path(folder, "in.zip"), Path(folder, "out.zip")
        source.write_bytes(data)
        try:
            done = subprocess.run(  # noqa: S603  a program of a known name, without a shell
                [found, direction, str(source), str(target)],
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                preexec_fn=_limited,
            )
        except subprocess.TimeoutExpired as error:
            raise Invalid(f"the converter did not end within {_SECONDS} seconds") from error
        if done.returncode or not target.exists():
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Invalid(f"the converter refused the package: {lines[-1] if lines else '?'}")
        return target.read_bytes()


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_WRITTEN, _MOST_WRITTEN))
