"""Breaks and sections: the clocks stand still in the one, and begin anew with the other."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from exams.models import Attempt, AttemptState, EventKind
from exams.queries import attempts as queries
from exams.service import events, sections
from exams.service.sections import Part
from portal.db import lock
from portal.errors import Conflict


def running(attempt: Attempt, *, now: datetime) -> bool:
    """Whether a break is on."""
    return attempt.break_until is not None and now < attempt.break_until


def take(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Begin a break out of those that may be taken at any question, as long as they last.

    Raises `Conflict` where none is left. Repeated, it does nothing.
    """
    _locked(session, attempt, now)
    if running(attempt, now=now):
        return
    settle(session, attempt, now=now)
    if not attempt.break_seconds:
        raise Conflict("No break is left.")
    until = now + timedelta(seconds=attempt.break_seconds)
    attempt.break_seconds = 0
    _begin(session, attempt, until, own=True, now=now)


def end(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Come back from a break; what it did not use of one's own breaks is kept."""
    _locked(session, attempt, now)
    settle(session, attempt, now=now, early=True)


def settle(session: Session, attempt: Attempt, *, now: datetime, early: bool = False) -> None:
    """Write down the end of a break that is over, or that its person ends now."""
    until = attempt.break_until
    if until is None or (now < until and not early):
        return
    ended = min(now, until)
    begun = session.scalar(queries.newest_of(attempt.id, EventKind.BREAK))
    if begun is not None and begun.payload["own"]:
        attempt.break_seconds = int((until - ended).total_seconds())
    attempt.resume(now=ended)
    payload = {"ended": ended.isoformat(), **events.clocks(attempt)}
    events.append(session, attempt, EventKind.RETURNED, now=now, payload=payload)


def next_section(
    session: Session, attempt: Attempt, *, following: int, rest: bool, now: datetime
) -> None:
    """Leave the section for good and begin the one numbered `following`, after its break if wanted.

    Repeated, it does nothing. Raises `Conflict` where there is no such section to go to.
    """
    _locked(session, attempt, now)
    if attempt.section >= following:
        return
    before, after = sections.current(session, attempt), sections.following(session, attempt)
    if before is None or after is None or after.number != following:
        raise Conflict("There is no such section to go to.")
    settle(session, attempt, now=now)
    _enter(session, attempt, after, now)
    if rest and before.break_minutes:
        until = now + timedelta(minutes=before.break_minutes)
        _begin(session, attempt, until, own=False, now=now)


def _enter(session: Session, attempt: Attempt, part: Part, now: datetime) -> None:
    untimed = attempt.deadline is None
    deadline = None if untimed else part.deadline(attempt.extra_time, now=now)
    attempt.enter_section(part.number, deadline=deadline)
    payload = {"first": part.first, **events.clocks(attempt)}
    events.append(session, attempt, EventKind.SECTION, now=now, payload=payload)


def _begin(
    session: Session, attempt: Attempt, until: datetime, *, own: bool, now: datetime
) -> None:
    attempt.pause(now=now, until=until)
    payload = {"own": own, "until": until.isoformat(), **events.clocks(attempt)}
    events.append(session, attempt, EventKind.BREAK, now=now, payload=payload)


def _locked(session: Session, attempt: Attempt, now: datetime) -> None:
    lock(session, attempt)
    ended = attempt.deadline is not None and now > attempt.deadline
    if attempt.state is not AttemptState.OPEN or ended:
        raise Conflict("This attempt has ended. Everything you had saved by then counts.")
