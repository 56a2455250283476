"""Outages: ours give their time back by themselves, a person's own earn one fresh sitting on request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptEvent,
    AttemptState,
    EventKind,
    Exam,
    ServicePulse,
    Signal,
    VoidCause,
)
from exams.queries import attempts as queries
from exams.service import events, form_choice
from portal import audit, clock
from portal.db import lock
from portal.errors import Conflict

BEAT: Final = timedelta(minutes=1)
SILENCE: Final = timedelta(minutes=2, seconds=30)
"""A longer gap between two pulses is an outage of ours: one may be lost, two are not."""
OWN_OUTAGE: Final = timedelta(minutes=5)
ASK_WITHIN: Final = timedelta(days=7)
KEPT: Final = timedelta(days=90)
_OURS: Final = frozenset({EventKind.FINISHED, EventKind.TIME_GIVEN})
"""Events that nobody sent us."""


@dataclass(frozen=True)
class Gap:
    """A stretch in which the portal was not there for anybody."""

    start: datetime
    end: datetime


def beat(session: Session, *, web: bool, now: datetime) -> Gap | None:
    """Write down that we are there; gives the outage that ends with it, if there was one.

    `web` is whether the web answered. Once it has been reached from here, a web that does not
    answer is an outage, and no pulse is written.
    """
    before = session.scalar(_newest())
    if not web and before is not None and before.web:
        return None
    shift = clock.shifted(session).total_seconds()
    session.add(ServicePulse(at=now, shift_seconds=shift, web=web))
    session.execute(sa.delete(ServicePulse).where(ServicePulse.at < now - KEPT))
    session.flush()
    return _gap(before, now, shift)


def web_is_away(session: Session, *, now: datetime) -> bool:
    """Whether an outage of the web is on: no attempt may end meanwhile."""
    newest = session.scalar(_newest())
    return newest is not None and newest.web and newest.at < now


def under_way(gap: Gap) -> sa.Select[Attempt]:
    """The open attempts that a gap took time from; each to one sweep only."""
    query = sa.select(Attempt).where(Attempt.state == AttemptState.OPEN)
    touched = query.where(Attempt.deadline > gap.start, Attempt.started_at < gap.end)
    return touched.order_by(Attempt.id).with_for_update(key_share=True)


def lost(session: Session, attempt: Attempt, *, now: datetime, gap: Gap | None = None) -> timedelta:
    """What an outage took from an attempt and was not given back: the gap's, or one not over yet."""
    gap = gap or _gap(session.scalar(_newest()), now, clock.shifted(session).total_seconds())
    if gap is None or attempt.deadline is None:
        return timedelta(0)
    given = session.scalar(queries.newest_of(attempt.id, EventKind.TIME_GIVEN, outage=True))
    start = max(gap.start, attempt.started_at)
    if given is not None:
        start = max(start, datetime.fromisoformat(given.payload["to"]))
    if attempt.break_until is not None:  # the clocks stood still then anyway
        start = max(start, min(attempt.break_until, gap.end))
    return max(timedelta(0), gap.end - start) if start < attempt.deadline else timedelta(0)


def give_back(session: Session, attempt: Attempt, *, now: datetime, gap: Gap | None = None) -> None:
    """Give a locked attempt the time that an outage took; for no part of it twice."""
    missed = lost(session, attempt, now=now, gap=gap)
    if not missed:
        return
    attempt.extend(missed)
    payload = {
        "outage": True,
        "to": (gap.end if gap else now).isoformat(),
        "seconds": missed.total_seconds(),
        **events.clocks(attempt),
    }
    events.append(session, attempt, EventKind.TIME_GIVEN, now=now, payload=payload)


@dataclass(frozen=True)
class FreshSitting:
    """Whether a person's own outage earns a fresh sitting, and if not, why."""

    seconds: float
    reason: str | None

    @property
    def offered(self) -> bool:
        """Whether it may be asked for."""
        return self.reason is None


def fresh_sitting(session: Session, attempt: Attempt, *, now: datetime) -> FreshSitting:
    """Look at the attempt's events: a line lost for over five minutes, once for each exam."""
    seconds = own_outage(list(session.scalars(queries.events(attempt.id))), attempt)
    if seconds <= OWN_OUTAGE.total_seconds():
        return FreshSitting(seconds, "No outage of more than five minutes is on record.")
    if attempt.state in {AttemptState.PASSED, AttemptState.VOIDED}:
        return FreshSitting(seconds, "This attempt needs no fresh sitting.")
    if attempt.finished_at is not None and now > attempt.finished_at + ASK_WITHIN:
        return FreshSitting(seconds, "A fresh sitting can be asked for within seven days.")
    used = queries.at_exam(attempt.account_id, attempt.exam_id)
    if session.scalar(used.where(Attempt.void_cause == VoidCause.OWN_OUTAGE).limit(1)):
        return FreshSitting(seconds, "You have had your one fresh sitting of this exam.")
    exam = session.get_one(Exam, attempt.exam_id)
    if form_choice.choose(session, exam, attempt.account_id, seed=0) is None:
        return FreshSitting(seconds, "There is no other set of questions yet to sit afresh.")
    return FreshSitting(seconds, None)


def own_outage(found: list[AttemptEvent], attempt: Attempt) -> float:
    """The longest stretch, in seconds, for which the person's line was away.

    Either the device told us so once it was back, and we had heard nothing for as long, or we heard
    nothing from some moment until the clock ended the attempt.
    """
    told = [
        event.payload.get("amount", 0.0)
        for event in found
        if event.kind is EventKind.SIGNAL and event.payload["what"] == Signal.LINE_LOST.value
    ]
    heard = [event.at for event in found if event.kind not in _OURS]
    if attempt.finished_at is not None and attempt.finished_at == attempt.deadline and heard:
        told.append((attempt.finished_at - heard[-1]).total_seconds())
    return max(told, default=0.0)


def ask_fresh_sitting(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """The person asks for it: the attempt no longer counts and uses up nothing. Raises `Conflict`."""
    lock(session, attempt)
    verdict = fresh_sitting(session, attempt, now=now)
    if verdict.reason is not None:
        raise Conflict(verdict.reason)
    attempt.void(VoidCause.OWN_OUTAGE)
    subject = ("attempt", attempt.id)
    details = {"seconds": round(verdict.seconds)}
    actor = attempt.account_id
    audit.record(
        session, actor=actor, action="attempt.own_outage", subject=subject, details=details, now=now
    )


def _newest() -> sa.Select[ServicePulse]:
    return sa.select(ServicePulse).order_by(ServicePulse.at.desc(), ServicePulse.id.desc()).limit(1)


def _gap(before: ServicePulse | None, now: datetime, shift: float) -> Gap | None:
    """What lies between the last pulse and now; nothing where the clock itself was moved."""
    if before is None or before.shift_seconds != shift or now - before.at <= SILENCE:
        return None
    return Gap(before.at, now)
