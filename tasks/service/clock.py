"""The work clock: starting it, crediting its beats, handing it to another tab, ending it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.db import lock
from portal.ids import RandomId
from tasks.credit import clipped, credit, pieces
from tasks.models import (
    Activity,
    Assignment,
    BeatKind,
    Heartbeat,
    Project,
    Segment,
    SessionEnd,
    Terms,
    WorkSession,
)
from tasks.queries import clock as clock_queries
from tasks.queries import time as queries
from tasks.queries import work as work_queries
from tasks.service.planned import Planned, may_read, planned
from tasks.service.timesheets import sheet_for

ABANDONED_AFTER: Final = timedelta(minutes=10)
_ZERO: Final = timedelta(0)


class ClockState(StrEnum):
    """What a tab is told about its clock. CAPPED: the task's planned time is used up."""

    COUNTING = "counting"
    IDLE = "idle"
    CAPPED = "capped"
    TAKEN_OVER = "taken_over"
    ENDED = "ended"


@dataclass(frozen=True)
class Beaten:
    """The answer to a beat."""

    state: ClockState
    credited: timedelta


@dataclass(frozen=True)
class _Sign:
    """One sign of work: a beat from the page or something the expert did."""

    kind: BeatKind
    seq: int | None
    idle: timedelta


def start(
    session: Session,
    *,
    expert_id: int,
    project: Project,
    terms: Terms,
    public_id: RandomId,
    now: datetime,
) -> WorkSession:
    """Run the clock for the project: the caller's tab takes it over from every other.

    The account's lock lets one start in at a time. Whoever begins on another project was at work on
    the one before until then: its session is credited up to now and ends.
    """
    lock(session, session.get_one(Account, expert_id))
    live = session.scalar(queries.live_session(expert_id))
    if live is not None:
        lock(session, live)
        _credit(session, live, _Sign(BeatKind.ACT, None, _ZERO), now=now)
        if live.project_id == project.id and live.terms_id == terms.id:
            live.take_over()
            return live
        live.end(SessionEnd.MOVED, now=now)
        session.flush()
    begun = WorkSession(public_id, expert_id, project.id, terms.id, now, now)
    session.add(begun)
    session.flush()
    return begun


def beat(
    session: Session, live: WorkSession, *, epoch: int, seq: int, idle_seconds: float, now: datetime
) -> Beaten:
    """Credit the time since the last sign of work.

    Repeated and out-of-order beats, and those of a tab that no longer has the clock, credit nothing.
    """
    lock(session, live)
    if live.ended_at is not None:
        return Beaten(ClockState.ENDED, _ZERO)
    if epoch != live.epoch:
        return Beaten(ClockState.TAKEN_OVER, _ZERO)
    idle = clipped(idle_seconds, since=live.started_at, now=now)
    credited = _ZERO
    if seq > live.last_seq:
        credited = _credit(session, live, _Sign(BeatKind.BEAT, seq, idle), now=now)
        live.last_seq = seq
    return Beaten(_state(session, live, idle), credited)


@dataclass(frozen=True)
class Standing:
    """What a tab shows of its clock: what is credited, what is not and why."""

    credited: timedelta
    idle: timedelta
    away: timedelta
    capped: timedelta
    may_read: timedelta
    task: Planned | None


def standing(session: Session, live: WorkSession) -> Standing:
    """The session so far, and the planned time of the task that is held."""
    task = _held(session, live)
    always = {"start": live.started_at, "end": live.last_beat_at + timedelta(seconds=1)}
    uncounted = clock_queries.uncounted(live.expert_id, session_id=live.id, **always)
    idle, away, capped = session.execute(uncounted).one()
    credited = session.scalar(sa.select(queries.SECONDS).where(Segment.session_id == live.id))
    return Standing(
        credited=timedelta(seconds=credited or 0.0),
        idle=timedelta(seconds=idle),
        away=timedelta(seconds=away),
        capped=timedelta(seconds=capped),
        may_read=may_read(session, session.get_one(Terms, live.terms_id), task),
        task=planned(session, task) if task else None,
    )


