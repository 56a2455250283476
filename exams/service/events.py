"""Writing what happens in an attempt: one event after the other, each once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exams.models import Attempt, AttemptEvent, AttemptNonce, EventKind, Signal
from exams.queries import attempts as queries
from exams.service import sheet
from portal.ids import random_id


@dataclass(frozen=True)
class Where:
    """From where something reached us: digests only. Empty where nobody asks, as in the demo's past."""

    device: bytes = b""
    network: str = ""


NOWHERE = Where()


def seen(session: Session, attempt: Attempt, nonce: UUID) -> AttemptEvent | None:
    """What the same nonce did before, if it has been here."""
    found = session.get(AttemptNonce, (attempt.id, nonce))
    if found is None:
        return None
    return session.scalar(queries.events(attempt.id).where(AttemptEvent.seq == found.seq))


def append(
    session: Session,
    attempt: Attempt,
    kind: EventKind,
    *,
    now: datetime,
    nonce: UUID | None = None,
    position: int | None = None,
    payload: Mapping[str, Any] | None = None,
    after: AttemptEvent | None = None,
) -> AttemptEvent:
    """Add an event to a locked attempt, chained to the one before (`after`, where it is at hand).

    It says from which network the one before came, where it does not know better.
    """
    last = after or newest(session, attempt)
    known = {"from": last.payload["from"]} if last and "from" in last.payload else {}
    event = AttemptEvent(
        attempt_id=attempt.id,
        seq=last.seq + 1 if last else 1,
        kind=kind,
        position=position,
        payload=known | dict(payload or {}),
        at=now,
        late=kind in sheet.TELLING and late(attempt, now),
        previous_hash=last.hash if last else None,
        hash=b"",
    )
    event.hash = sheet.digest(event)
    session.add(event)
    session.add(AttemptNonce(attempt_id=attempt.id, nonce=nonce or random_id(), seq=event.seq))
    session.flush()
    return event


def first(session: Session, attempt: Attempt) -> AttemptEvent:
    """The event with which it began."""
    return session.scalars(queries.events(attempt.id).limit(1)).one()


def newest(session: Session, attempt: Attempt) -> AttemptEvent | None:
    """The event that the next one follows."""
    query = queries.events(attempt.id).order_by(None).order_by(AttemptEvent.seq.desc())
    return session.scalar(query.limit(1))


def clocks(attempt: Attempt) -> dict[str, Any]:
    """What every event says that moves a clock: when the whole and the section end from now on."""
    return {
        "deadline": attempt.deadline.isoformat() if attempt.deadline else None,
        "section": attempt.section,
        "section_deadline": (
            attempt.section_deadline.isoformat() if attempt.section_deadline else None
        ),
    }


def signal(
    session: Session,
    attempt: Attempt,
    what: Signal,
    *,
    position: int,
    now: datetime,
    amount: float | None = None,
) -> None:
    """Keep something for a person to look at; nothing else follows from it."""
    payload: dict[str, Any] = {"what": what.value}
    if amount is not None:
        payload["amount"] = amount
    append(session, attempt, EventKind.SIGNAL, now=now, position=position, payload=payload)


def late(attempt: Attempt, now: datetime) -> bool:
    """Whether a deadline, of the whole or of the section, lies behind."""
    ends = [end for end in (attempt.deadline, attempt.section_deadline) if end is not None]
    return any(now > end for end in ends)
