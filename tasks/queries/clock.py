"""What the clock has credited on a task or in a session, what it has not, and what it did not see."""

from datetime import datetime

import sqlalchemy as sa

from tasks.credit import LONGEST_GAP
from tasks.models import (
    Assignment,
    Extension,
    ExtensionState,
    Heartbeat,
    Pool,
    Segment,
    SessionEnd,
    TimeClaim,
    WorkSession,
)

_NONE = sa.cast(sa.literal("0"), sa.Interval)
_LONG = Heartbeat.gap_seconds > LONGEST_GAP.total_seconds()
_UNCREDITED = Heartbeat.gap_seconds - Heartbeat.credited_seconds - Heartbeat.capped_seconds


def spent_on(assignment: Assignment) -> sa.Select[object]:
    """The time credited on the task, exactly, as one interval."""
    length = sa.func.coalesce(sa.func.sum(Segment.ended_at - Segment.started_at), _NONE)
    return sa.select(length).where(
        Segment.pool_id == assignment.pool_id,
        Segment.task_id == assignment.task_id,
        Segment.expert_id == assignment.expert_id,
    )


def granted(assignment: Assignment) -> sa.Select[int]:
    """Seconds that the clock may credit beyond the planned time of the task."""
    more = sa.func.coalesce(sa.func.sum(Extension.seconds - Extension.backfilled_seconds), 0)
    return sa.select(sa.cast(more, sa.BigInteger)).where(
        *_extended(assignment), Extension.state == ExtensionState.GRANTED
    )


def extensions(assignment: Assignment) -> sa.Select[Extension]:
    """What was asked for on the task, oldest first."""
    return sa.select(Extension).where(*_extended(assignment)).order_by(Extension.id)


def capped_on(assignment: Assignment) -> sa.Select[float]:
    """Seconds that were not credited since the planned time of the task was used up."""
    total = sa.func.coalesce(sa.func.sum(Heartbeat.capped_seconds), 0.0)
    found = sa.select(total).join(WorkSession, WorkSession.id == Heartbeat.session_id)
    return found.where(
        WorkSession.expert_id == assignment.expert_id,
        Heartbeat.pool_id == assignment.pool_id,
        Heartbeat.task_id == assignment.task_id,
    )


def uncounted(
    expert_id: int, *, start: datetime, end: datetime, session_id: int | None = None
) -> sa.Select[float, float, float]:
    """`(idle, away, beyond the task's planned time)` in seconds: what was seen and not credited."""
    columns = (
        sa.func.sum(sa.case((_LONG, 0.0), else_=_UNCREDITED)),
        sa.func.sum(sa.case((_LONG, Heartbeat.gap_seconds), else_=0.0)),
        sa.func.sum(Heartbeat.capped_seconds),
    )
    found = sa.select(*(sa.func.coalesce(column, 0.0) for column in columns))
    found = found.select_from(Heartbeat).join(WorkSession, WorkSession.id == Heartbeat.session_id)
    mine = found.where(
        WorkSession.expert_id == expert_id, Heartbeat.at >= start, Heartbeat.at < end
    )
    return mine if session_id is None else mine.where(WorkSession.id == session_id)


def long_gaps(assignment: Assignment, *, until: datetime) -> sa.Select[datetime, datetime]:
    """`(from, to)` of the gaps longer than 75 s between two signs while the task was held."""
    before = sa.func.lag(Heartbeat.at).over(
        partition_by=Heartbeat.session_id, order_by=Heartbeat.id
    )
    signs = (
        sa.select(
            sa.func.coalesce(before, WorkSession.started_at).label("since"),
            Heartbeat.at,
            Heartbeat.gap_seconds,
        )
        .join(WorkSession, WorkSession.id == Heartbeat.session_id)
        .where(WorkSession.id.in_(_sittings(assignment, until)))
        .subquery()
    )
    long = signs.c.gap_seconds > LONGEST_GAP.total_seconds()
    return sa.select(signs.c.since, signs.c.at).where(
        long, signs.c.at > assignment.opened_at, signs.c.at <= until
    )


def abandoned(assignment: Assignment, *, until: datetime) -> sa.Select[datetime, datetime]:
    """`(last sign, next session or None)` of sittings that fell silent while the task was held."""
    later = sa.orm.aliased(WorkSession)
    following = (
        sa.select(sa.func.min(later.started_at))
        .where(
            later.expert_id == WorkSession.expert_id, later.started_at > WorkSession.last_beat_at
        )
        .scalar_subquery()
    )
    return sa.select(WorkSession.last_beat_at, following).where(
        WorkSession.id.in_(_sittings(assignment, until)),
        WorkSession.end_reason == SessionEnd.ABANDONED,
    )


def claimed(expert_id: int, *, start: datetime, end: datetime) -> sa.Select[datetime, datetime]:
    """`(from, to)` of the gaps that are offered or taken already."""
    mine = TimeClaim.expert_id == expert_id
    overlap = (TimeClaim.started_at < end, TimeClaim.ended_at > start)
    return sa.select(TimeClaim.started_at, TimeClaim.ended_at).where(mine, *overlap)


def _sittings(assignment: Assignment, until: datetime) -> sa.Select[int]:
    """The expert's sessions on the task's project that were live while it was held."""
    project_id = sa.select(Pool.project_id).where(Pool.id == assignment.pool_id).scalar_subquery()
    mine = sa.select(WorkSession.id).where(
        WorkSession.expert_id == assignment.expert_id, WorkSession.project_id == project_id
    )
    alive = sa.or_(WorkSession.ended_at.is_(None), WorkSession.ended_at > assignment.opened_at)
    return mine.where(alive, WorkSession.started_at < until)


def _extended(assignment: Assignment) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Extension.pool_id == assignment.pool_id,
        Extension.task_id == assignment.task_id,
        Extension.expert_id == assignment.expert_id,
    )
