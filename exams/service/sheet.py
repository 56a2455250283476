"""An attempt as its events tell it: answers, marks, the place to resume, and whether they are whole."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exams.models import AttemptEvent, EventKind


@dataclass(frozen=True)
class Saved:
    """One position's newest answer; `answer` is None where it was cleared."""

    answer: dict[str, Any] | None
    at: datetime
    late: bool


@dataclass(frozen=True)
class Sheet:
    """What an attempt holds now."""

    saved: dict[int, Saved]
    marked: frozenset[int]
    resume: int

    def answer(self, position: int) -> dict[str, Any] | None:
        """The answer at a position, or None."""
        kept = self.saved.get(position)
        return kept.answer if kept else None

    @property
    def answered(self) -> frozenset[int]:
        """The positions that hold an answer."""
        return frozenset(place for place, kept in self.saved.items() if kept.answer is not None)


def read(events: Sequence[AttemptEvent]) -> Sheet:
    """Fold the events, in order, into what they amount to."""
    saved: dict[int, Saved] = {}
    marked: set[int] = set()
    resume = 1
    for event in events:
        if event.position is None:
            continue
        resume = event.payload.get("next", event.position)
        if event.kind is EventKind.ANSWERED:
            saved[event.position] = Saved(event.payload["answer"], event.at, event.late)
        elif event.kind is EventKind.MARKED:
            marked.add(event.position)
        elif event.kind is EventKind.UNMARKED:
            marked.discard(event.position)
    return Sheet(saved, frozenset(marked), resume)


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
