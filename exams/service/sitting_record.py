"""What was kept of a sitting besides its answers: for a person who decides, as evidence and no more."""

from collections.abc import Sequence
from dataclasses import dataclass

from exams.models import AttemptEvent, EventKind, Signal
from exams.service import sheet


@dataclass(frozen=True)
class Noticed:
    """One sort of signal: how often, and how much in all where it has an amount."""

    what: Signal
    times: int
    amount: float


@dataclass(frozen=True)
class Record:
    """A sitting in figures. Time and breaks that were arranged for its person are not among them."""

    answers: int
    late: int
    changed: int
    devices: int
    noticed: list[Noticed]
    whole: bool
    """Whether the chain of events is unbroken."""


def read(events: Sequence[AttemptEvent]) -> Record:
    """Count what happened."""
    answers = [event for event in events if event.kind is EventKind.ANSWERED]
    first = {event.position for event in answers}
    signals = [event for event in events if event.kind is EventKind.SIGNAL]
    return Record(
        answers=len(first),
        late=sum(event.late for event in answers),
        changed=len(answers) - len(first),
        devices=1 + sum(event.kind is EventKind.TAKEN_OVER for event in events),
        noticed=[
            Noticed(what, len(mine), sum(event.payload.get("amount", 0.0) for event in mine))
            for what in Signal
            if (mine := [event for event in signals if event.payload["what"] == what.value])
        ],
        whole=sheet.first_break(events) is None,
    )
