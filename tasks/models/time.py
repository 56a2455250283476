"""The work clock: sessions, heartbeats, credited segments, adjustments and timesheets."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class Activity(StrEnum):
    """What the time was spent on."""

    TASK = "task"
    READING = "reading"
    TRAINING = "training"
    REVIEW = "review"


class SessionEnd(StrEnum):
    """How a work session ended."""

    ENDED = "ended"
    MOVED = "moved"  # the expert began to work on another project
    ABANDONED = "abandoned"


class WorkSession(Base):
    """One sitting on one project. An expert has one live session at most, over all projects.

    `epoch` goes up whenever a tab takes the clock over; beats of an older epoch credit nothing.
    """

    __tablename__ = "work_session"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_says_why"),
        sa.CheckConstraint("last_beat_at >= started_at", name="beats_after_start"),
        sa.CheckConstraint("epoch >= 1 AND last_seq >= 0", name="counts_sensible"),
        sa.Index(
            "uq_work_session_live",
            "expert_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index(
            "ix_work_session_quiet", "last_beat_at", postgresql_where=sa.text("ended_at IS NULL")
        ),
        sa.Index("ix_work_session_expert_id", "expert_id", "started_at"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("terms.id"))
    started_at: Mapped[datetime]
    last_beat_at: Mapped[datetime]
    epoch: Mapped[int] = mapped_column(default=1, init=False)
    last_seq: Mapped[int] = mapped_column(default=0, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    end_reason: Mapped[SessionEnd | None] = mapped_column(default=None, init=False)

    def end(self, reason: SessionEnd, *, now: datetime) -> None:
        """Stop the clock; ending it twice changes nothing."""
        if self.ended_at is None:
            self.ended_at, self.end_reason = now, reason

    def take_over(self) -> None:
        """Another tab or device counts from here on."""
        self.epoch += 1
        self.last_seq = 0


class BeatKind(StrEnum):
    """BEAT came from the clock in the page, ACT is something the expert did: submit, skip, start."""

    BEAT = "beat"
    ACT = "act"


class Heartbeat(Base):
    """A sign of work, stamped by our clock; append-only.

    Partitioned by ranges of the ever-growing id. `idle_seconds` is how long before it the last
    input was; only *that* there was input is known, never what.
    """

    __tablename__ = "heartbeat"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("(pool_id IS NULL) = (task_id IS NULL)", name="whole_task_or_none"),
        sa.CheckConstraint("capped_seconds >= 0", name="capped_seconds_not_negative"),
        sa.Index("ix_heartbeat_session_id", "session_id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("work_session.id"))
    kind: Mapped[BeatKind]
    epoch: Mapped[int]
    seq: Mapped[int | None]
    at: Mapped[datetime]
    idle_seconds: Mapped[float] = mapped_column(sa.Double)
    gap_seconds: Mapped[float] = mapped_column(sa.Double)
    credited_seconds: Mapped[float] = mapped_column(sa.Double)
    pool_id: Mapped[int | None] = mapped_column(default=None)
    task_id: Mapped[int | None] = mapped_column(default=None)
    """The task that was held, where one was."""
    capped_seconds: Mapped[float] = mapped_column(sa.Double, default=0.0, server_default="0")
    """What was not credited since the task's planned time was used up."""


class TimesheetState(StrEnum):
    """LOCKED is on a statement: nothing enters it any more."""

    OPEN = "open"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    LOCKED = "locked"


_TRANSITIONS: Final = {
    TimesheetState.OPEN: {TimesheetState.SUBMITTED},
    TimesheetState.SUBMITTED: {TimesheetState.APPROVED, TimesheetState.OPEN},
    TimesheetState.APPROVED: {TimesheetState.LOCKED},
}


