"""Files: kept once under their hash, checked whenever they are read."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, files
from portal.files import StoredFile
from portal.files.service import DamagedFile


def test_what_is_stored_is_read_back(session: Session) -> None:
    stored = _store(session, b"hello")
    assert files.read(stored) == b"hello"
    assert (stored.size, stored.media_type) == (5, "text/plain")


def test_the_same_content_is_kept_once(session: Session, tmp_path: Path) -> None:
    assert _store(session, b"same").id == _store(session, b"same").id
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1


def test_an_empty_file_is_a_file(session: Session) -> None:
    assert files.read(_store(session, b"")) == b""


def test_damage_on_the_disk_is_noticed(session: Session) -> None:
    stored = _store(session, b"exact")
    files.path_of(stored).write_bytes(b"exakt")
    with pytest.raises(DamagedFile):
        files.read(stored)


def test_no_half_written_file_is_left_under_the_hash(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def crash(_self: Path, _target: Path) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", crash)
        with pytest.raises(OSError, match="power cut"):
            _store(session, b"half")
    assert files.read(_store(session, b"half")) == b"half"


def test_a_file_lies_below_the_data_folder_under_its_hash(session: Session, tmp_path: Path) -> None:
    stored = _store(session, b"../../etc/passwd")
    path = files.path_of(stored)
    assert path.is_relative_to(tmp_path / "files")
    assert path.name == stored.sha256.hex()


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [({"size": -1}, "size_not_negative"), ({"sha256": b"short"}, "sha256_is_32_bytes")],
)
def test_the_database_refuses_what_is_no_file(
    session: Session, changed: dict[str, object], constraint: str
) -> None:
    row: dict[str, object] = {"sha256": bytes(32), "size": 0, "media_type": "text/plain"}
    row |= {"stored_at": clock.now(session)} | changed
    with pytest.raises(IntegrityError, match=constraint):
        session.execute(sa.insert(StoredFile).values(**row))


def _store(session: Session, content: bytes) -> StoredFile:
    return files.store(session, content, media_type="text/plain", now=clock.now(session))
