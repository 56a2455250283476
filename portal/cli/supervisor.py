"""Keeps the children of one run alive, and ends every one of them with it."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from portal.embedded.errors import EmbeddedError
from portal.embedded.process import fresh_log, spawn, stop

_END: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TAIL: Final = 3000
_PAUSE: Final = 0.2
_PATIENCE: Final = 8.0  # seconds for a child to finish what it is at


@dataclass
class Child:
    """One process of the product: how it is started, and the one that runs now."""

    name: str
    command: Sequence[str]
    log: Path
    when_orphaned: signal.Signals
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def start(self) -> subprocess.Popen[bytes]:
        self.process = spawn(
            self.command, log=fresh_log(self.log), when_orphaned=self.when_orphaned
        )
        self.started = time.monotonic()
        return self.process

    def ended(self) -> int | None:
        """Its return code, once it has one."""
        return self.process.poll() if self.process else None

    def tail(self) -> str:
        """The end of its log, for a person who must find out why."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-_TAIL:]


@dataclass
class Supervisor:
    """Starts children in order, starts again what ends by itself, and stops all at the end."""

    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def start(self, child: Child) -> Child:
        """Start a child and keep it alive from now on."""
        self.children.append(child)
        child.start()
        return child

    def run(self, child: Child) -> None:
        """Run a child to its end. Raises `EmbeddedError` with the end of its log if it fails."""
        process = child.start()
        try:
            if process.wait() != 0:
                raise EmbeddedError(f"{child.name} failed:\n{child.tail()}")
        finally:
            stop(process, by=signal.SIGTERM, within=_PATIENCE)

    def watch(self, until: Callable[[], bool], *, each: Callable[[], None] = lambda: None) -> None:
        """Keep the children alive until told that it is enough."""
        while not until():
            each()
            for child in self.children:
                self._keep_alive(child)
            time.sleep(_PAUSE)

    def stop(self) -> None:
        """Tell all children to end, then wait for each. Safe to call twice."""
        for child in self.children:
            if child.process and child.ended() is None:
                child.process.terminate()
        for child in self.children:
            if child.process:
                stop(child.process, by=signal.SIGTERM, within=_PATIENCE)

    def _keep_alive(self, child: Child) -> None:
        code = child.ended()
        if code is None or time.monotonic() < child.started + 1:
            return
        self.say(f"{child.name} ended with {code} (see {child.log}): starting it again")
        child.start()


class Ended(BaseException):
    """Someone asked this run to end: like KeyboardInterrupt, for every polite signal."""


@contextmanager
def ends_politely() -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `Ended`; a second one is not heard."""

    def end(*_: object) -> None:
        for number in _END:
            signal.signal(number, signal.SIG_IGN)
        raise Ended

    for number in _END:
        signal.signal(number, end)
    yield
