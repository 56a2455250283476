"""Sitting an exam: saving durably, from one device at a time, and finishing in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from exams.models import GRACE, Attempt, AttemptEvent, AttemptState, EventKind, JobName, Signal
from exams.queries import attempts as queries
from exams.questions import KINDS, Answer, arrangement
from exams.service import events, outages, pauses, sections
from exams.service.events import NOWHERE, Where
from exams.service.sections import Spot
from portal import audit
from portal.db import lock
from portal.errors import Conflict
from portal.jobs import enqueue


@dataclass(frozen=True)
class Acknowledged:
    """What a save says once it is durable."""

    at: datetime
    late: bool
    spot: Spot | None = field(default=None, compare=False, repr=False)
    """Where it was, if it was looked at."""


@dataclass(frozen=True)
class Context:
    """How an answer came: from where, and what its page noticed meanwhile."""

    where: Where = NOWHERE
    signals: Mapping[Signal, float] = field(default_factory=dict)


PLAIN = Context()
LEFT: Final = (
    "You have answered that question for good: in this exam each question follows from the answers"
    " before it, so there is no way back. What you had answered counts."
)


def save(
    session: Session,
    attempt: Attempt,
    *,
    position: int,
    values: list[str],
    nonce: UUID,
    following: int,
    now: datetime,
    context: Context = PLAIN,
    final: bool = False,
) -> Acknowledged:
    """Keep an answer; the same nonce again gives the same acknowledgement and keeps nothing new.

    `final` is said of an adaptive attempt's answer after which the next question is chosen.

    The caller has locked the attempt, asked the clock after that, and seen that this device sits
    it. Raises `Conflict` once time and grace are over, `Invalid` for something not on the page.
    """
    before = events.seen(session, attempt, nonce)
    if before is not None:
        return Acknowledged(before.at, before.late)
    spot = sections.at(session, attempt.form_id, position)
    _refuse_closed(session, attempt, position, spot, now)
    version = spot.version
    kind = KINDS[version.type]
    order = arrangement(attempt.seed, position, kind.size(version.content))
    answer: Answer | None = kind.read(version.content, order, values)
    last = _note_signals(session, attempt, position, context, now)
    payload = {"answer": answer, "next": following, "from": context.where.network}
    if final:
        payload["final"] = True
    event = events.append(
        session,
        attempt,
        EventKind.ANSWERED,
        nonce=nonce,
        now=now,
        position=position,
        payload=payload,
        after=last,
    )
    return Acknowledged(event.at, event.late, spot)


def mark(
    session: Session,
    attempt: Attempt,
    *,
    position: int,
    kind: EventKind,
    nonce: UUID,
    now: datetime,
) -> None:
    """Mark a question to return to, or take the mark away; repeated, it does nothing."""
    if events.seen(session, attempt, nonce) is None:
        spot = sections.at(session, attempt.form_id, position)
        _refuse_closed(session, attempt, position, spot, now)
        events.append(session, attempt, kind, nonce=nonce, now=now, position=position)


def holds(attempt: Attempt, where: Where) -> bool:
    """Whether this device is the one that sits the attempt."""
    return not attempt.device or attempt.device == where.device


def take_over(session: Session, attempt: Attempt, *, where: Where, now: datetime) -> None:
    """Go on from this device; the other is told when it next speaks. Repeated, it does nothing."""
    lock(session, attempt)
    if attempt.state is AttemptState.OPEN and attempt.device != where.device:
        attempt.take(where.device)
        payload = {"from": where.network}
        events.append(session, attempt, EventKind.TAKEN_OVER, now=now, payload=payload)


def note_parallel(session: Session, attempt: Attempt, *, position: int, now: datetime) -> None:
    """A device that no longer sits it tried to save: evidence, once for each turn of devices."""
    newest = queries.newest_of(attempt.id, EventKind.TAKEN_OVER)
    since = session.scalar(newest)
    noted = queries.signals(attempt.id, Signal.PARALLEL, after=since.seq if since else 0)
    if session.scalar(noted) is None:
        events.signal(session, attempt, Signal.PARALLEL, position=position, now=now)


def finish(
    session: Session,
    attempt: Attempt,
    *,
    now: datetime,
    told: Mapping[str, Any] | None = None,
) -> None:
    """End it, by its person, because the time is over or by its design's rule, and have it graded.

    Harmless repeated. `told` is what the event says besides.
    """
    lock(session, attempt)
    if attempt.state is not AttemptState.OPEN:
        return
    attempt.finish(now=now)
    events.append(session, attempt, EventKind.FINISHED, now=now, payload=told)
    enqueue(session, JobName.GRADE, attempt.id, now=now)
    subject = ("attempt", attempt.id)
    actor = attempt.account_id
    audit.record(session, actor=actor, action="attempt.finished", subject=subject, now=now)


def over(attempt: Attempt, *, now: datetime) -> bool:
    """Whether time and grace are over; never for an untimed one, nor during a break."""
    return attempt.deadline is not None and now > attempt.deadline + GRACE


def section_over(attempt: Attempt, *, now: datetime) -> bool:
    """Whether the section's own time and grace are over."""
    return attempt.section_deadline is not None and now > attempt.section_deadline + GRACE


def _refuse_closed(
    session: Session, attempt: Attempt, position: int, spot: Spot, now: datetime
) -> None:
    if attempt.state is not AttemptState.OPEN:
        raise Conflict("This attempt has ended. Everything you had saved by then counts.")
    if events.late(attempt, now):
        outages.give_back(session, attempt, now=now)
    if over(attempt, now=now):
        raise Conflict(
            "The time was over before this answer reached us, so it could not be kept."
            " Everything you had saved by then counts."
        )
    if pauses.running(attempt, now=now):
        raise Conflict("You are on a break. End it first; the time stands still until then.")
    pauses.settle(session, attempt, now=now)
    if attempt.design_id is not None and position < spot.length:
        raise Conflict(LEFT)
    part = spot.part(attempt)
    if part is not None and not part.holds(position):
        raise Conflict("That question is not in the section you are in.")
    if section_over(attempt, now=now):
        raise Conflict("The time of this section is over. What you had saved in it counts.")


def _note_signals(
    session: Session, attempt: Attempt, position: int, context: Context, now: datetime
) -> AttemptEvent | None:
    """Keep what the page noticed; gives the event that the answer follows."""
    last = events.newest(session, attempt)
    network, before = context.where.network, last.payload.get("from") if last else ""
    if network and before and before != network:
        events.signal(session, attempt, Signal.ADDRESS_CHANGED, position=position, now=now)
    for what, amount in context.signals.items():
        told = amount
        if what is Signal.LINE_LOST and last is not None:  # no longer than we heard nothing
            told = min(amount, (now - last.at).total_seconds())
        events.signal(session, attempt, what, position=position, now=now, amount=round(told, 1))
    return last if network == before and not context.signals else None
