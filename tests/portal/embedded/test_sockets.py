"""Private socket folders are removed by their record, and nothing else ever is."""

from pathlib import Path

from portal.embedded import sockets


def test_the_folder_before_is_removed_when_a_new_one_is_made(tmp_path: Path) -> None:
    first = sockets.private_folder(tmp_path / "socket")
    second = sockets.private_folder(tmp_path / "socket")
    assert not first.exists()
    assert sockets.recorded(tmp_path / "socket") == second
    sockets.forget(tmp_path / "socket")
    assert not second.exists()


def test_a_record_that_names_another_folder_removes_nothing(tmp_path: Path) -> None:
    precious = tmp_path / "touchstone-photos"
    precious.mkdir(mode=0o755)
    (tmp_path / "socket").write_text(f"{precious}\n")
    sockets.forget(tmp_path / "socket")
    assert precious.exists()
    elsewhere = tmp_path / "photos"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / "socket").write_text(f"{elsewhere}\n")
    sockets.forget(tmp_path / "socket")
    assert elsewhere.exists()
