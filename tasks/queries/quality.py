"""Gold scores by expert and project, against the version of the key that holds now."""

from datetime import datetime

import sqlalchemy as sa

from tasks.models import Gold, GoldScore, Judgment, Pool, Project

_RIGHT = sa.func.count().filter(GoldScore.right)
_PLACE = sa.and_(
    Judgment.pool_id == GoldScore.pool_id, Judgment.id == GoldScore.judgment_id
)  # fmt: skip
_CURRENT = sa.and_(
    Gold.pool_id == Judgment.pool_id,
    Gold.task_id == Judgment.task_id,
    Gold.key_version == GoldScore.key_version,
)


def by_project(
    expert_id: int, *, before: datetime | None = None
) -> sa.Select[int, str, float, int, int]:
    """`(project_id, title, needed, right, judged)` for each project the expert met gold in."""
    counted = GoldScore.expert_id == expert_id
    if before is not None:
        counted &= GoldScore.judged_at < before
    return (
        sa.select(Project.id, Project.title, Project.needed_level, _RIGHT, sa.func.count())
        .select_from(GoldScore)
        .join(Judgment, _PLACE)
        .join(Gold, _CURRENT)
        .join(Pool, Pool.id == GoldScore.pool_id)
        .join(Project, Project.id == Pool.project_id)
        .where(counted)
        .group_by(Project.id)
        .order_by(Project.title)
    )


def by_expert(project_id: int, *, before: datetime | None = None) -> sa.Select[int, int, int]:
    """`(expert_id, right, judged)` for each expert who met the project's gold."""
    counted = Pool.project_id == project_id
    if before is not None:
        counted &= GoldScore.judged_at < before
    return (
        sa.select(GoldScore.expert_id, _RIGHT, sa.func.count())
        .join(Judgment, _PLACE)
        .join(Gold, _CURRENT)
        .join(Pool, Pool.id == GoldScore.pool_id)
        .where(counted)
        .group_by(GoldScore.expert_id)
        .order_by(GoldScore.expert_id)
    )


def scores(expert_id: int, *, start: datetime, end: datetime) -> sa.Select[int, datetime, bool]:
    """`(project_id, judged_at, right)` of the expert's gold in a half-open period, oldest first."""
    return (
        sa.select(Pool.project_id, GoldScore.judged_at, GoldScore.right)
        .join(Judgment, _PLACE)
        .join(Gold, _CURRENT)
        .join(Pool, Pool.id == GoldScore.pool_id)
        .where(GoldScore.expert_id == expert_id)
        .where(GoldScore.judged_at >= start, GoldScore.judged_at < end)
        .order_by(GoldScore.judged_at)
    )
