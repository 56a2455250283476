"""Reports about projects as PDF: for their managers and their clients' readers."""

from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Page

from payouts.models import PaperState, ProjectReport
from payouts.queries import project_reports as queries
from payouts.service import project_reports
from payouts.views import words
from portal import clock, files
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from portal.files import StoredFile
from portal.reports import periods
from portal.reports.periods import Period
from tasks.models import Project, ProjectState
from tasks.queries.projects import projects_of

bp = Blueprint(
    "project_reports", __name__, url_prefix="/project-reports", template_folder="../templates"
)

_READERS = (Role.MANAGER, Role.CLIENT_READER)
_PAGE = 50


@bp.get("/")
@requires(*_READERS)
def index() -> str:
    """The projects that the person may have on paper."""
    with reading() as session:
        found = session.scalars(_mine().order_by(Project.title)).all()
        return render_template("payouts/project_reports.html", projects=found)


@bp.get("/<slug>")
@requires(*_READERS)
def project(slug: str) -> str:
    """A project's reports, and a form to ask for the next."""
    with reading() as session:
        return _page(session, slug)


@bp.post("/<slug>")
@requires(*_READERS)
def ask(slug: str) -> Page:
    """Ask for one month."""
    period = periods.parse(request.form.get("period", ""))
    with transaction() as session:
        found = one_or_404(session, _mine().where(Project.slug == slug))
        me, now = person().account_id, clock.now(session)
        project_reports.ask(session, found, period, by=me, now=now)
    flash(_("It is being set. Look again in a moment."), "good")
    return redirect(url_for("project_reports.project", slug=slug), 303)


@bp.get("/<uuid:public_id>.pdf")
@requires(*_READERS)
def download(public_id: UUID) -> Response:
    """The paper itself."""
    with reading() as session:
        ids = _mine().with_only_columns(Project.id)
        issued = sa.select(ProjectReport).where(
            ProjectReport.project_id.in_(ids), ProjectReport.state == PaperState.ISSUED
        )
        found = one_or_404(session, issued.where(ProjectReport.public_id == public_id))
        content = files.read(session.get_one(StoredFile, found.file_id))
        slug = session.get_one(Project, found.project_id).slug
        name = f"{slug}-{found.period_start:%Y-%m-%d}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/pdf", headers=headers)


def _mine() -> sa.Select[Project]:
    """Projects that the person manages or reads for a client, less drafts."""
    me, roles = person().account_id, person().roles
    ids = sa.union(
        *(
            projects_of(me, role).with_only_columns(Project.id).order_by(None)
            for role in _READERS
            if role in roles
        )
    )
    return sa.select(Project).where(
        Project.id.in_(sa.select(ids.subquery())), Project.state != ProjectState.DRAFT
    )


def _page(session: Session, slug: str) -> str:
    found = one_or_404(session, _mine().where(Project.slug == slug))
    rows = session.scalars(queries.of_project(found.id).limit(_PAGE)).all()
    return render_template(
        "payouts/project_report.html",
        project=found,
        rows=[(row, Period(row.period_start, row.period_end)) for row in rows],
        month=periods.month_before(clock.now(session)),
        words=words,
    )
