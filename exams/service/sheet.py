"""An attempt as its events tell it: answers, marks, clock, times, and whether they are whole."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from exams.models import AttemptEvent, EventKind

TELLING: Final = frozenset({EventKind.ANSWERED, EventKind.MARKED, EventKind.UNMARKED})
"""The events by which a person works at a question."""
_NEW_START: Final = frozenset(
    {EventKind.SECTION, EventKind.RETURNED, EventKind.TAKEN_OVER, EventKind.TIME_GIVEN}
)
"""What ends a stretch that belongs to no question."""


@dataclass(frozen=True)
class Saved:
    """One position's newest answer; `answer` is None where it was cleared."""

    answer: dict[str, Any] | None
    at: datetime
    late: bool


@dataclass(frozen=True)
class Clock:
    """When the whole and the section end, as the events say."""

    deadline: datetime | None
    section: int
    section_deadline: datetime | None


@dataclass(frozen=True)
class Sheet:
    """What an attempt holds now."""

    saved: dict[int, Saved]
    marked: frozenset[int]
    resume: int
    seconds: dict[int, float]
    """How long each position was worked at: the time up to each of its events since the one before."""
    clock: Clock
    final: frozenset[int]
    """The positions that an adaptive attempt has left for good, answered or not."""

    def answer(self, position: int) -> dict[str, Any] | None:
        """The answer at a position, or None."""
        kept = self.saved.get(position)
        return kept.answer if kept else None

    @property
    def answered(self) -> frozenset[int]:
        """The positions that hold an answer."""
        return frozenset(place for place, kept in self.saved.items() if kept.answer is not None)


class Happened(Protocol):
    """What folding needs of an event."""

    @property
    def kind(self) -> EventKind:
        """What it was."""

    @property
    def position(self) -> int | None:
        """Where."""

    @property
    def payload(self) -> dict[str, Any]:
        """What it says."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def late(self) -> bool:
        """Whether a deadline lay behind."""


def read(events: Sequence[Happened]) -> Sheet:
    """Fold the events, in order, into what they amount to."""
    saved: dict[int, Saved] = {}
    marked: set[int] = set()
    final: set[int] = set()
    resume, clock = 1, Clock(None, 1, None)
    for event in events:
        if "deadline" in event.payload:
            clock = _clock(event.payload)
        if event.kind is EventKind.SECTION:
            resume = event.payload["first"]
        if event.position is None or event.kind is EventKind.SIGNAL:
            continue
        resume = event.payload.get("next", event.position)
        if event.kind is EventKind.CHOSEN:
            continue
        if event.kind is EventKind.ANSWERED:
            saved[event.position] = Saved(event.payload["answer"], event.at, event.late)
            if event.payload.get("final"):
                final.add(event.position)
        elif event.kind is EventKind.MARKED:
            marked.add(event.position)
        else:
            marked.discard(event.position)
    return Sheet(saved, frozenset(marked), resume, times(events), clock, frozenset(final))


def times(events: Sequence[Happened]) -> dict[int, float]:
    """Seconds at each position. Breaks, outages of ours and the way to another device are nobody's."""
    found: dict[int, float] = {}
    since: datetime | None = None
    for event in events:
        if event.kind is EventKind.RETURNED:
            since = datetime.fromisoformat(event.payload["ended"])
        elif event.kind is EventKind.STARTED or event.kind in _NEW_START:
            since = event.at
        elif event.kind in TELLING and event.position is not None:
            if since is not None:
                spent = max(0.0, (event.at - since).total_seconds())
                found[event.position] = found.get(event.position, 0.0) + spent
            since = event.at
    return found


def digest(event: AttemptEvent) -> bytes:
    """The hash of an event and, through it, of all before it."""
    facts = [
        event.attempt_id,
        event.seq,
        event.kind.value,
        event.position,
        event.payload,
        event.at.isoformat(timespec="microseconds"),
        event.late,
    ]
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((event.previous_hash or b"") + text.encode()).digest()


def first_break(events: Sequence[AttemptEvent]) -> int | None:
    """The sequence number of the first event that does not follow from the one before, or None."""
    before: bytes | None = None
    for number, event in enumerate(events, 1):
        follows = event.seq == number and event.previous_hash == before
        if not follows or event.hash != digest(event):
            return number
        before = event.hash
    return None


def _clock(payload: dict[str, Any]) -> Clock:
    ends = [payload["deadline"], payload["section_deadline"]]
    whole, section = (datetime.fromisoformat(end) if end else None for end in ends)
    return Clock(whole, payload["section"], section)
