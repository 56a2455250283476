"""Short private folders for unix sockets, whose paths may not pass 107 bytes."""

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

_PREFIX: Final = "touchstone-"
_LONGEST_PARENT: Final = 60  # leaves room for our folder and the longest socket name


def private_folder(record: Path, *, owner: int | None = None) -> Path:
    """Make a fresh folder that only its owner may enter, and write its path into `record`.

    The folder that `record` named before is removed: call it only while no server uses that.
    """
    forget(record)
    parent = Path(tempfile.gettempdir())
    if len(os.fsencode(parent)) > _LONGEST_PARENT:
        parent = Path("/tmp")  # noqa: S108 (mkdtemp makes it private)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    if owner is not None:
        os.chown(folder, owner, owner)
    record.write_text(f"{folder}\n", encoding="utf-8")
    return folder


def recorded(record: Path) -> Path | None:
    """Name the folder that `record` tells of, if it is there."""
    if not record.exists():
        return None
    folder = Path(record.read_text(encoding="utf-8").strip())
    return folder if folder.is_dir() else None


def forget(record: Path) -> None:
    """Remove the recorded folder and the record; only a folder that this module made."""
    folder = recorded(record)
    if folder is not None and folder.name.startswith(_PREFIX) and _is_private(folder):
        shutil.rmtree(folder, ignore_errors=True)
    record.unlink(missing_ok=True)


def _is_private(folder: Path) -> bool:
    """Tell a folder as `mkdtemp` makes it from whatever else a record might have been led to."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == stat.S_IRWXU
