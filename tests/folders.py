"""Folders for servers that tests start."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def passable_folder() -> Iterator[Path]:
    """Lend a folder that every account may pass through, and remove it.

    Where root cannot map another account, PostgreSQL runs as uid 65534, which may enter neither
    pytest's own folders nor those of `tempfile`: both are their owner's alone.
    """
    folder = Path(tempfile.mkdtemp(prefix="ts-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
