"""Pausing somebody's new tasks in a project: by a decision, for a week at most, never touching what is earned."""

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit, mail
from portal.accounts.models import Account
from portal.db import lock
from portal.decisions import Decision, Letter, Outcome, decide
from portal.errors import Conflict, Invalid
from tasks.models import Enrolment, Judgment, Pool, Project
from tasks.quality.share import share_right
from tasks.queries import quality as quality_queries
from tasks.queries import time as time_queries

PAUSED: Final = "tasks.paused"
RESUMED: Final = "tasks.resumed"
LOOKED_AT_WITHIN: Final = timedelta(days=7)
"""A pause that nobody ends within this ends by itself: silence never decides against a person."""
RULE: Final = ("new tasks wait while a person looks", "1")
_LONG_AGO: Final = timedelta(days=36_500)

_TOLD: Final = """New tasks of {project} are paused for you while a person looks. Why:

{reason}

Somebody has looked by {until:%d %B %Y}; if nobody has, you go on by yourself. The task you hold now
can be finished. What you have earned stays yours and is paid. What was seen, and how to appeal:"""
_GOES_ON: Final = """Hello {name},

New tasks of {project} are open to you again.

{reason}

Touchstone
"""


def evidence(
    session: Session, project: Project, expert_id: int, *, now: datetime
) -> dict[str, Any]:
    """What the person who decides sees and what the decision keeps: quality with its interval, work, hours.

    Up to the end of yesterday: a figure that moved with an answer of today would tell of a probe.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = quality_queries.by_project(expert_id, before=today)
    right, judged = next(
        ((row[3], row[4]) for row in session.execute(found) if row[0] == project.id), (0, 0)
    )
    share = share_right(right, judged)
    answers = (
        sa.select(sa.func.count())
        .select_from(Judgment)
        .join(Pool, Pool.id == Judgment.pool_id)
        .where(Pool.project_id == project.id, Judgment.expert_id == expert_id)
    )
    hours = time_queries.credited(expert_id, start=now - _LONG_AGO, end=now, project_id=project.id)
    told: dict[str, Any] = {
        "project": project.title,
        "judgments": session.scalar(answers) or 0,
        "credited_hours": round((session.scalar(hours) or 0.0) / 3600, 2),
        "gold_judged": judged,
    }
    if share.point is None:
        return {**told, "quality": "not enough evidence yet"}
    return {
        **told,
        "gold_right": right,
        "estimate": share.point,
        "low": share.low,
        "high": share.high,
        "needed": project.needed_level,
    }


def pause(
    session: Session, project: Project, expert_id: int, *, by: int, reason: str, now: datetime
) -> Decision:
    """Hand the expert nothing new of the project until a person has looked, at most for a week.

    Raises `Conflict` where they are paused already or do not work on it, `Forbidden` for oneself.
    What they hold may be finished, and nothing that is earned changes.
    """
    if not reason.strip():
        raise Invalid("Say why: the expert reads this.")
    places = _places(session, project, expert_id)
    if not places:
        raise Conflict("This person does not work on the project.")
    if any(place.paused_at for place in places):
        raise Conflict("Their new tasks are paused already.")
    until = now + LOOKED_AT_WITHIN
    told = _TOLD.format(project=project.title, reason=reason.strip(), until=until)
    decision = decide(
        session,
        account_id=expert_id,
        kind=PAUSED,
        outcome=Outcome.AGAINST,
        subject=("project", project.id),
        rule=RULE,
        evidence=evidence(session, project, expert_id, now=now),
        reason=reason.strip(),
        decided_by=by,
        letter=Letter("New tasks are paused", told),
        now=now,
    )
    for place in places:
        place.pause(reason=reason.strip(), decision_id=decision.id, until=until, now=now)
    session.flush()
    return decision


def resume(
    session: Session,
    project: Project,
    expert_id: int,
    *,
    by: int | None,
    reason: str,
    now: datetime,
) -> bool:
    """Hand out tasks again, and say so; gives whether anything was paused. Safe to run twice.

    `by` is None where the week ran out or an appeal was upheld.
    """
    paused = [place for place in _places(session, project, expert_id) if place.paused_at]
    if not paused:
        return False
    before = session.get_one(Decision, paused[0].pause_decision_id)
    for place in paused:
        place.resume()
    decide(
        session,
        account_id=expert_id,
        kind=RESUMED,
        outcome=Outcome.FOR,
        subject=("project", project.id),
        rule=RULE,
        evidence={"paused_on": f"{before.decided_at:%Y-%m-%d}"},
        reason=reason.strip(),
        decided_by=by,
        replaces=before,
        now=now,
    )
    audit.record(session, actor=by, action="enrolment.resumed", subject=("project", project.id), now=now)  # fmt: skip
    expert = session.get_one(Account, expert_id)
    body = _GOES_ON.format(name=expert.display_name, project=project.title, reason=reason.strip())
    mail.send(session, to=expert.email, subject="New tasks are open again", body=body, now=now)
    return True


def end_overdue(session: Session, *, now: datetime, limit: int = 200) -> int:
    """End the pauses that nobody ended in time; gives how many. Safe to run twice."""
    late = (
        sa.select(Pool.project_id, Enrolment.expert_id)
        .join(Pool, Pool.id == Enrolment.pool_id)
        .where(Enrolment.paused_at.is_not(None), Enrolment.pause_until <= now)
        .distinct()
        .limit(limit)
    )
    found = session.execute(late).all()
    reason = "Nobody decided within 7 days. Silence never decides against a person."
    for project_id, expert_id in found:
        project = session.get_one(Project, project_id)
        resume(session, project, expert_id, by=None, reason=reason, now=now)
    return len(found)


def appeal_upheld(session: Session, decision: Decision, *, answer: str, now: datetime) -> None:
    """The pause was wrong: go on. One that another decision has made since is left alone."""
    mine = (
        sa.select(Enrolment.expert_id)
        .where(Enrolment.expert_id == decision.account_id)
        .where(Enrolment.pause_decision_id == decision.id)
    )
    if session.scalar(mine.limit(1)) is not None:
        project = session.get_one(Project, decision.subject_id)
        resume(session, project, decision.account_id, by=None, reason=answer, now=now)


def _places(session: Session, project: Project, expert_id: int) -> list[Enrolment]:
    """The expert's places in the project's pools, locked in order."""
    mine = (
        sa.select(Enrolment)
        .join(Pool, Pool.id == Enrolment.pool_id)
        .where(Pool.project_id == project.id, Enrolment.expert_id == expert_id)
        .order_by(Enrolment.pool_id)
    )
    return [lock(session, place) for place in session.scalars(mine).all()]
