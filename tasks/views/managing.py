"""What a manager decides and moves: time, adjustments, questions, imports, releases."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from tasks.forms import ImportForm
from tasks.models import (
    UNDER_WAY,
    Adjustment,
    ImportState,
    Project,
    Segment,
    TaskImport,
    TaskType,
    Timesheet,
)
from tasks.queries import managing as queries
from tasks.queries import time as time_queries
from tasks.service import importing, release, timesheets
from tasks.service.files import mapping
from tasks.views.projects import STATES, mine, tabs
from tasks.views.time import ADJUSTMENT_STATES, days_of
from tasks.views.time import STATES as SHEET_STATES

bp = Blueprint("managing", __name__, url_prefix="/projects/<slug>", template_folder="../templates")

USUAL_MAPPING: Final = {
    TaskType.PREFERENCE: "key=key,prompt=prompt,context=context,a=response_a,b=response_b",
    TaskType.REASONING_REVIEW: "key=key,case=case,clauses=clauses,verdict=verdict,steps=steps",
}
IMPORT_STATES: Final = {
    ImportState.WAITING: ("on its way in", "waiting"),
    ImportState.RUNNING: ("on its way in", "waiting"),
    ImportState.DONE: ("imported", "good"),
    ImportState.REFUSED: ("not imported", "bad"),
    ImportState.CANCELLED: ("stopped", "neutral"),
}


@bp.get("/timesheets/<uuid:public_id>")
@requires(Role.MANAGER)
def timesheet(slug: str, public_id: UUID) -> str:
    """One expert's week, to decide on."""
    with reading() as session:
        project = mine(session, slug)
        sheet = _sheet(session, project, public_id)
        days = days_of(session, sheet, project)
        return render_template(
            "tasks/timesheet_review.html",
            project=project,
            sheet=sheet,
            days=days,
            total=sum(length for _day, length in days),
            segments=session.scalar(
                sa.select(sa.func.count())
                .select_from(Segment)
                .where(Segment.timesheet_id == sheet.id)
            ),
            adjustments=session.scalars(time_queries.adjustments([sheet.id])).all(),
            states=SHEET_STATES,
            adjustment_states=ADJUSTMENT_STATES,
        )


@bp.post("/timesheets/<uuid:public_id>/approve")
@requires(Role.MANAGER)
def approve(slug: str, public_id: UUID) -> AnyResponse:
    """Approve a week for pay."""
    with transaction() as session:
        sheet = _sheet(session, mine(session, slug), public_id)
        timesheets.approve(session, sheet, by=person().account_id, now=clock.now(session))
    flash(_("Approved."), "good")
    return redirect(url_for("projects.overview", slug=slug))


@bp.post("/timesheets/<uuid:public_id>/give-back")
@requires(Role.MANAGER)
def give_back(slug: str, public_id: UUID) -> AnyResponse:
    """Ask the expert to look at a week again."""
    reason = request.form.get("reason", "")
    with transaction() as session:
        sheet = _sheet(session, mine(session, slug), public_id)
        me = person().account_id
        timesheets.give_back(session, sheet, by=me, reason=reason, now=clock.now(session))
    return redirect(url_for("projects.overview", slug=slug))


@bp.post("/adjustments/<uuid:public_id>")
@requires(Role.MANAGER)
def decide_adjustment(slug: str, public_id: UUID) -> AnyResponse:
    """Let time that the clock did not see count, or not, with a reason."""
    me = person().account_id
    with transaction() as session:
        project = mine(session, slug)
        within = sa.select(Adjustment).join(Timesheet, Timesheet.id == Adjustment.timesheet_id)
        asked = within.where(Timesheet.project_id == project.id, Adjustment.public_id == public_id)
        adjustment, now = one_or_404(session, asked), clock.now(session)
        if request.form.get("decision") == "approve":
            timesheets.approve_adjustment(session, adjustment, by=me, now=now)
        else:
            reason = request.form.get("reason", "")
            timesheets.refuse_adjustment(session, adjustment, by=me, reason=reason, now=now)
    return redirect(url_for("projects.overview", slug=slug))


