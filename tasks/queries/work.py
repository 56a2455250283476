"""Tasks to hand out, and the assignments an expert holds or has held."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from tasks.models import (
    Assignment,
    AssignmentState,
    Draft,
    Enrolment,
    Escalation,
    EscalationState,
    Gold,
    Judgment,
    Pool,
    Project,
    Task,
    TaskPayload,
)


def open_assignment(enrolment: Enrolment) -> sa.Select[Assignment]:
    """What the expert holds in the pool now."""
    return sa.select(Assignment).where(
        Assignment.pool_id == enrolment.pool_id,
        Assignment.expert_id == enrolment.expert_id,
        Assignment.state == AssignmentState.OPEN,
    )


def worked_on(expert_id: int, project_id: int, *, since: datetime) -> sa.Select[Assignment]:
    """What the expert holds in any pool of the project, the latest first; then what expired `since`."""
    held = sa.select(Assignment).join(Pool, Pool.id == Assignment.pool_id)
    mine = held.where(Pool.project_id == project_id, Assignment.expert_id == expert_id)
    is_open = Assignment.state == AssignmentState.OPEN
    expired = (Assignment.state == AssignmentState.EXPIRED) & (Assignment.closed_at >= since)
    return mine.where(is_open | expired).order_by(is_open.desc(), Assignment.opened_at.desc())


def assignments_of(expert_id: int) -> sa.Select[Assignment]:
    """Every assignment the expert has had."""
    return sa.select(Assignment).where(Assignment.expert_id == expert_id)


def next_task(enrolment: Enrolment, *, after: int | None) -> sa.Select[Task]:
    """The next task with an open slot that the expert has never held, in drawing order."""
    found = (
        sa.select(Task)
        .where(Task.pool_id == enrolment.pool_id, Task.open_slots > 0, _unseen(enrolment, Task.id))
        .order_by(Task.draw_key, Task.id)
        .limit(1)
    )
    return found if after is None else found.where(Task.draw_key > after)


def unseen_gold(enrolment: Enrolment) -> sa.Select[Gold]:
    """Gold that the expert has never held, in a fixed order."""
    here = sa.select(Gold).where(Gold.pool_id == enrolment.pool_id, Gold.retired_at.is_(None))
    return here.where(_unseen(enrolment, Gold.task_id)).order_by(Gold.task_id)


def open_for(expert_id: int, pool_ids: list[int]) -> sa.Select[int]:
    """Which of the pools have a task open for the expert."""
    held = aliased(Assignment)
    mine = sa.exists().where(
        held.pool_id == Task.pool_id, held.task_id == Task.id, held.expert_id == expert_id
    )
    one = sa.exists().where(Task.pool_id == Pool.id, Task.open_slots > 0, ~mine)
    return sa.select(Pool.id).where(Pool.id.in_(pool_ids), one)


def payload(assignment: Assignment) -> sa.Select[TaskPayload]:
    """What is to be judged."""
    return sa.select(TaskPayload).where(
        TaskPayload.pool_id == assignment.pool_id, TaskPayload.task_id == assignment.task_id
    )


def draft(assignment: Assignment) -> sa.Select[Draft]:
    """What has been entered so far."""
    return sa.select(Draft).where(
        Draft.pool_id == assignment.pool_id,
        Draft.task_id == assignment.task_id,
        Draft.expert_id == assignment.expert_id,
    )


def judgments_between(expert_id: int, project_id: int) -> sa.Select[Judgment]:
    """The expert's judgments in a project, oldest first."""
    found = sa.select(Judgment).join(Pool, Pool.id == Judgment.pool_id)
    mine = found.where(Pool.project_id == project_id, Judgment.expert_id == expert_id)
    return mine.order_by(Judgment.submitted_at)


def open_escalations(project_id: int) -> sa.Select[Escalation]:
    """Questions of the project that wait for an answer, oldest first."""
    found = sa.select(Escalation).join(Pool, Pool.id == Escalation.pool_id)
    waiting = found.where(Pool.project_id == project_id, Escalation.state == EscalationState.OPEN)
    return waiting.order_by(Escalation.asked_at)


def questions_of(expert_id: int) -> sa.Select[Escalation, str]:
    """`(question, project's title)` of everything the expert asked, the newest first."""
    found = sa.select(Escalation, Project.title).join(Pool, Pool.id == Escalation.pool_id)
    mine = found.join(Project, Project.id == Pool.project_id)
    return mine.where(Escalation.expert_id == expert_id).order_by(Escalation.id.desc())


def questions_about(assignment: Assignment) -> sa.Select[Escalation]:
    """What was asked under one assignment, oldest first."""
    return (
        sa.select(Escalation)
        .where(Escalation.pool_id == assignment.pool_id, Escalation.task_id == assignment.task_id)
        .where(Escalation.expert_id == assignment.expert_id)
        .order_by(Escalation.id)
    )


def _unseen(
    enrolment: Enrolment, task_id: sa.orm.InstrumentedAttribute[int]
) -> sa.ColumnElement[bool]:
    held = aliased(Assignment)
    return ~sa.exists().where(
        held.pool_id == enrolment.pool_id,
        held.task_id == task_id,
        held.expert_id == enrolment.expert_id,
    )
