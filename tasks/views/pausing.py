"""Pausing somebody's new tasks in a project, and letting them go on: a decision with its evidence."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.decisions import evidence as words
from tasks.forms import PauseForm
from tasks.models import Enrolment, Project
from tasks.queries import managing
from tasks.queries.projects import projects_of
from tasks.service import pauses

_DECIDES = (Role.MANAGER, Role.REVIEWER)

bp = Blueprint(
    "pausing",
    __name__,
    url_prefix="/projects/<slug>/people/<uuid:public_id>",
    template_folder="../templates",
)


@bp.get("/pause")
@requires(*_DECIDES)
def show(slug: str, public_id: UUID) -> str:
    """What is seen of the person's work here, and the form."""
    with reading() as session:
        return _page(session, slug, public_id, PauseForm())


@bp.post("/pause")
@requires(*_DECIDES)
def pause(slug: str, public_id: UUID) -> Response | tuple[str, int]:
    """Pause their new tasks."""
    form = PauseForm()
    me = person().account_id
    with transaction() as session:
        project, expert = _found(session, slug, public_id)
        if not form.validate_on_submit():
            return _page(session, slug, public_id, form), 422
        reason, now = form.reason.data, clock.now(session)
        pauses.pause(session, project, expert.id, by=me, reason=reason, now=now)
    flash(_("Paused. They have been told why, and by when somebody has looked."), "good")
    return redirect(url_for("pausing.show", slug=slug, public_id=public_id))


@bp.post("/resume")
@requires(*_DECIDES)
def resume(slug: str, public_id: UUID) -> Response | tuple[str, int]:
    """Let them go on."""
    form = PauseForm()
    me = person().account_id
    with transaction() as session:
        project, expert = _found(session, slug, public_id)
        if not form.validate_on_submit():
            return _page(session, slug, public_id, form), 422
        reason, now = form.reason.data, clock.now(session)
        pauses.resume(session, project, expert.id, by=me, reason=reason, now=now)
    flash(_("New tasks are open to them again, and they have been told."), "good")
    return redirect(url_for("pausing.show", slug=slug, public_id=public_id))


def _found(session: Session, slug: str, public_id: UUID) -> tuple[Project, Account]:
    """The project through the person's grants, and somebody else who works on it."""
    seen = projects_of(person().account_id, *_DECIDES).where(Project.slug == slug)
    project = one_or_404(session, seen)
    here = managing.experts_in(sa.select(Project).where(Project.id == project.id))
    others = sa.select(Account).where(Account.id.in_(here), Account.id != person().account_id)
    return project, one_or_404(session, others.where(Account.public_id == public_id))


def _page(session: Session, slug: str, public_id: UUID, form: PauseForm) -> str:
    project, expert = _found(session, slug, public_id)
    seen: dict[str, Any] = pauses.evidence(session, project, expert.id, now=clock.now(session))
    place: Enrolment | None = session.scalar(managing.paused_place(project.id, expert.id))
    return render_template(
        "tasks/pause.html",
        project=project,
        expert=expert,
        place=place,
        facts=words.facts(seen),
        measured=words.measured(seen, str(_("Check tasks"))),
        days=pauses.LOOKED_AT_WITHIN.days,
        form=form,
    )
