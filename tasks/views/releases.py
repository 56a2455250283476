"""A project's releases: the manager makes them, the manager and the client's readers fetch them."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal import clock, files
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from portal.files import StoredFile
from tasks.models import Project, Release, ReleaseState
from tasks.queries.projects import projects_of
from tasks.service import releases as service
from tasks.views.projects import STATES, mine, tabs

_MOST = 100

bp = Blueprint("releases", __name__, url_prefix="/projects/<slug>/releases", template_folder="../templates")  # fmt: skip


@bp.get("/")
@requires(Role.MANAGER)
def index(slug: str) -> str:
    """Every release, and the button that makes the next."""
    with reading() as session:
        project = mine(session, slug)
        found = session.scalars(service.of_project(project.id).limit(_MOST)).all()
        return render_template(
            "tasks/project_releases.html",
            project=project,
            releases=found,
            tabs=tabs(project),
            states=STATES,
            making=any(each.state is ReleaseState.MAKING for each in found),
        )


@bp.post("/")
@requires(Role.MANAGER)
def make(slug: str) -> AnyResponse:
    """Release the judgments as they stand."""
    with transaction() as session:
        project, now = mine(session, slug), clock.now(session)
        service.request(session, project, by=person().account_id, now=now)
    flash(_("The release is being made. It is listed here as soon as it is ready."), "good")
    return redirect(url_for("releases.index", slug=slug))


@bp.get("/<uuid:public_id>.<any(csv, jsonl):form>")
@requires(Role.MANAGER, Role.CLIENT_READER)
def download(slug: str, public_id: UUID, form: str) -> Response:
    """One release as a file: tasks, answers and pseudonyms, no names."""
    with reading() as session:
        found = _ready(session, slug, public_id)
        stored = found.csv_file_id if form == "csv" else found.jsonl_file_id
        content = files.read(session.get_one(StoredFile, stored))
        name = f"{slug}-release-{found.number}.{form}"
    media = "text/csv" if form == "csv" else "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, content_type=f"{media}; charset=utf-8", headers=headers)


def _ready(session: Session, slug: str, public_id: UUID) -> Release:
    seen = projects_of(person().account_id, Role.MANAGER, Role.CLIENT_READER)
    project = one_or_404(session, seen.where(Project.slug == slug))
    ready = service.of_project(project.id).where(Release.state == ReleaseState.READY)
    return one_or_404(session, ready.where(Release.public_id == public_id))
