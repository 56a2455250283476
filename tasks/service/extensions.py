"""More paid time for a task than was planned: from the project's reserve by rule, beyond it by a person."""

from datetime import datetime
from math import floor
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.db import lock
from portal.decisions import Decision, Outcome, decide
from portal.errors import Conflict, Forbidden
from portal.ids import uuid7
from tasks.credit import monday
from tasks.models import (
    Assignment,
    AssignmentState,
    Extension,
    ExtensionState,
    Pool,
    Project,
    Terms,
    Timesheet,
)
from tasks.queries import clock as queries
from tasks.queries import time as time_queries
from tasks.service import timesheets

REFUSED: Final = "tasks.extension"
BY_RULE: Final = 2
"""So often the rule extends one task; each is half of the planned time."""
_REASON: Final = "The task took longer than planned, and more time was granted."
_LONGEST_REASON: Final = 2000


def step(terms: Terms) -> int:
    """What is asked for at once: half of the planned time, in whole minutes upwards."""
    return -(-terms.task_cap_seconds // 120) * 60


def ask(session: Session, assignment: Assignment, *, reason: str, now: datetime) -> Extension:
    """Ask for more time on a task that is held; one that is asked for already is given back.

    The rule grants it where the project's reserve has it and the task had not had two; else a
    person decides. Raises `Conflict` where the task is not held any more.
    """
    lock(session, assignment)
    if assignment.state not in {AssignmentState.OPEN, AssignmentState.EXPIRED}:
        raise Conflict("This task is not yours any more, so it needs no more time.")
    before = list(session.scalars(queries.extensions(assignment)))
    if before and before[-1].state is ExtensionState.ASKED:
        return before[-1]
    asked = Extension(
        public_id=uuid7(now),
        pool_id=assignment.pool_id,
        task_id=assignment.task_id,
        expert_id=assignment.expert_id,
        seconds=step(session.get_one(Terms, assignment.terms_id)),
        asked_at=now,
        reason=reason.strip()[:_LONGEST_REASON],
    )
    session.add(asked)
    session.flush()
    project = lock(session, _project(session, asked))
    if len(before) < BY_RULE and _reserve_left(session, project) >= asked.seconds:
        _grant(session, asked, by=None, now=now)
    return asked


def grant(session: Session, asked: Extension, *, by: int, now: datetime) -> None:
    """A person grants it. What was worked meanwhile becomes an adjustment."""
    lock(session, asked)
    _refuse_own(asked, by)
    _grant(session, asked, by=by, now=now)


def refuse(session: Session, asked: Extension, *, by: int, reason: str, now: datetime) -> None:
    """It stays as planned, by a decision with a reason that the expert can appeal."""
    lock(session, asked)
    _refuse_own(asked, by)
    decision = decide(
        session,
        account_id=asked.expert_id,
        kind=REFUSED,
        outcome=Outcome.AGAINST,
        subject=("extension", asked.id),
        rule=("planned time of a task", "1"),
        evidence={"seconds": asked.seconds, "project": _project(session, asked).title},
        reason=reason,
        decided_by=by,
        now=now,
    )
    asked.refuse(by=by, decision_id=decision.id, now=now)
    session.flush()


def grant_overdue(session: Session, *, now: datetime, limit: int = 200) -> int:
    """Grant what nobody decided on within 3 working days; gives how many. Safe to run twice."""
    since = timesheets.working_days_before(now, timesheets.WORKING_DAYS)
    waiting = (
        sa.select(Extension)
        .where(Extension.state == ExtensionState.ASKED, Extension.asked_at <= since)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(waiting).all()
    for asked in found:
        _grant(session, asked, by=None, now=now)
    return len(found)


def appeal_upheld(session: Session, decision: Decision, *, now: datetime) -> None:
    """The time is granted after all: what was worked of it counts. Once, however often run."""
    refused = session.get_one(Extension, decision.subject_id)
    again = sa.select(Extension.id).where(Extension.decision_id == decision.id)
    if session.scalar(again.where(Extension.state == ExtensionState.GRANTED)) is not None:
        return
    granted = Extension(
        public_id=uuid7(now),
        pool_id=refused.pool_id,
        task_id=refused.task_id,
        expert_id=refused.expert_id,
        seconds=refused.seconds,
        asked_at=refused.asked_at,
        reason=refused.reason,
    )
    session.add(granted)
    session.flush()
    _grant(session, granted, by=None, now=now)
    granted.decision_id = decision.id
    session.flush()


def waiting(project_id: int) -> sa.Select[Extension]:
    """What a person has to decide on in a project, oldest first."""
    found = sa.select(Extension).join(Pool, Pool.id == Extension.pool_id)
    asked = found.where(Pool.project_id == project_id, Extension.state == ExtensionState.ASKED)
    return asked.order_by(Extension.asked_at)


def _grant(session: Session, asked: Extension, *, by: int | None, now: datetime) -> None:
    """Grant it; what the clock held back until now is written as an adjustment, by the same hand."""
    place = (asked.pool_id, asked.task_id, asked.expert_id)
    assignment = session.get_one(Assignment, place)
    held_back = session.scalar(queries.capped_on(assignment)) or 0.0
    earlier = sum(
        each.backfilled_seconds for each in session.scalars(queries.extensions(assignment))
    )
    owed = min(asked.seconds, max(0, floor(held_back) - earlier))
    if owed:
        adjustment = timesheets.adjust(
            session,
            _sheet(session, asked, now=now),
            seconds=owed,
            work_day=asked.asked_at.astimezone(_project(session, asked).zone).date(),
            reason=_REASON,
            requested_by=asked.expert_id,
            terms=session.get_one(Terms, assignment.terms_id),
            now=now,
        )
        if by is None:
            adjustment.approve_by_rule(now=now)
        else:
            adjustment.approve(by=by, now=now)
    asked.grant(by=by, backfilled=owed, now=now)
    session.flush()


def _reserve_left(session: Session, project: Project) -> int:
    """Seconds of the reserve that the rule has not given out yet."""
    given = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Extension.seconds), 0), sa.BigInteger))
        .join(Pool, Pool.id == Extension.pool_id)
        .where(Pool.project_id == project.id, Extension.state == ExtensionState.GRANTED)
        .where(Extension.decided_by_id.is_(None))
    )
    return project.reserve_seconds - (session.scalar(given) or 0)


def _sheet(session: Session, asked: Extension, *, now: datetime) -> Timesheet:
    project = _project(session, asked)
    day = asked.asked_at.astimezone(project.zone).date()
    mine = time_queries.timesheets_of(asked.expert_id).where(
        Timesheet.project_id == project.id, Timesheet.week == monday(day)
    )
    found = session.scalars(mine.limit(1)).first()
    return found or timesheets.sheet_for(
        session, expert_id=asked.expert_id, project=project, day=day, now=now
    )


def _project(session: Session, asked: Extension) -> Project:
    return session.get_one(Project, session.get_one(Pool, asked.pool_id).project_id)


def _refuse_own(asked: Extension, by: int) -> None:
    if by == asked.expert_id:
        raise Forbidden("Somebody else decides on this.")
