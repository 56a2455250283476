"""The named points of a payout at which a worker is killed, and the tokens that say when.

A token is a file. Whoever comes by its point and takes it away dies on the spot, by SIGKILL, so
that each token kills exactly one worker, whichever comes first.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from payouts import jobs
from payouts.models import Rail
from payouts.service import rails, sending

POINTS: Final = (
    "reserving",  # the reserve is written and not committed
    "reserved",  # committed; the rail was not looked at
    "looked",  # looked, and not asked
    "sent",  # the rail has acted; we have written nothing
    "recording",  # its answer is written and not committed
    "recorded",  # committed; the outbox does not know
)


class Tokens:
    """Where tokens lie, and where they end."""

    def __init__(self, folder: Path) -> None:
        self.armed, self.struck = folder / "armed", folder / "struck"
        for place in (self.armed, self.struck):
            place.mkdir(exist_ok=True)

    def arm(self, point: str, number: int) -> None:
        """Let the next worker that comes by this point die there."""
        (self.armed / f"{point}.{number}").touch()

    def come_by(self, point: str) -> None:
        """Die here if a token lies here and nobody was faster."""
        for token in sorted(self.armed.glob(f"{point}.*")):
            try:
                token.rename(self.struck / token.name)
            except FileNotFoundError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)

    def counts(self) -> dict[str, int]:
        """How many died at each point."""
        return {point: len(list(self.struck.glob(f"{point}.*"))) for point in POINTS}


def lay(tokens: Tokens) -> None:
    """Make this process, a worker, come by every point as it brings payouts to their end."""
    door = rails.DOORS[Rail.STRIPE]
    rails.DOORS[Rail.STRIPE] = _Watched(door, tokens)
    sending.reserve = _then(sending.reserve, tokens, "reserving")
    sending.record = _then(sending.record, tokens, "recording")
    jobs._record = _then(jobs._record, tokens, "recorded")


class _Watched:
    """The rail's door, with somebody waiting on either side of it."""

    def __init__(self, door: rails.Door, tokens: Tokens) -> None:
        self._door, self._tokens = door, tokens

    def find(self, reference: str) -> list[Any]:
        self._tokens.come_by("reserved")
        return self._door.find(reference)

    def send(self, attempt: sending.Attempt) -> Any:  # noqa: ANN401  what the door gives
        self._tokens.come_by("looked")
        sent = self._door.send(attempt)
        self._tokens.come_by("sent")
        return sent

    def every(self) -> Any:  # noqa: ANN401  what the door gives
        return self._door.every()


def _then(act: Callable[..., Any], tokens: Tokens, point: str) -> Callable[..., Any]:
    def done(*args: Any, **named: Any) -> Any:  # noqa: ANN401  whatever it takes and gives
        result = act(*args, **named)
        tokens.come_by(point)
        return result

    return done
