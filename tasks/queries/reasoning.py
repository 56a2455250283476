"""What reasoning reviews found: by clause of the policy, case and kind of error."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from tasks.models import Gold, Judgment, Pool, Project, TaskPayload, TaskType


def errors_by_clause(project_id: int) -> sa.Select[str, int, str | None, int]:
    """`(clause, task id, error type or None, reviews)` of the newest review of each case by each expert.

    Check tasks are left out: their cases were chosen. A case counts under each clause it names.
    """
    later = aliased(Judgment)
    newest = ~sa.exists().where(
        later.pool_id == Judgment.pool_id,
        later.task_id == Judgment.task_id,
        later.expert_id == Judgment.expert_id,
        later.revision > Judgment.revision,
    )
    golden = sa.exists().where(Gold.pool_id == Judgment.pool_id, Gold.task_id == Judgment.task_id)
    named = sa.func.jsonb_array_elements_text(TaskPayload.value["clauses"])
    clauses = named.table_valued("clause").render_derived()
    error = Judgment.value["error_type"].astext
    place = sa.and_(
        TaskPayload.pool_id == Judgment.pool_id, TaskPayload.task_id == Judgment.task_id
    )
    return (
        sa.select(clauses.c.clause, Judgment.task_id, error, sa.func.count())
        .select_from(Judgment)
        .join(TaskPayload, place)
        .join(Pool, Pool.id == Judgment.pool_id)
        .join(clauses, sa.true())
        .where(Pool.project_id == project_id, newest, ~golden)
        .group_by(clauses.c.clause, Judgment.task_id, sa.text("3"))
    )


def reviewed(projects: sa.Select[Project]) -> sa.Select[Project]:
    """Those of the projects that review reasoning."""
    return projects.where(Project.task_type == TaskType.REASONING_REVIEW).order_by(Project.title)
