"""Time beyond what the clock credits: gaps that are offered as adjustments, more time for a task."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class ClaimState(StrEnum):
    """OFFERED waits for the expert's tap; TAKEN has become an adjustment."""

    OFFERED = "offered"
    TAKEN = "taken"


_CLAIMS: Final = {ClaimState.OFFERED: {ClaimState.TAKEN}}


class TimeClaim(Base):
    """A gap that the clock did not see while a task was held that was then answered.

    `seconds` is what may be added for it: the gap, up to the task's planned time. A trigger refuses a
    span in which anything was credited, the exclusion constraint one that is offered for another task.
    """

    __tablename__ = "time_claim"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("adjustment_id"),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
        ),
        sa.CheckConstraint("ended_at > started_at", name="ends_later"),
        sa.CheckConstraint(
            "seconds > 0 AND seconds <= ceil(extract(epoch FROM ended_at - started_at))",
            name="seconds_within_gap",
        ),
        sa.CheckConstraint("(state = 'taken') = (adjustment_id IS NOT NULL)", name="taken_iff_adjustment"),
        ExcludeConstraint(
            ("expert_id", "="),
            (sa.text("tstzrange(started_at, ended_at)"), "&&"),
            name="ex_time_claim_no_overlap",
            using="gist",
        ),
        sa.Index("ix_time_claim_expert_id", "expert_id", "offered_at"),
    )  # fmt: skip

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    pool_id: Mapped[int]
    task_id: Mapped[int]
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("terms.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    seconds: Mapped[int]
    work_day: Mapped[date]
    """The local day of the project's payroll zone on which the gap began."""
    offered_at: Mapped[datetime]
    state: Mapped[ClaimState] = mapped_column(default=ClaimState.OFFERED, init=False)
    adjustment_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("adjustment.id"), default=None, init=False
    )

    def take(self, *, adjustment_id: int) -> None:
        """The expert adds it."""
        self.state = move(_CLAIMS, self.state, ClaimState.TAKEN)
        self.adjustment_id = adjustment_id


class ExtensionState(StrEnum):
    """More time for a task is asked for, and granted by the rule or a person, or not."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


_EXTENSIONS: Final = {
    ExtensionState.ASKED: {ExtensionState.GRANTED, ExtensionState.REFUSED},
}


class Extension(Base):
    """More paid time for one task than was planned for it.

    `backfilled_seconds` of it were worked before it was granted and are an adjustment; the clock
    credits the rest.
    """

    __tablename__ = "extension"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
        ),
        sa.CheckConstraint("seconds > 0 AND seconds <= 86400", name="seconds_sensible"),
        sa.CheckConstraint(
            "backfilled_seconds >= 0 AND backfilled_seconds <= seconds", name="backfill_within"
        ),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_iff_decided"),
        sa.CheckConstraint(
            "state = 'granted' OR backfilled_seconds = 0", name="backfill_if_granted"
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR (decided_by_id IS NOT NULL AND decision_id IS NOT NULL)",
            name="human_refuses",
        ),
        sa.CheckConstraint("decided_by_id <> expert_id", name="decided_by_another"),
        sa.Index("ix_extension_assignment", "pool_id", "task_id", "expert_id"),
        sa.Index(
            "uq_extension_one_asked",
            "pool_id",
            "task_id",
            "expert_id",
            unique=True,
            postgresql_where=sa.text("state = 'asked'"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    pool_id: Mapped[int]
    task_id: Mapped[int]
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    seconds: Mapped[int]
    asked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")
    state: Mapped[ExtensionState] = mapped_column(default=ExtensionState.ASKED, init=False)
    backfilled_seconds: Mapped[int] = mapped_column(default=0, init=False)
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decided_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    """None where the rule granted it."""
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )

    def grant(self, *, by: int | None, backfilled: int, now: datetime) -> None:
        """The time is there; `by` is None where the rule gives it."""
        self.state = move(_EXTENSIONS, self.state, ExtensionState.GRANTED)
        self.decided_by_id, self.decided_at, self.backfilled_seconds = by, now, backfilled

    def refuse(self, *, by: int, decision_id: int, now: datetime) -> None:
        """It stays as planned; the decision says why and can be appealed."""
        self.state = move(_EXTENSIONS, self.state, ExtensionState.REFUSED)
        self.decided_by_id, self.decided_at, self.decision_id = by, now, decision_id