def act(session: Session, *, expert_id: int, assignment: Assignment, now: datetime) -> timedelta:
    """Credit up to something the expert did on a task, where their clock runs for its project."""
    live = session.scalar(queries.live_session(expert_id))
    terms = session.get_one(Terms, assignment.terms_id)
    if live is None or live.project_id != terms.project_id:
        return _ZERO
    lock(session, live)
    if live.ended_at is not None:
        return _ZERO
    return _credit(session, live, _Sign(BeatKind.ACT, None, _ZERO), now=now, on=assignment)


def stop(session: Session, live: WorkSession, *, now: datetime) -> None:
    """Stop the clock, the time up to now credited."""
    lock(session, live)
    if live.ended_at is None:
        _credit(session, live, _Sign(BeatKind.ACT, None, _ZERO), now=now)
        live.end(SessionEnd.ENDED, now=now)


def end_abandoned(session: Session, *, now: datetime, limit: int = 500) -> int:
    """End sessions that have been silent for long; gives how many. Credits nothing, safe to run twice."""
    silent = (
        sa.select(WorkSession)
        .where(WorkSession.ended_at.is_(None), WorkSession.last_beat_at < now - ABANDONED_AFTER)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(silent).all()
    for live in found:
        live.end(SessionEnd.ABANDONED, now=now)
    return len(found)


def _credit(
    session: Session, live: WorkSession, sign: _Sign, *, now: datetime, on: Assignment | None = None
) -> timedelta:
    """Write the sign down and credit its gap as segments, cut at the payroll zone's midnights.

    At most what is left of the held task's planned time.
    """
    task = on or _held(session, live)
    gap = max(_ZERO, now - live.last_beat_at)
    worked = credit(gap, idle=sign.idle, limit=_limit(session, live, task, sign.idle))
    credited = min(worked, planned(session, task).left) if task and worked else worked
    session.add(
        Heartbeat(
            session_id=live.id,
            kind=sign.kind,
            epoch=live.epoch,
            seq=sign.seq,
            at=now,
            idle_seconds=sign.idle.total_seconds(),
            gap_seconds=gap.total_seconds(),
            credited_seconds=credited.total_seconds(),
            pool_id=task.pool_id if task else None,
            task_id=task.task_id if task else None,
            capped_seconds=(worked - credited).total_seconds(),
        )
    )
    if credited:
        _write_segments(session, live, live.last_beat_at, live.last_beat_at + credited, task)
    live.last_beat_at = max(live.last_beat_at, now)
    session.flush()
    return credited


def _write_segments(
    session: Session, live: WorkSession, start: datetime, end: datetime, task: Assignment | None
) -> None:
    project = session.get_one(Project, live.project_id)
    for piece in pieces(start, end, project.zone):
        sheet = sheet_for(
            session, expert_id=live.expert_id, project=project, day=piece.day, now=end
        )
        session.add(
            Segment(
                expert_id=live.expert_id,
                session_id=live.id,
                timesheet_id=sheet.id,
                terms_id=live.terms_id,
                started_at=piece.started_at,
                ended_at=piece.ended_at,
                activity=Activity.TASK if task else Activity.READING,
                pool_id=task.pool_id if task else None,
                task_id=task.task_id if task else None,
            )
        )
    session.flush()


def _held(session: Session, live: WorkSession) -> Assignment | None:
    """The task the time goes to; one whose hold ran out in this session is still worked on."""
    since, mine = live.started_at, (live.expert_id, live.project_id)
    return session.scalar(work_queries.worked_on(*mine, since=since).limit(1))


def _limit(
    session: Session, live: WorkSession, task: Assignment | None, idle: timedelta
) -> timedelta:
    """How long one may be still. A task's text is measured only where the agreed limit is passed."""
    terms = session.get_one(Terms, live.terms_id)
    agreed = timedelta(seconds=terms.idle_limit_seconds)
    return agreed if idle <= agreed else may_read(session, terms, task)


def _state(session: Session, live: WorkSession, idle: timedelta) -> ClockState:
    task = _held(session, live)
    if idle > _limit(session, live, task, idle):
        return ClockState.IDLE
    used_up = task is not None and not planned(session, task).left
    return ClockState.CAPPED if used_up else ClockState.COUNTING
