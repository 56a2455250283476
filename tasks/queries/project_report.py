"""A project over a period, for a paper about it: judgments, hours, check tasks, by pseudonym."""

from datetime import datetime

import sqlalchemy as sa

from tasks.models import (
    Enrolment,
    Gold,
    GoldScore,
    Judgment,
    Pool,
    Segment,
    Source,
    Timesheet,
)

_JUDGED_GOLD = sa.exists().where(Gold.pool_id == Judgment.pool_id, Gold.task_id == Judgment.task_id)
_PLACE = sa.and_(
    Enrolment.pool_id == Judgment.pool_id, Enrolment.expert_id == Judgment.expert_id
)  # fmt: skip


def judgments(project_id: int, *, start: datetime, end: datetime) -> sa.Select[Judgment, str]:
    """Experts' judgments on ordinary tasks in a half-open period, with their pseudonyms, oldest first."""
    found = sa.select(Judgment, Enrolment.pseudonym).join(Enrolment, _PLACE)
    real = found.join(Pool, Pool.id == Judgment.pool_id).where(
        Pool.project_id == project_id,
        Judgment.source == Source.EXPERT,
        Judgment.revision == 1,
        Judgment.submitted_at >= start,
        Judgment.submitted_at < end,
        ~_JUDGED_GOLD,
    )
    return real.order_by(Judgment.submitted_at, Judgment.id)


def credited(project_id: int, *, start: datetime, end: datetime) -> sa.Select[float]:
    """Seconds that the clock credited in the project within the period."""
    begins = sa.func.greatest(Segment.started_at, start)
    ends = sa.func.least(Segment.ended_at, end)
    total = sa.func.sum(sa.extract("epoch", ends - begins))
    return (
        sa.select(sa.cast(sa.func.coalesce(total, 0), sa.Double))
        .select_from(Segment)
        .join(Timesheet, Timesheet.id == Segment.timesheet_id)
        .where(
            Timesheet.project_id == project_id, Segment.started_at < end, Segment.ended_at > start
        )
    )


def check_tasks(project_id: int, *, start: datetime, end: datetime) -> sa.Select[str, int, int]:
    """`(pseudonym, right, judged)` of the check tasks met in the period, by the keys that hold now."""
    right = sa.func.count().filter(GoldScore.right)
    current = sa.and_(
        Gold.pool_id == Judgment.pool_id,
        Gold.task_id == Judgment.task_id,
        Gold.key_version == GoldScore.key_version,
    )
    scored = sa.and_(Judgment.pool_id == GoldScore.pool_id, Judgment.id == GoldScore.judgment_id)
    return (
        sa.select(Enrolment.pseudonym, right, sa.func.count())
        .select_from(GoldScore)
        .join(Judgment, scored)
        .join(Gold, current)
        .join(Enrolment, _PLACE)
        .join(Pool, Pool.id == GoldScore.pool_id)
        .where(
            Pool.project_id == project_id,
            GoldScore.judged_at >= start,
            GoldScore.judged_at < end,
        )
        .group_by(Enrolment.pseudonym)
        .order_by(Enrolment.pseudonym)
    )
