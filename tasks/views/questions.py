"""Questions from the work, answered by policy experts and managers."""

from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from tasks.models import Escalation, EscalationState, Pool, Project, TaskPayload
from tasks.queries.projects import projects_of
from tasks.service import judge
from tasks.types import kind

bp = Blueprint("questions", __name__, url_prefix="/questions", template_folder="../templates")

_MOST = 50


@bp.get("/")
@requires(Role.POLICY_EXPERT, Role.MANAGER)
def index() -> str:
    """The open questions, oldest first, each with its task, and the last answers."""
    task = sa.and_(
        TaskPayload.pool_id == Escalation.pool_id, TaskPayload.task_id == Escalation.task_id
    )
    with reading() as session:
        found = _mine().add_columns(TaskPayload, Project).join(TaskPayload, task)
        rows = session.execute(found.where(Escalation.state == EscalationState.OPEN).limit(_MOST))
        waiting = [
            (each, project, kind(payload.task_type).view(payload.value, ["a", "b"]))
            for each, payload, project in rows
        ]
        answered = _mine().where(Escalation.state == EscalationState.ANSWERED)
        last = answered.order_by(None).order_by(Escalation.answered_at.desc()).limit(10)
        return render_template(
            "tasks/questions.html", waiting=waiting, answered=session.scalars(last).all()
        )


@bp.post("/<uuid:public_id>")
@requires(Role.POLICY_EXPERT, Role.MANAGER)
def answer(public_id: UUID) -> Response:
    """Answer one."""
    words = request.form.get("answer", "").strip()
    with transaction() as session:
        asked = one_or_404(session, _mine().where(Escalation.public_id == public_id))
        if words:
            now, me = clock.now(session), person().account_id
            judge.answer_question(session, asked, answer=words, by=me, now=now)
    flash(_("Answered.") if words else _("Write an answer first."), "good" if words else "warning")
    return redirect(url_for("questions.index"))


def _mine() -> sa.Select[Escalation]:
    """The questions of the projects that the person may see."""
    projects = projects_of(person().account_id, Role.POLICY_EXPERT, Role.MANAGER)
    found = sa.select(Escalation).join(Pool, Pool.id == Escalation.pool_id)
    joined = found.join(Project, Project.id == Pool.project_id)
    ids = projects.with_only_columns(Project.id)
    return joined.where(Project.id.in_(ids)).order_by(Escalation.asked_at)
