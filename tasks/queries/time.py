"""The clock's rows: the live session, credited seconds, timesheets."""

from datetime import date, datetime
from itertools import pairwise

import sqlalchemy as sa

from tasks.models import (
    Adjustment,
    AdjustmentState,
    ClaimState,
    Segment,
    TimeClaim,
    Timesheet,
    TimesheetState,
    WorkSession,
)

_LENGTH = sa.extract("epoch", Segment.ended_at - Segment.started_at)
SECONDS: sa.ColumnElement[float] = sa.cast(
    sa.func.coalesce(sa.func.sum(_LENGTH), 0), sa.Double
)  # fmt: skip
"""Credited seconds of the segments that a query is about."""


def live_session(expert_id: int) -> sa.Select[WorkSession]:
    """The expert's one live session."""
    return sessions_of(expert_id).where(WorkSession.ended_at.is_(None))


def sessions_of(expert_id: int) -> sa.Select[WorkSession]:
    """Every session the expert has had."""
    return sa.select(WorkSession).where(WorkSession.expert_id == expert_id)


def credited(
    expert_id: int, *, start: datetime, end: datetime, project_id: int | None = None
) -> sa.Select[float]:
    """Seconds credited within a half-open period, in one project or in all; segments are cut at its ends."""
    begin = sa.func.greatest(Segment.started_at, start)
    until = sa.func.least(Segment.ended_at, end)
    length = sa.extract("epoch", until - begin)
    found = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(length), 0), sa.Double)).where(
        Segment.expert_id == expert_id, Segment.ended_at > start, Segment.started_at < end
    )
    if project_id is not None:
        found = found.join(Timesheet, Timesheet.id == Segment.timesheet_id)
        found = found.where(Timesheet.project_id == project_id)
    return found


def claims_of(expert_id: int) -> sa.Select[TimeClaim]:
    """Gaps that the clock did not see while the expert held a task, the newest first."""
    mine = sa.select(TimeClaim).where(TimeClaim.expert_id == expert_id)
    return mine.order_by(TimeClaim.id.desc())


def offered_claims(expert_id: int) -> sa.Select[TimeClaim]:
    """Those that wait for the expert's tap."""
    return claims_of(expert_id).where(TimeClaim.state == ClaimState.OFFERED)


def just_offered(expert_id: int) -> sa.Select[TimeClaim]:
    """The newest that was offered in the session that runs."""
    here = sa.select(WorkSession.started_at).where(
        WorkSession.expert_id == expert_id, WorkSession.ended_at.is_(None)
    )
    since = TimeClaim.offered_at >= here.scalar_subquery()
    return offered_claims(expert_id).where(since).limit(1)


def timesheets_of(expert_id: int) -> sa.Select[Timesheet]:
    """The expert's timesheets, the newest week first."""
    mine = sa.select(Timesheet).where(Timesheet.expert_id == expert_id)
    return mine.order_by(Timesheet.week.desc(), Timesheet.project_id, Timesheet.part.desc())


def timesheets_in(project_id: int, *states: TimesheetState) -> sa.Select[Timesheet]:
    """A project's timesheets in some states, the longest waiting first."""
    found = sa.select(Timesheet).where(Timesheet.project_id == project_id)
    return found.where(Timesheet.state.in_(states)).order_by(Timesheet.submitted_at, Timesheet.id)


def seconds_by_timesheet(ids: list[int]) -> sa.Select[int, float]:
    """Credited seconds of each timesheet that has any: `(timesheet_id, seconds)`."""
    found = sa.select(Segment.timesheet_id, SECONDS).where(Segment.timesheet_id.in_(ids))
    return found.group_by(Segment.timesheet_id)


def segments(timesheet_id: int) -> sa.Select[Segment]:
    """A timesheet's segments in order."""
    here = sa.select(Segment).where(Segment.timesheet_id == timesheet_id)
    return here.order_by(Segment.started_at)


def segments_between(expert_id: int, *, start: datetime, end: datetime) -> sa.Select[Segment]:
    """The expert's segments that touch a half-open period, in order."""
    mine = sa.select(Segment).where(Segment.expert_id == expert_id)
    touching = mine.where(Segment.ended_at > start, Segment.started_at < end)
    return touching.order_by(Segment.started_at)


def adjustments(timesheet_ids: list[int]) -> sa.Select[Adjustment]:
    """The adjustments of some timesheets, oldest first."""
    here = sa.select(Adjustment).where(Adjustment.timesheet_id.in_(timesheet_ids))
    return here.order_by(Adjustment.requested_at)


def approved_adjustments(timesheet_id: int) -> sa.Select[Adjustment]:
    """The adjustments that count."""
    return adjustments([timesheet_id]).where(Adjustment.state == AdjustmentState.APPROVED)


def asked_for(expert_id: int, work_day: date) -> sa.Select[int]:
    """Seconds that adjustments, decided or not, add to a day; refused ones add nothing."""
    total = sa.cast(sa.func.coalesce(sa.func.sum(Adjustment.seconds), 0), sa.BigInteger)
    return sa.select(total).where(
        Adjustment.expert_id == expert_id,
        Adjustment.work_day == work_day,
        Adjustment.state != AdjustmentState.REFUSED,
    )


def seconds_between(expert_id: int, marks: list[datetime]) -> sa.Select[float]:
    """One column of credited seconds for each half-open period between two marks, over all projects."""
    zero = sa.cast(sa.literal("0"), sa.Interval)
    columns = [
        sa.cast(
            sa.func.coalesce(
                sa.func.sum(
                    sa.extract(
                        "epoch",
                        sa.func.greatest(
                            sa.func.least(Segment.ended_at, until)
                            - sa.func.greatest(Segment.started_at, begin),
                            zero,
                        ),
                    )
                ),
                0,
            ),
            sa.Double,
        ).label(f"period_{number}")
        for number, (begin, until) in enumerate(pairwise(marks))
    ]
    return sa.select(*columns).where(
        Segment.expert_id == expert_id, Segment.ended_at > marks[0], Segment.started_at < marks[-1]
    )
