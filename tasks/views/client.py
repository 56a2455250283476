"""What a client's reader sees: their own organisation's projects, how far and how good, never who."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading
from tasks.models import Project, ProjectState, Release, ReleaseState
from tasks.queries import managing
from tasks.queries.projects import projects_of
from tasks.service import releases
from tasks.types import kind
from tasks.views import pictures
from tasks.views.projects import STATES, distribution, shares

bp = Blueprint("client", __name__, url_prefix="/client", template_folder="../templates")


@bp.get("/")
@requires(Role.CLIENT_READER)
def index() -> str:
    """The organisation's projects with what is done of each. A constant number of queries."""
    with reading() as session:
        found = session.scalars(_mine().order_by(Project.title)).all()
        done = dict(session.execute(managing.done_in([each.id for each in found])).all())
        targets = dict(session.execute(managing.targets_of([each.id for each in found])).all())
        rows = [(each, done.get(each.id, 0), targets.get(each.id, 0)) for each in found]
        return render_template("tasks/client_projects.html", rows=rows, states=STATES)


@bp.get("/<slug>")
@requires(Role.CLIENT_READER)
def project(slug: str) -> str:
    """One project: progress with its range, quality of the work, answers given, releases."""
    with reading() as session:
        found = one_or_404(session, _mine().where(Project.slug == slug))
        return render_template("tasks/client_project.html", **_report(session, found))


def _report(session: Session, project: Project) -> dict[str, Any]:
    now = clock.now(session)
    tasks, golden = session.execute(managing.task_counts(project.id)).one()
    days = [(day, count) for day, count in session.execute(managing.judged_by_day(project))]
    target = (tasks - golden) * project.overlap
    known = [share for share in shares(session, project).values() if share.point is not None]
    rules = kind(project.task_type)
    counts: dict[str, int] = {}
    for judgment in session.scalars(managing.labels(project.id)):
        label = rules.label(judgment.value)
        counts[label] = counts.get(label, 0) + 1
    ready = releases.of_project(project.id).where(Release.state == ReleaseState.READY)
    return {
        "project": project,
        "states": STATES,
        "as_of": now,
        "tasks": tasks - golden,
        "done": sum(count for _day, count in days),
        "target": target,
        "experts": session.scalar(managing.expert_count(project.id)),
        "progress": pictures.progress(days, target, today=now.astimezone(project.zone).date()),
        "quality": distribution([share.point or 0.0 for share in known], project),
        "measured": len(known),
        "labels": sorted(counts.items()),
        "releases": session.scalars(ready).all(),
    }


def _mine() -> sa.Select[Project]:
    """The projects of the reader's organisation that have been opened."""
    return projects_of(person().account_id, Role.CLIENT_READER).where(
        Project.state != ProjectState.DRAFT
    )
