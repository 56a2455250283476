"""Tasks, who holds them, and what experts said about them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId
from tasks.models.projects import TaskType


class Task(Base):
    """One thing to judge, open to as many experts as it has open slots. Gold has none."""

    __tablename__ = "task"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "id"),
        sa.UniqueConstraint("pool_id", "key"),
        sa.CheckConstraint("open_slots >= 0", name="open_slots_not_negative"),
        sa.Index(
            "ix_task_ready",
            "pool_id",
            "draw_key",
            "id",
            postgresql_where=sa.text("open_slots > 0"),
        ),
    )

    pool_id: Mapped[int] = mapped_column(sa.ForeignKey("pool.id"))
    id: Mapped[Serial] = mapped_column(init=False)
    key: Mapped[str]
    """The client's name for it, unique in the project: a second import adds nothing."""
    draw_key: Mapped[int]
    """Random from the import's seed: the order in which tasks are handed out."""
    open_slots: Mapped[int]
    imported_at: Mapped[datetime]


class TaskPayload(Base):
    """What is to be judged; append-only, checked by its task type when it came in."""

    __tablename__ = "task_payload"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "task_id"),
        sa.ForeignKeyConstraint(["pool_id", "task_id"], ["task.pool_id", "task.id"]),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
    )

    pool_id: Mapped[int]
    task_id: Mapped[int]
    task_type: Mapped[TaskType]
    schema_version: Mapped[int]
    value: Mapped[dict[str, Any]]
    sha256: Mapped[bytes]


class Enrolment(Base):
    """An expert's place in a pool; its lock lets one person's tabs in one at a time."""

    __tablename__ = "enrolment"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "expert_id"),
        sa.UniqueConstraint("pool_id", "pseudonym"),
        sa.CheckConstraint("judgment_cap IS NULL OR judgment_cap > 0", name="cap_positive"),
        sa.CheckConstraint(
            "(paused_at IS NULL) = (pause_reason IS NULL)"
            " AND (paused_at IS NULL) = (pause_until IS NULL)"
            " AND (paused_at IS NULL) = (pause_decision_id IS NULL)",
            name="pause_says_why_and_until_when",
        ),
        sa.Index(
            "ix_enrolment_paused", "pause_until", postgresql_where=sa.text("paused_at IS NOT NULL")
        ),
        sa.CheckConstraint("draws >= 0 AND judged >= 0", name="counts_not_negative"),
    )

    pool_id: Mapped[int] = mapped_column(sa.ForeignKey("pool.id"))
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    pseudonym: Mapped[str]
    """What releases call this expert."""
    enrolled_at: Mapped[datetime]
    probe_seed: Mapped[int]
    """Seeds the generator that decides which of their draws are probes."""
    qualification_revision: Mapped[int]
    valid_until: Mapped[datetime | None] = mapped_column(default=None)
    judgment_cap: Mapped[int | None] = mapped_column(default=None)
    cursor: Mapped[int] = mapped_column(default=-1, init=False)
    draws: Mapped[int] = mapped_column(default=0, init=False)
    judged: Mapped[int] = mapped_column(default=0, init=False)
    paused_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    pause_reason: Mapped[str | None] = mapped_column(default=None, init=False)
    pause_until: Mapped[datetime | None] = mapped_column(default=None, init=False)
    """By when a person has looked; then it ends by itself."""
    pause_decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )

    def pause(self, *, reason: str, decision_id: int, until: datetime, now: datetime) -> None:
        """Hand out nothing new until a person has looked, by a decision that can be appealed."""
        self.paused_at, self.pause_reason = now, reason
        self.pause_until, self.pause_decision_id = until, decision_id

    def resume(self) -> None:
        """Hand out tasks again."""
        self.paused_at = self.pause_reason = None
        self.pause_until = self.pause_decision_id = None


class AssignmentState(StrEnum):
    """LATE was submitted after it expired: kept, and paid."""

    OPEN = "open"
    SUBMITTED = "submitted"
    RELEASED = "released"
    EXPIRED = "expired"
    LATE = "late"


_TRANSITIONS: Final = {
    AssignmentState.OPEN: {
        AssignmentState.SUBMITTED,
        AssignmentState.RELEASED,
        AssignmentState.EXPIRED,
    },
    AssignmentState.EXPIRED: {AssignmentState.LATE},
}


