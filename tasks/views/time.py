"""The expert's time: the week as a picture, timesheets, what the clock did not see."""

from datetime import date
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
from tasks.credit import pieces
from tasks.forms import AdjustmentForm
from tasks.models import AdjustmentState, Project, Timesheet, TimesheetState
from tasks.queries import time as queries
from tasks.service import timesheets
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


@bp.get("/")
@requires(Role.EXPERT)
def index() -> str:
    """The week as a picture, and the timesheets."""
    me = person().account_id
    with reading() as session:
        zone = ZoneInfo(g.get("time_zone", "UTC"))
        week = pictures.week_of(session, me, now=clock.now(session), zone=zone)
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
            drawing=pictures.week_chart(week),
            total=sum(bar.value for bar in week),
            rows=rows,
            seconds=seconds,
            states=STATES,
            zone=str(zone),
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