@bp.get("/import")
@requires(Role.MANAGER)
def upload(slug: str) -> str:
    """The form of an import, and what came in before."""
    with reading() as session:
        project = mine(session, slug)
        form = ImportForm(mapping=USUAL_MAPPING[project.task_type])
        return _import_page(session, project, form)


@bp.post("/import")
@requires(Role.MANAGER)
def start_import(slug: str) -> AnyResponse | tuple[str, int]:
    """Keep the file and put its import down as a job."""
    form = ImportForm()
    with transaction() as session:
        project = mine(session, slug)
        if not form.validate_on_submit():
            return _import_page(session, project, form), 422
        gold = form.gold.data
        requested = importing.request(
            session,
            project,
            importing.Upload(form.file.data.filename, form.file.data.read()),
            mapping(form.mapping.data),
            gold=importing.Upload(gold.filename, gold.read()) if gold else None,
            by=person().account_id,
            now=clock.now(session),
        )
    return redirect(url_for("managing.imported", slug=slug, public_id=requested.public_id))


@bp.get("/imports/<uuid:public_id>")
@requires(Role.MANAGER)
def imported(slug: str, public_id: UUID) -> str:
    """What became of an import: progress, counts, or every problem with its row and column."""
    with reading() as session:
        return render_template("tasks/import_done.html", **_progress(session, slug, public_id))


@bp.get("/imports/<uuid:public_id>/progress")
@requires(Role.MANAGER)
def import_progress(slug: str, public_id: UUID) -> str:
    """The part of that page which changes; it asks for itself again while the import runs."""
    with reading() as session:
        return render_template("tasks/_import.html", **_progress(session, slug, public_id))


@bp.post("/imports/<uuid:public_id>/cancel")
@requires(Role.MANAGER)
def cancel_import(slug: str, public_id: UUID) -> AnyResponse:
    """Stop it: nothing of the file goes in."""
    with transaction() as session:
        _project, found = _import(session, slug, public_id)
        me, now = person().account_id, clock.now(session)
        importing.cancel(session, found, by=me, now=now)
    return redirect(url_for("managing.imported", slug=slug, public_id=public_id))


@bp.get("/release.<any(csv, jsonl):form>")
@requires(Role.MANAGER)
def dataset(slug: str, form: str) -> Response:
    """The raw judgments on ordinary tasks, experts by pseudonym."""
    with reading() as session:
        project = mine(session, slug)
        rows = release.rows(session.execute(queries.released(project.id)))
        body = release.csv_text(rows) if form == "csv" else release.jsonl_text(rows)
    media = "text/csv" if form == "csv" else "application/x-ndjson"
    response = Response(body, content_type=f"{media}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.{form}"'
    return response


def _import_page(session: Session, project: Project, form: ImportForm) -> str:
    before = sa.select(TaskImport).where(TaskImport.project_id == project.id)
    newest = session.scalars(before.order_by(TaskImport.id.desc()).limit(20)).all()
    return render_template(
        "tasks/import.html",
        project=project,
        form=form,
        before=newest,
        states=IMPORT_STATES,
        tabs=tabs(project),
        project_states=STATES,
    )


def _import(session: Session, slug: str, public_id: UUID) -> tuple[Project, TaskImport]:
    project = mine(session, slug)
    of_project = sa.select(TaskImport).where(TaskImport.project_id == project.id)
    return project, one_or_404(session, of_project.where(TaskImport.public_id == public_id))


def _progress(session: Session, slug: str, public_id: UUID) -> dict[str, Any]:
    """What the page of an import says: rows done of both passes, how fast, how long yet."""
    project, found = _import(session, slug, public_id)
    done = found.checked + found.entered
    spent = (clock.now(session) - found.started_at).total_seconds() if found.started_at else 0.0
    rate = done / spent if spent > 0 else 0.0
    return {
        "project": project,
        "found": found,
        "states": IMPORT_STATES,
        "under_way": found.state in UNDER_WAY,
        "done": done,
        "most": 2 * found.total,
        "rate": rate,
        "left": (2 * found.total - done) / rate if rate else None,
    }


def _sheet(session: Session, project: Project, public_id: UUID) -> Timesheet:
    handed_in = sa.select(Timesheet).where(Timesheet.project_id == project.id)
    return one_or_404(session, handed_in.where(Timesheet.public_id == public_id))