class Assignment(Base):
    """An expert's hold on one task until `due_at`."""

    __tablename__ = "assignment"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "task_id", "expert_id"),
        sa.ForeignKeyConstraint(["pool_id", "task_id"], ["task.pool_id", "task.id"]),
        sa.ForeignKeyConstraint(
            ["pool_id", "expert_id"], ["enrolment.pool_id", "enrolment.expert_id"]
        ),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_at_iff_closed"),
        sa.CheckConstraint("due_at > opened_at", name="due_later"),
        sa.Index(
            "uq_assignment_one_open",
            "pool_id",
            "expert_id",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.Index("ix_assignment_due", "due_at", postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_assignment_expert_id", "expert_id", "opened_at"),
    )

    pool_id: Mapped[int]
    task_id: Mapped[int]
    expert_id: Mapped[int]
    public_id: Mapped[RandomId]
    """All that the browser ever sees of it."""
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("terms.id"))
    guideline_version_id: Mapped[int] = mapped_column(sa.ForeignKey("guideline_version.id"))
    order_shown: Mapped[list[str]]
    """In which order the parts are shown: ["b", "a"] has b on the left."""
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[AssignmentState] = mapped_column(default=AssignmentState.OPEN, init=False)
    closed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def submit(self, *, now: datetime) -> None:
        """A judgment was given, in time or late."""
        late = self.state is AssignmentState.EXPIRED
        self._close(AssignmentState.LATE if late else AssignmentState.SUBMITTED, now)

    def release(self, *, now: datetime) -> None:
        """The expert gives the task back."""
        self._close(AssignmentState.RELEASED, now)

    def expire(self, *, now: datetime) -> None:
        """The hold has run out."""
        self._close(AssignmentState.EXPIRED, now)

    def _close(self, target: AssignmentState, now: datetime) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.closed_at = now


class Draft(Base):
    """What an expert has entered so far; gone once it is submitted."""

    __tablename__ = "draft"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "task_id", "expert_id"),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
        ),
    )

    pool_id: Mapped[int]
    task_id: Mapped[int]
    expert_id: Mapped[int]
    entries: Mapped[dict[str, Any]]
    """The form's fields as they stand: they need not be valid yet."""
    saved_at: Mapped[datetime]


class Source(StrEnum):
    """Who gave a judgment."""

    EXPERT = "expert"
    REVIEWER = "reviewer"


class Judgment(Base):
    """What was submitted under an assignment; append-only, a change is a new revision."""

    __tablename__ = "judgment"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "id"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("pool_id", "task_id", "expert_id", "revision"),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
        ),
        sa.CheckConstraint("revision >= 1", name="revision_from_one"),
        sa.CheckConstraint("active_seconds >= 0", name="active_seconds_not_negative"),
        sa.Index("ix_judgment_expert_id", "expert_id", "submitted_at"),
        sa.Index("ix_judgment_submitted_at", "pool_id", "submitted_at"),
    )

    pool_id: Mapped[int]
    id: Mapped[Serial] = mapped_column(init=False)
    task_id: Mapped[int]
    expert_id: Mapped[int]
    value: Mapped[dict[str, Any]]
    schema_version: Mapped[int]
    guideline_version_id: Mapped[int] = mapped_column(sa.ForeignKey("guideline_version.id"))
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("terms.id"))
    order_shown: Mapped[list[str]]
    active_seconds: Mapped[float] = mapped_column(sa.Double)
    late: Mapped[bool]
    submitted_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    source: Mapped[Source] = mapped_column(default=Source.EXPERT)


class EscalationState(StrEnum):
    """A question upward is open until a person answers."""

    OPEN = "open"
    ANSWERED = "answered"


_ESCALATIONS: Final = {EscalationState.OPEN: {EscalationState.ANSWERED}}


class Escalation(Base):
    """A question about a task that the guideline and the policy did not answer."""

    __tablename__ = "escalation"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
        ),
        sa.CheckConstraint("length(trim(question)) > 0", name="question_given"),
        sa.CheckConstraint(
            "(state = 'open') = (answered_at IS NULL) AND (state = 'open') = (answer IS NULL)"
            " AND (state = 'open') = (answered_by_id IS NULL)",
            name="answered_iff_answer",
        ),
        sa.CheckConstraint("answered_by_id <> expert_id", name="nobody_answers_own"),
        sa.Index("ix_escalation_open", "pool_id", postgresql_where=sa.text("state = 'open'")),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    pool_id: Mapped[int]
    task_id: Mapped[int]
    expert_id: Mapped[int]
    question: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[EscalationState] = mapped_column(default=EscalationState.OPEN, init=False)
    answer: Mapped[str | None] = mapped_column(default=None, init=False)
    answered_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    answered_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )

    def settle(self, *, answer: str, by: int, now: datetime) -> None:
        """Answer it."""
        self.state = move(_ESCALATIONS, self.state, EscalationState.ANSWERED)
        self.answer, self.answered_by_id, self.answered_at = answer, by, now