class Timesheet(Base):
    """An expert's week in a project, Monday to Monday in the project's payroll zone.

    What is worked after a week's sheet was submitted goes into the week's next `part`. Triggers
    refuse segments outside an open sheet and any change of a locked one.
    """

    __tablename__ = "timesheet"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("expert_id", "project_id", "week", "part"),
        sa.Index(
            "uq_timesheet_one_open",
            "expert_id",
            "project_id",
            "week",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.CheckConstraint("extract(isodow FROM week) = 1", name="week_begins_on_monday"),
        sa.CheckConstraint("part >= 1", name="part_from_one"),
        sa.CheckConstraint("ends_at > starts_at", name="ends_later"),
        sa.CheckConstraint("(state = 'open') = (submitted_at IS NULL)", name="submitted_iff_not_open"),
        sa.CheckConstraint("(state IN ('approved', 'locked')) = (approved_at IS NOT NULL)", name="approved_at_iff_approved"),
        sa.CheckConstraint("(state = 'locked') = (locked_at IS NOT NULL)", name="locked_at_iff_locked"),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_at IS NOT NULL", name="approver_approved"),
        sa.CheckConstraint("approved_by_id <> expert_id", name="nobody_approves_own"),
        sa.Index("ix_timesheet_waiting", "project_id", "submitted_at", postgresql_where=sa.text("state = 'submitted'")),
    )  # fmt: skip

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    week: Mapped[date]
    """The Monday it begins on, in the project's payroll zone."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    part: Mapped[int] = mapped_column(default=1)
    state: Mapped[TimesheetState] = mapped_column(default=TimesheetState.OPEN, init=False)
    submitted_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    approved_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    approved_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    """None where it was approved by rule."""
    locked_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    returned_reason: Mapped[str | None] = mapped_column(default=None, init=False)

    def submit(self, *, now: datetime) -> None:
        """The expert hands it in."""
        self.state = move(_TRANSITIONS, self.state, TimesheetState.SUBMITTED)
        self.submitted_at, self.returned_reason = now, None

    def give_back(self, *, reason: str) -> None:
        """The manager asks the expert to look at it again; nothing is taken away."""
        self.state = move(_TRANSITIONS, self.state, TimesheetState.OPEN)
        self.submitted_at, self.returned_reason = None, reason

    def approve(self, *, by: int | None, now: datetime) -> None:
        """Its time may be paid. `by` is None where the rule approved it."""
        self.state = move(_TRANSITIONS, self.state, TimesheetState.APPROVED)
        self.approved_at, self.approved_by_id = now, by

    def lock(self, *, now: datetime) -> None:
        """It is on a statement."""
        self.state = move(_TRANSITIONS, self.state, TimesheetState.LOCKED)
        self.locked_at = now


class Segment(Base):
    """A credited half-open span [started_at, ended_at); append-only, never rounded.

    No two of an expert's segments overlap, over all projects: no second is paid twice.
    """

    __tablename__ = "segment"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("ended_at > started_at", name="ends_later"),
        sa.CheckConstraint("(pool_id IS NULL) = (task_id IS NULL)", name="whole_task_or_none"),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
        ),
        ExcludeConstraint(
            ("expert_id", "="),
            (sa.text("tstzrange(started_at, ended_at)"), "&&"),
            name="ex_segment_no_overlap",
            using="gist",
        ),
        sa.Index("ix_segment_timesheet_id", "timesheet_id", "started_at"),
        sa.Index("ix_segment_expert_id", "expert_id", "started_at"),
        sa.Index("ix_segment_assignment", "pool_id", "task_id", "expert_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("work_session.id"))
    timesheet_id: Mapped[int] = mapped_column(sa.ForeignKey("timesheet.id"))
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("terms.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    activity: Mapped[Activity]
    pool_id: Mapped[int | None] = mapped_column(default=None)
    task_id: Mapped[int | None] = mapped_column(default=None)


class AdjustmentState(StrEnum):
    """Only APPROVED adjustments count."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


_ADJUSTMENTS: Final = {AdjustmentState.ASKED: {AdjustmentState.APPROVED, AdjustmentState.REFUSED}}


class Adjustment(Base):
    """Signed seconds on a work day that the clock did not see, with a reason; shown apart."""

    __tablename__ = "adjustment"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("seconds <> 0 AND abs(seconds) <= 86400", name="seconds_sensible"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_iff_decided"),
        sa.CheckConstraint(
            "state <> 'refused' OR (decided_by_id IS NOT NULL AND decision_id IS NOT NULL)",
            name="human_refuses",
        ),
        sa.CheckConstraint(
            "decided_by_id <> requested_by_id AND decided_by_id <> expert_id",
            name="decided_by_another",
        ),
        sa.Index("ix_adjustment_timesheet_id", "timesheet_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    timesheet_id: Mapped[int] = mapped_column(sa.ForeignKey("timesheet.id"))
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("terms.id"))
    seconds: Mapped[int]
    work_day: Mapped[date]
    reason: Mapped[str]
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    requested_at: Mapped[datetime]
    original_id: Mapped[int | None] = mapped_column(sa.ForeignKey("timesheet.id"), default=None)
    """The locked timesheet that this corrects, where it comes late."""
    state: Mapped[AdjustmentState] = mapped_column(default=AdjustmentState.ASKED, init=False)
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decided_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )

    def approve(self, *, by: int, now: datetime) -> None:
        """It counts."""
        self.state = move(_ADJUSTMENTS, self.state, AdjustmentState.APPROVED)
        self.decided_by_id, self.decided_at = by, now

    def approve_by_rule(self, *, now: datetime, decision_id: int | None = None) -> None:
        """It counts without anybody's act; `decision_id` is the refusal that an appeal undid."""
        self.state = move(_ADJUSTMENTS, self.state, AdjustmentState.APPROVED)
        self.decided_at, self.decision_id = now, decision_id

    def refuse(self, *, by: int, decision_id: int, now: datetime) -> None:
        """It does not count; the decision says why and can be appealed."""
        self.state = move(_ADJUSTMENTS, self.state, AdjustmentState.REFUSED)
        self.decided_by_id, self.decided_at, self.decision_id = by, now, decision_id
