"""Foreground children that cannot outlive the process that started them."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_LOUDEST_LOG: Final = 10_000_000  # bytes
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """Whom a child runs as: a command put before its own, a uid to change to, or neither."""

    prefix: tuple[str, ...] = field(default=())
    uid: int | None = None


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path | None,
    when_orphaned: signal.Signals,
    identity: Identity = Identity(),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own that is sent `when_orphaned` when this process dies.

    Linux ties that signal to the *thread* that started the child, so call it from the main thread,
    or from one that lives as long. Ctrl-C in the terminal does not reach the child: its owner ends it.
    Output goes to the end of `log`, or where this process's own output goes.
    """
    output = log.open("ab") if log else None
    try:
        return subprocess.Popen(
            [*identity.prefix, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            env=dict(environment) if environment is not None else None,
            user=identity.uid,
            group=identity.uid,
            extra_groups=[] if identity.uid is not None else None,
            preexec_fn=_die_with(os.getpid(), when_orphaned),  # noqa: PLW1509 (calls one C function)
        )
    finally:
        if output:
            output.close()


def run(
    command: Sequence[str | Path], *, identity: Identity, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a short command as `identity` to its end, its output kept."""
    return subprocess.run(
        [*identity.prefix, *map(str, command)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=dict(environment),
        user=identity.uid,
        group=identity.uid,
        extra_groups=[] if identity.uid is not None else None,
    )


def stop(child: subprocess.Popen[bytes], *, by: signal.Signals, within: float) -> None:
    """Ask the child to end, wait `within` seconds, then end it and what is left of its group.

    Safe to call twice, and on a child that is gone.
    """
    if child.poll() is None:
        child.send_signal(by)
        try:
            child.wait(within)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    end_group(child.pid)


def fresh_log(log: Path) -> Path:
    """Put a log that has grown too long aside, in the place of the one put aside before."""
    if log.exists() and log.stat().st_size > _LOUDEST_LOG:
        log.replace(log.with_name(f"{log.name}.old"))
    return log


def end_group(leader: int) -> None:
    """Kill what is left of the process group that `leader` began; nothing left is fine."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _die_with(owner: int, when_orphaned: signal.Signals) -> Callable[[], None]:
    """Tie a child to its owner: runs in the child, after any change of uid, which would undo it."""

    def tie() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(when_orphaned), 0, 0, 0)
        if os.getppid() != owner:  # the owner died between the fork and the line above
            os._exit(1)

    return tie
