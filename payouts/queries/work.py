"""The work behind statement lines: judgments to pay, a task's earlier time, quality, bonuses."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from payouts.models import Bonus, BonusState, PaidJudgment, StatementLine
from tasks.models import Judgment, Pool, Project, Segment, Source, Terms, Timesheet

_THEIRS = sa.and_(
    PaidJudgment.pool_id == Judgment.pool_id, PaidJudgment.judgment_id == Judgment.id
)  # fmt: skip


def unpaid_judgments(sheet: Timesheet, until: datetime) -> sa.Select[Judgment]:
    """The expert's first answers in the sheet's project up to a moment that no line pays yet."""
    return (
        sa.select(Judgment)
        .join(Pool, Pool.id == Judgment.pool_id)
        .where(
            Pool.project_id == sheet.project_id,
            Judgment.expert_id == sheet.expert_id,
            Judgment.source == Source.EXPERT,
            Judgment.revision == 1,
            Judgment.submitted_at < until,
            ~sa.exists().where(_THEIRS),
        )
        .order_by(Judgment.pool_id, Judgment.id)
    )


def paid_judgments(timesheet_id: int) -> sa.Select[Judgment]:
    """The judgments that the timesheet's lines pay."""
    return (
        sa.select(Judgment)
        .join(PaidJudgment, _THEIRS)
        .join(StatementLine, StatementLine.id == PaidJudgment.statement_line_id)
        .where(StatementLine.timesheet_id == timesheet_id)
        .order_by(Judgment.pool_id, Judgment.id)
    )


def time_before(sheet: Timesheet) -> sa.Select[int | None, int | None, int]:
    """Pool, task and the microseconds credited on it on earlier sheets, for the tasks of this one."""
    here = aliased(Segment)
    mine = sa.exists().where(
        here.timesheet_id == sheet.id,
        here.pool_id == Segment.pool_id,
        here.task_id == Segment.task_id,
    )
    microseconds = sa.func.extract("epoch", Segment.ended_at - Segment.started_at) * 1_000_000
    return (
        sa.select(
            Segment.pool_id, Segment.task_id, sa.cast(sa.func.sum(microseconds), sa.BigInteger)
        )
        .where(Segment.expert_id == sheet.expert_id, Segment.timesheet_id < sheet.id, mine)
        .group_by(Segment.pool_id, Segment.task_id)
    )


def quality_line(timesheet_id: int) -> sa.Select[StatementLine]:
    """The line that says how the person did when the statement was drawn."""
    return sa.select(StatementLine).where(
        StatementLine.timesheet_id == timesheet_id, StatementLine.kind == "quality"
    )


def unpaid_bonuses(expert_id: int | None = None) -> sa.Select[Bonus, Project]:
    """Approved bonuses on no line yet, of one expert or of all."""
    on_line = sa.exists().where(StatementLine.bonus_id == Bonus.id)
    waiting = (
        sa.select(Bonus, Project)
        .join(Project, Project.id == Bonus.project_id)
        .where(Bonus.state == BonusState.APPROVED, ~on_line)
        .order_by(Bonus.id)
    )
    return waiting if expert_id is None else waiting.where(Bonus.expert_id == expert_id)


def bonuses(ids: Iterable[int]) -> sa.Select[Bonus]:
    """Some bonuses."""
    return sa.select(Bonus).where(Bonus.id.in_(list(ids)))


def bonuses_of(project_id: int) -> sa.Select[Bonus]:
    """A project's bonuses, newest first."""
    return sa.select(Bonus).where(Bonus.project_id == project_id).order_by(Bonus.id.desc())


def announced_bonuses(expert_id: int) -> sa.Select[Bonus]:
    """The expert's bonuses that terms had announced."""
    return sa.select(Bonus).where(Bonus.expert_id == expert_id, Bonus.announced.is_not(None))


def accepted_terms(expert_id: int) -> sa.Select[Terms, Project]:
    """Everything the expert has accepted, the oldest first, with its project."""
    return (
        sa.select(Terms, Project)
        .join(Project, Project.id == Terms.project_id)
        .where(Terms.expert_id == expert_id)
        .order_by(Terms.id)
    )
