"""What a manager looks at: a project's tasks, people and progress in numbers."""

from datetime import date

import sqlalchemy as sa

from portal.accounts.models import Account
from tasks.models import (
    Enrolment,
    Gold,
    Judgment,
    Pool,
    Project,
    Segment,
    Task,
    TaskPayload,
    Timesheet,
    TimesheetState,
)
from tasks.queries.time import SECONDS

_IS_GOLD = sa.exists().where(Gold.pool_id == Task.pool_id, Gold.task_id == Task.id)
_JUDGED_GOLD = sa.exists().where(Gold.pool_id == Judgment.pool_id, Gold.task_id == Judgment.task_id)


def task_counts(project_id: int) -> sa.Select[int, int]:
    """`(tasks, of these gold)`."""
    golden = sa.func.count().filter(_IS_GOLD)
    found = sa.select(sa.func.count(), golden).select_from(Task).join(Pool, Pool.id == Task.pool_id)
    return found.where(Pool.project_id == project_id)


def judged_by_day(project: Project) -> sa.Select[date, int]:
    """Judgments on ordinary tasks by local day of the project's payroll zone."""
    day = sa.cast(sa.func.timezone(project.payroll_zone, Judgment.submitted_at), sa.Date)
    found = sa.select(day.label("day"), sa.func.count()).join(Pool, Pool.id == Judgment.pool_id)
    real = found.where(Pool.project_id == project.id, Judgment.revision == 1, ~_JUDGED_GOLD)
    return real.group_by(sa.literal_column("day")).order_by(sa.literal_column("day"))


def tasks_after(project_id: int, after: int, limit: int) -> sa.Select[Task, int, bool]:
    """A page of tasks by id: `(task, judgments, is gold)`."""
    judged = (
        sa.select(sa.func.count())
        .where(Judgment.pool_id == Task.pool_id, Judgment.task_id == Task.id)
        .scalar_subquery()
    )
    found = sa.select(Task, judged, _IS_GOLD).join(Pool, Pool.id == Task.pool_id)
    return (
        found.where(Pool.project_id == project_id, Task.id > after).order_by(Task.id).limit(limit)
    )


def people(project_id: int) -> sa.Select[Account, Enrolment, int, float]:
    """`(account, place, judgments, credited seconds)` of everyone enrolled."""
    judged = (
        sa.select(sa.func.count())
        .where(Judgment.pool_id == Enrolment.pool_id, Judgment.expert_id == Enrolment.expert_id)
        .scalar_subquery()
    )
    seconds = (
        sa.select(SECONDS)
        .select_from(Segment)
        .join(Timesheet, Timesheet.id == Segment.timesheet_id)
        .where(Timesheet.project_id == project_id, Segment.expert_id == Enrolment.expert_id)
        .scalar_subquery()
    )
    found = sa.select(Account, Enrolment, judged, seconds)
    joined = found.join(Enrolment, Enrolment.expert_id == Account.id)
    return (
        joined.join(Pool, Pool.id == Enrolment.pool_id)
        .where(Pool.project_id == project_id)
        .order_by(Account.display_name)
    )


def waiting_timesheets(project_id: int) -> sa.Select[Timesheet, str, float]:
    """`(timesheet, name, credited seconds)` of what waits for approval, the oldest first."""
    seconds = sa.select(SECONDS).where(Segment.timesheet_id == Timesheet.id).scalar_subquery()
    found = sa.select(Timesheet, Account.display_name, seconds)
    joined = found.join(Account, Account.id == Timesheet.expert_id)
    return joined.where(
        Timesheet.project_id == project_id, Timesheet.state == TimesheetState.SUBMITTED
    ).order_by(Timesheet.submitted_at)


def labels(project_id: int) -> sa.Select[Judgment]:
    """Judgments on ordinary tasks."""
    found = sa.select(Judgment).join(Pool, Pool.id == Judgment.pool_id)
    return found.where(Pool.project_id == project_id, ~_JUDGED_GOLD).order_by(Judgment.id)


def released(project_id: int) -> sa.Select[str, Judgment, str]:
    """`(task key, judgment, pseudonym)` of every judgment on an ordinary task, for a release."""
    task = sa.and_(Task.pool_id == Judgment.pool_id, Task.id == Judgment.task_id)
    place = sa.and_(
        Enrolment.pool_id == Judgment.pool_id, Enrolment.expert_id == Judgment.expert_id
    )
    found = sa.select(Task.key, Judgment, Enrolment.pseudonym).join(Task, task)
    joined = found.join(Enrolment, place).join(Pool, Pool.id == Judgment.pool_id)
    return joined.where(Pool.project_id == project_id, ~_JUDGED_GOLD).order_by(Judgment.id)


def payload_of(task: Task) -> sa.Select[TaskPayload]:
    """A task's content."""
    return sa.select(TaskPayload).where(
        TaskPayload.pool_id == task.pool_id, TaskPayload.task_id == task.id
    )


def done_in(project_ids: list[int]) -> sa.Select[int, int]:
    """`(project, judgments on ordinary tasks)`."""
    found = sa.select(Pool.project_id, sa.func.count()).join(Judgment, Judgment.pool_id == Pool.id)
    real = found.where(Pool.project_id.in_(project_ids), Judgment.revision == 1, ~_JUDGED_GOLD)
    return real.group_by(Pool.project_id)


def targets_of(project_ids: list[int]) -> sa.Select[int, int]:
    """`(project, judgments planned)`: ordinary tasks times their overlap."""
    found = (
        sa.select(Project.id, sa.func.count() * Project.overlap)
        .join(Pool, Pool.project_id == Project.id)
        .join(Task, Task.pool_id == Pool.id)
    )
    return found.where(Project.id.in_(project_ids), ~_IS_GOLD).group_by(Project.id)


def expert_count(project_id: int) -> sa.Select[int]:
    """How many people have answered in a project."""
    found = sa.select(sa.func.count(sa.distinct(Judgment.expert_id))).select_from(Judgment)
    return found.join(Pool, Pool.id == Judgment.pool_id).where(Pool.project_id == project_id)


def paused_place(project_id: int, expert_id: int) -> sa.Select[Enrolment]:
    """The expert's place in the project where it is paused."""
    places = sa.select(Enrolment).join(Pool, Pool.id == Enrolment.pool_id)
    mine = places.where(Pool.project_id == project_id, Enrolment.expert_id == expert_id)
    return mine.where(Enrolment.paused_at.is_not(None)).limit(1)


def experts_in(projects: sa.Select[Project]) -> sa.Select[int]:
    """The accounts enrolled in any of the projects."""
    ids = projects.with_only_columns(Project.id)
    found = sa.select(Enrolment.expert_id).join(Pool, Pool.id == Enrolment.pool_id)
    return found.where(Pool.project_id.in_(ids))
