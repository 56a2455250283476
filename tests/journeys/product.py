"""The product as its users get it: started by its own command, on a data folder and a port of its own."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

READY_WITHIN: Final = 600.0


@dataclass
class Product:
    """A running demo."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def start(cls, folder: Path, *, port: int | None = None) -> Self:
        """Start the demo and wait until it serves. Raises `AssertionError` with its last words."""
        folder.mkdir(parents=True, exist_ok=True)
        port = port or free_port()
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "portal.cli", "up", "--demo"),
                    *("--port", str(port), "--data", str(folder / "data")),
                ],
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=_environment(),
            )
        product = cls(folder, port, process)
        product._wait()
        return product

    def stop(self) -> None:
        """Ctrl-C, and the wait for it to end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)

    def get(self, path: str) -> int:
        """The status of a page, without following where it leads."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def said(self) -> str:
        """What it printed so far."""
        return (self.folder / "said").read_text("utf-8", errors="replace")

    def remove(self) -> None:
        """Throw the data away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            if f"ready {self.url}" in self.said():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self.stop()
        raise AssertionError(f"the demo did not get ready:\n{self.said()[-4000:]}")


def free_port() -> int:
    """A port on the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    """Keep this process's environment, less what a test suite sets for itself."""
    ours = ("DATABASE_URL", "SECRET_KEY", "DATA_DIR", "BASE_URL", "PERSONAL_KEY", "REDIS_URL")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(ours) and not name.startswith(("MAIL_", "STRIPE_", "COV_", "PYTEST_"))
    }
