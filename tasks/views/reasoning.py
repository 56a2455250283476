"""Where reasoning fails and why: clause by kind of error, for whoever owns the policy."""

from typing import Any

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from portal.access import Role, person, requires
from portal.charts.heat import level
from portal.db import reading
from tasks.models import Clause, Project
from tasks.quality.failures import failures
from tasks.quality.share import ENOUGH
from tasks.queries import projects as project_queries
from tasks.queries import reasoning as queries
from tasks.types.reasoning_review import ERROR_TYPES

bp = Blueprint("reasoning", __name__, url_prefix="/reasoning", template_folder="../templates")


@bp.get("/")
@requires(Role.POLICY_EXPERT, Role.MANAGER)
def index() -> str:
    """One table a project."""
    with reading() as session:
        mine = project_queries.projects_of(person().account_id, Role.POLICY_EXPERT, Role.MANAGER)
        found = session.scalars(queries.reviewed(mine)).all()
        return render_template(
            "tasks/reasoning.html",
            projects=[_of(session, project) for project in found],
            kinds=ERROR_TYPES,
            enough=ENOUGH,
            level=level,
        )


def _of(session: Session, project: Project) -> dict[str, Any]:
    counted = session.execute(queries.errors_by_clause(project.id)).all()
    version = session.scalar(project_queries.newest_policy(project.policy_id))
    clauses = session.scalars(project_queries.clauses(version)).all() if version else []
    titles = {clause.number: clause.title for clause in clauses if isinstance(clause, Clause)}
    return {"project": project, "rows": failures(counted, ERROR_TYPES), "titles": titles}
