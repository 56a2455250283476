"""The expert's time: the week as a picture, timesheets, what the clock did not see."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from tasks.credit import monday, pieces, week_bounds
from tasks.forms import AdjustmentForm
from tasks.models import AdjustmentState, Project, TimeClaim, Timesheet, TimesheetState
from tasks.queries import clock as clock_queries
from tasks.queries import time as queries
from tasks.service import claims, timesheets
from tasks.views import pictures

bp = Blueprint("work_time", __name__, url_prefix="/time", template_folder="../templates")

STATES = {
    TimesheetState.OPEN: ("open", "neutral"),
    TimesheetState.SUBMITTED: ("waiting for approval", "waiting"),
    TimesheetState.APPROVED: ("approved", "good"),
    TimesheetState.LOCKED: ("on a statement", "good"),
}
ADJUSTMENT_STATES = {
    AdjustmentState.ASKED: ("waiting", "waiting"),
    AdjustmentState.APPROVED: ("counts", "good"),
    AdjustmentState.REFUSED: ("not accepted this time", "bad"),
}
_MOST_SHEETS = 26
_WEEK = timedelta(days=7)
_EARLIEST = date(2020, 1, 6)


@bp.get("/")
@requires(Role.EXPERT)
def index() -> str:
    """A week as a picture, what was not credited in it and why, and the timesheets."""
    me = person().account_id
    with reading() as session:
        titled = sa.select(Timesheet, Project.title).join(
            Project, Project.id == Timesheet.project_id
        )
        newest = titled.where(Timesheet.expert_id == me).order_by(
            Timesheet.week.desc(), Timesheet.id.desc()
        )
        rows = session.execute(newest.limit(_MOST_SHEETS)).all()
        ids = [sheet.id for sheet, _title in rows]
        seconds = dict(session.execute(queries.seconds_by_timesheet(ids)).all())
        return render_template(
            "tasks/time.html",
            rows=rows,
            seconds=seconds,
            states=STATES,
            claims=session.scalars(queries.offered_claims(me).limit(_MOST_SHEETS)).all(),
            **_week(session, me, clock.now(session)),
        )


@bp.get("/<uuid:public_id>")
@requires(Role.EXPERT)
def sheet(public_id: UUID) -> str:
    """One timesheet: its days, its adjustments."""
    with reading() as session:
        return _sheet_page(session, _mine(session, public_id), AdjustmentForm())


@bp.post("/<uuid:public_id>/submit")
@requires(Role.EXPERT)
def submit(public_id: UUID) -> Response:
    """Hand the timesheet in."""
    with transaction() as session:
        timesheets.submit(session, _mine(session, public_id), now=clock.now(session))
    flash(_("Handed in. If nobody has looked within 3 working days, it is approved."), "good")
    return redirect(url_for("work_time.index"))


@bp.post("/claims/<uuid:public_id>")
@requires(Role.EXPERT)
def take_claim(public_id: UUID) -> Response:
    """Add time that the clock did not see while a task was held, with one tap."""
    me = person().account_id
    with transaction() as session:
        found = one_or_404(session, queries.claims_of(me).where(TimeClaim.public_id == public_id))
        adjustment = claims.take(session, found, now=clock.now(session))
    if adjustment.state is AdjustmentState.APPROVED:
        flash(_("Added. It counts."), "good")
    else:
        flash(_("Added. It is more than a day's own allowance, so a person decides on it."), "good")
    task = request.form.get("back", type=UUID)
    return redirect(url_for("work.task", public_id=task) if task else url_for("work_time.index"))


@bp.post("/<uuid:public_id>/adjustments")
@requires(Role.EXPERT)
def adjust(public_id: UUID) -> Response | tuple[str, int]:
    """Ask for time that the clock did not see."""
    form = AdjustmentForm()
    me = person().account_id
    with transaction() as session:
        mine = _mine(session, public_id)
        if not form.validate_on_submit():
            return _sheet_page(session, mine, form), 422
        timesheets.adjust(
            session,
            mine,
            seconds=form.minutes.data * 60,
            work_day=form.work_day.data,
            reason=form.reason.data,
            requested_by=me,
            now=clock.now(session),
        )
    flash(_("Asked for. Somebody else decides on it, and you are told."), "good")
    return redirect(url_for("work_time.sheet", public_id=public_id))


def _week(session: Session, me: int, now: datetime) -> dict[str, Any]:
    """The week that `?week=` names, else the one that runs."""
    zone = ZoneInfo(g.get("time_zone", "UTC"))
    current = monday(now.astimezone(zone).date())
    try:
        asked = monday(date.fromisoformat(request.args.get("week", "")))
    except ValueError:
        asked = current
    week = min(max(asked, _EARLIEST), current)
    start, end = week_bounds(week, zone)
    bars = pictures.week_of(session, me, week=week, zone=zone)
    idle, away, over = session.execute(clock_queries.uncounted(me, start=start, end=end)).one()
    spans = session.scalars(queries.segments_between(me, start=start, end=end)).all()
    return {
        "drawing": pictures.week_chart(bars),
        "lanes": pictures.week_lanes(spans, week=week, zone=zone),
        "total": sum(bar.value for bar in bars),
        "idle": idle,
        "away": away,
        "over": over,
        "week": week,
        "current": week == current,
        "before": week - _WEEK,
        "after": week + _WEEK if week < current else None,
        "zone": str(zone),
    }


def days_of(session: Session, found: Timesheet, project: Project) -> list[tuple[date, float]]:
    """Credited seconds by local day of the payroll zone."""
    days: dict[date, float] = {}
    for segment in session.scalars(queries.segments(found.id)):
        for piece in pieces(segment.started_at, segment.ended_at, project.zone):
            length = (piece.ended_at - piece.started_at).total_seconds()
            days[piece.day] = days.get(piece.day, 0.0) + length
    return sorted(days.items())


def _sheet_page(session: Session, found: Timesheet, form: AdjustmentForm) -> str:
    project = session.get_one(Project, found.project_id)
    days = days_of(session, found, project)
    return render_template(
        "tasks/timesheet.html",
        sheet=found,
        project=project,
        days=days,
        total=sum(length for _day, length in days),
        adjustments=session.scalars(queries.adjustments([found.id])).all(),
        form=form,
        states=STATES,
        adjustment_states=ADJUSTMENT_STATES,
        posted=request.method == "POST",
    )


def _mine(session: Session, public_id: UUID) -> Timesheet:
    mine = queries.timesheets_of(person().account_id).where(Timesheet.public_id == public_id)
    return one_or_404(session, mine)
