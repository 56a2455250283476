"""Time the clock did not see while a task was held: offered once the task is answered, added with one tap."""

from datetime import datetime
from math import floor
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.db import lock
from portal.ids import uuid7
from tasks.credit import less, monday
from tasks.models import (
    Adjustment,
    AdjustmentState,
    Assignment,
    ClaimState,
    Pool,
    Project,
    Terms,
    TimeClaim,
    Timesheet,
)
from tasks.queries import clock as queries
from tasks.queries import time as time_queries
from tasks.service import timesheets
from tasks.service.planned import planned

REASON: Final = (
    "The connection or the computer was away while a task was held; the task was then answered."
)


def offer(session: Session, assignment: Assignment, *, now: datetime) -> list[TimeClaim]:
    """Offer the gaps that the clock did not see between accepting the task and answering it.

    Together at most the task's planned time less what the clock credited on it. A pause that the
    expert made by hand is none, nor is idle time, which the clock saw.
    """
    left = floor(planned(session, assignment).left.total_seconds())
    project = _project(session, assignment)
    offered: list[TimeClaim] = []
    for start, end in _unseen(session, assignment, now):
        seconds = min(floor((end - start).total_seconds()), left)
        if seconds < 1:
            continue
        left -= seconds
        offered.append(
            TimeClaim(
                public_id=uuid7(now),
                pool_id=assignment.pool_id,
                task_id=assignment.task_id,
                expert_id=assignment.expert_id,
                terms_id=assignment.terms_id,
                started_at=start,
                ended_at=end,
                seconds=seconds,
                work_day=start.astimezone(project.zone).date(),
                offered_at=now,
            )
        )
    session.add_all(offered)
    session.flush()
    return offered


def take(session: Session, claim: TimeClaim, *, now: datetime) -> Adjustment:
    """Add the offered time: approved by rule up to the terms' seconds a day, by a person beyond.

    Taken twice, it gives the adjustment it became. The account's lock lets one of a day in at a time.
    """
    lock(session, session.get_one(Account, claim.expert_id))
    lock(session, claim)
    if claim.state is ClaimState.TAKEN:
        return session.get_one(Adjustment, claim.adjustment_id)
    terms = session.get_one(Terms, claim.terms_id)
    by_rule = (session.scalar(_by_rule(claim)) or 0) + claim.seconds <= terms.claim_day_seconds
    adjustment = timesheets.adjust(
        session,
        _sheet(session, claim, terms, now=now),
        seconds=claim.seconds,
        work_day=claim.work_day,
        reason=REASON,
        requested_by=claim.expert_id,
        terms=terms,
        now=now,
    )
    claim.take(adjustment_id=adjustment.id)
    if by_rule:
        adjustment.approve_by_rule(now=now)
    session.flush()
    return adjustment


def _unseen(
    session: Session, assignment: Assignment, now: datetime
) -> list[tuple[datetime, datetime]]:
    """Half-open spans within the hold between two signs of work more than 75 s apart."""
    gaps = list(session.execute(queries.long_gaps(assignment, until=now)))
    silent = [
        (begin, end or now)
        for begin, end in session.execute(queries.abandoned(assignment, until=now))
    ]
    held = [(max(begin, assignment.opened_at), min(end, now)) for begin, end in [*gaps, *silent]]
    taken = queries.claimed(assignment.expert_id, start=assignment.opened_at, end=now)
    spans = [(begin, end) for begin, end in held if end > begin]
    return less(spans, [(begin, end) for begin, end in session.execute(taken)])


def _by_rule(claim: TimeClaim) -> sa.Select[int]:
    """Seconds that the rule has approved for the person on the claim's day, over all projects."""
    found = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Adjustment.seconds), 0), sa.BigInteger))
    return found.join(TimeClaim, TimeClaim.adjustment_id == Adjustment.id).where(
        TimeClaim.expert_id == claim.expert_id,
        TimeClaim.work_day == claim.work_day,
        Adjustment.state == AdjustmentState.APPROVED,
        Adjustment.decided_by_id.is_(None),
    )


def _sheet(session: Session, claim: TimeClaim, terms: Terms, *, now: datetime) -> Timesheet:
    """The last part of the week's timesheet; begun where the clock credited nothing in that week."""
    project = session.get_one(Project, terms.project_id)
    mine = time_queries.timesheets_of(claim.expert_id).where(
        Timesheet.project_id == project.id, Timesheet.week == monday(claim.work_day)
    )
    found = session.scalars(mine.limit(1)).first()
    return found or timesheets.sheet_for(
        session, expert_id=claim.expert_id, project=project, day=claim.work_day, now=now
    )


def _project(session: Session, assignment: Assignment) -> Project:
    return session.get_one(Project, session.get_one(Pool, assignment.pool_id).project_id)
