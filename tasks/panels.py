"""What the work brings to home pages, people's pages and the header."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import g, render_template
from sqlalchemy.orm import Session

from portal.access import Role
from tasks.credit import midnight, monday
from tasks.forms import TYPE_TAGS
from tasks.models import (
    Adjustment,
    AdjustmentState,
    Escalation,
    EscalationState,
    Pool,
    Project,
    ProjectState,
    Segment,
    Timesheet,
    TimesheetState,
)
from tasks.queries import managing
from tasks.queries import time as time_queries
from tasks.queries.projects import projects_of
from tasks.service import offering
from tasks.service.reasons import SENTENCES
from tasks.views import pictures
from tasks.views.quality import bars

_DAY = timedelta(days=1)


def work_panel(session: Session, account_id: int, now: datetime) -> str | None:
    """The project to start with, and the table of the others."""
    found = offering.offered(session, account_id, now=now)
    if not found:
        return None
    first = found[0] if found[0].obstacle is None else None
    rest = [each for each in found if each is not first]
    return render_template(
        "tasks/panel_work.html", first=first, offered=rest, sentences=SENTENCES, types=TYPE_TAGS
    )


def week_panel(session: Session, account_id: int, now: datetime) -> str | None:
    """The person's week as a picture."""
    zone = _zone()
    monday_of = monday(now.astimezone(zone).date())
    week = pictures.week_of(session, account_id, week=monday_of, zone=zone)
    total = sum(bar.value for bar in week)
    return render_template("tasks/panel_week.html", drawing=pictures.week_chart(week), total=total)


def quality_panel(session: Session, account_id: int, _now: datetime) -> str | None:
    """Share right on check tasks, project by project."""
    found = bars(session, account_id)
    return render_template("tasks/panel_quality.html", bars=found) if found else None


def person_quality_panel(session: Session, account_id: int, _now: datetime) -> str | None:
    """The same on a person's page, for those who may look."""
    found = bars(session, account_id)
    return render_template("tasks/panel_person.html", bars=found) if found else None


def projects_panel(session: Session, account_id: int, _now: datetime) -> str | None:
    """A manager's projects, with what waits in each."""
    found = session.scalars(projects_of(account_id, Role.MANAGER).order_by(Project.title)).all()
    if not found:
        return None
    ids = [project.id for project in found]
    return render_template(
        "tasks/panel_projects.html", projects=found, waiting=_waiting(session, ids)
    )


def client_panel(session: Session, account_id: int, _now: datetime) -> str | None:
    """A client reader's projects and the newest releases of each."""
    seen = projects_of(account_id, Role.CLIENT_READER).where(Project.state != ProjectState.DRAFT)
    found = session.scalars(seen.order_by(Project.title)).all()
    return render_template("tasks/panel_client.html", projects=found) if found else None


def questions_panel(session: Session, account_id: int, _now: datetime) -> str | None:
    """How many questions wait for a policy expert."""
    ids = projects_of(account_id, Role.POLICY_EXPERT).with_only_columns(Project.id)
    found = (
        sa.select(sa.func.count()).select_from(Escalation).join(Pool, Pool.id == Escalation.pool_id)
    )
    open_ones = found.where(Pool.project_id.in_(ids), Escalation.state == EscalationState.OPEN)
    return render_template("tasks/panel_questions.html", count=session.scalar(open_ones) or 0)


def clock_badge(session: Session, account_id: int, now: datetime) -> str | None:
    """The running clock, or what was credited today."""
    live = session.scalar(time_queries.live_session(account_id))
    if live is not None:
        total = sa.select(time_queries.SECONDS).where(Segment.session_id == live.id)
        return render_template("tasks/_clock.html", counting=True, seconds=session.scalar(total))
    zone = _zone()
    today = now.astimezone(zone).date()
    start, end = midnight(today, zone), midnight(today + _DAY, zone)
    credited = session.scalar(time_queries.credited(account_id, start=start, end=end))
    return render_template("tasks/_clock.html", counting=False, seconds=credited)


def experts_of_manager(account_id: int) -> sa.Select[int]:
    """Whom a manager, reviewer or policy expert may look at: the experts of their projects."""
    roles = (Role.MANAGER, Role.REVIEWER, Role.POLICY_EXPERT, Role.FINANCE)
    return managing.experts_in(projects_of(account_id, *roles))


def _waiting(session: Session, ids: list[int]) -> dict[int, int]:
    """Timesheets, adjustments and questions that wait, by project."""
    sheets = sa.select(Timesheet.project_id).where(Timesheet.state == TimesheetState.SUBMITTED)
    asked = (
        sa.select(Timesheet.project_id)
        .join(Adjustment, Adjustment.timesheet_id == Timesheet.id)
        .where(Adjustment.state == AdjustmentState.ASKED)
    )
    questions = (
        sa.select(Pool.project_id)
        .join(Escalation, Escalation.pool_id == Pool.id)
        .where(Escalation.state == EscalationState.OPEN)
    )
    every = sa.union_all(sheets, asked, questions).subquery()
    counted = sa.select(every.c.project_id, sa.func.count()).group_by(every.c.project_id)
    rows = session.execute(counted.where(every.c.project_id.in_(ids)))
    return {project_id: count for project_id, count in rows}  # noqa: C416  typed rows


def _zone() -> ZoneInfo:
    return ZoneInfo(g.get("time_zone", "UTC"))
