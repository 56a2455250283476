"""Storing bytes under their SHA-256 and reading them back verified."""

import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.files.models import StoredFile

_place: Final[dict[str, Path]] = {}


class DamagedFile(Exception):
    """The bytes on disk are not the bytes that were stored."""


def configure(data_dir: Path) -> None:
    """Keep files below `data_dir/files`."""
    _place["root"] = data_dir / "files"


def store(session: Session, content: bytes, *, media_type: str, now: datetime) -> StoredFile:
    """Keep the bytes, once. They are durable before the row is: a rollback leaves only a spare file."""
    digest = hashlib.sha256(content).digest()
    _write(_path(digest), content)
    row = {
        "sha256": digest,
        "size": len(content),
        "media_type": media_type,
        "stored_at": now,
    }
    session.execute(insert(StoredFile).values(**row).on_conflict_do_nothing())
    return session.scalars(sa.select(StoredFile).where(StoredFile.sha256 == digest)).one()


def read(stored: StoredFile) -> bytes:
    """The bytes. Raises `DamagedFile` where they no longer have their hash."""
    content = path_of(stored).read_bytes()
    if hashlib.sha256(content).digest() != stored.sha256:
        raise DamagedFile(stored.sha256.hex())
    return content


def wipe(stored: StoredFile) -> None:
    """Delete the bytes; that there were some, and their hash, stays. Safe to repeat."""
    path_of(stored).unlink(missing_ok=True)


def path_of(stored: StoredFile) -> Path:
    """Where the bytes lie."""
    return _path(stored.sha256)


def _path(digest: bytes) -> Path:
    if "root" not in _place:
        raise RuntimeError("files: call configure first")
    name = digest.hex()
    return _place["root"] / name[:2] / name


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    spare = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with spare.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    spare.rename(path)
