"""A client's project, and the pools its tasks lie in."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Grant
from portal.db import Base, Serial, move


class TaskType(StrEnum):
    """The kind of judgment a project asks for; each has its module in `tasks.types`."""

    PREFERENCE = "preference"
    REASONING_REVIEW = "reasoning_review"


class ProjectState(StrEnum):
    """DRAFT has never been open; CLOSED is the end."""

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


_TRANSITIONS: Final = {
    ProjectState.DRAFT: {ProjectState.OPEN},
    ProjectState.OPEN: {ProjectState.PAUSED, ProjectState.CLOSED},
    ProjectState.PAUSED: {ProjectState.OPEN, ProjectState.CLOSED},
}


class Project(Base):
    """Work with a rate, rules and required qualifications, owned by an organisation.

    A trigger refuses to open it without a guideline version and a rate card.
    """

    __tablename__ = "project"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
        sa.UniqueConstraint("id", "organisation_id"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
        sa.CheckConstraint("(state = 'draft') = (opened_at IS NULL)", name="opened_unless_draft"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at_iff_closed"),
        sa.CheckConstraint("state = 'draft' OR guideline_id IS NOT NULL", name="open_has_guideline"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
        sa.CheckConstraint("overlap BETWEEN 1 AND 99", name="overlap_sensible"),
        sa.CheckConstraint("gold_share >= 0 AND gold_share <= 0.5", name="gold_share_sensible"),
        sa.CheckConstraint("needed_level > 0 AND needed_level <= 1", name="needed_level_is_share"),
        sa.CheckConstraint("task_cap_seconds > 0 AND hold_seconds >= task_cap_seconds", name="hold_covers_cap"),
        sa.CheckConstraint("idle_limit_seconds >= 30", name="idle_limit_sensible"),
        sa.CheckConstraint("day_cap_seconds > 0 AND week_cap_seconds > 0", name="caps_positive"),
        sa.CheckConstraint("claim_day_seconds >= 0 AND reserve_seconds >= 0", name="allowances_not_negative"),
    )  # fmt: skip

    id: Mapped[Serial] = mapped_column(init=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    slug: Mapped[str]
    title: Mapped[str]
    line: Mapped[str]
    """What the work is, in one sentence."""
    question: Mapped[str]
    """The heading of the workbench."""
    task_type: Mapped[TaskType]
    currency: Mapped[str]
    created_at: Mapped[datetime]
    locale: Mapped[str] = mapped_column(default="en")
    """Language of the work, as a BCP 47 tag."""
    payroll_zone: Mapped[str] = mapped_column(default="UTC")
    due_on: Mapped[date | None] = mapped_column(default=None)
    overlap: Mapped[int] = mapped_column(default=3)
    gold_share: Mapped[float] = mapped_column(sa.Double, default=0.1)
    needed_level: Mapped[float] = mapped_column(sa.Double, default=0.8)
    required_qualification: Mapped[str | None] = mapped_column(default=None)
    """Slug of the qualification an expert must hold, or None."""
    guideline_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guideline.id"), default=None)
    policy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("policy.id"), default=None)
    content_note: Mapped[str] = mapped_column(default="")
    task_cap_seconds: Mapped[int] = mapped_column(default=360)
    """Paid time for one task, at most."""
    hold_seconds: Mapped[int] = mapped_column(default=3600)
    """How long an assignment is held before the task goes to somebody else."""
    idle_limit_seconds: Mapped[int] = mapped_column(default=120)
    day_cap_seconds: Mapped[int] = mapped_column(default=8 * 3600)
    week_cap_seconds: Mapped[int] = mapped_column(default=40 * 3600)
    claim_day_seconds: Mapped[int] = mapped_column(default=1800, server_default="1800")
    """Time the clock did not see that counts on one day without anybody deciding on it."""
    reserve_seconds: Mapped[int] = mapped_column(default=36_000, server_default="36000")
    """Time from which the rule grants more for a task; a person grants what goes beyond it."""
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), default=None)
    state: Mapped[ProjectState] = mapped_column(default=ProjectState.DRAFT, init=False)
    opened_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    closed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def zone(self) -> ZoneInfo:
        """Where its weeks and days begin."""
        return ZoneInfo(self.payroll_zone)

    @property
    def agreement_kind(self) -> str:
        """The kind of agreement its experts accept."""
        return f"project:{self.slug}"

    @property
    def hold(self) -> timedelta:
        """How long an expert holds one task."""
        return timedelta(seconds=self.hold_seconds)

    def open(self, *, now: datetime) -> None:
        """Let work begin, or go on."""
        self.state = move(_TRANSITIONS, self.state, ProjectState.OPEN)
        self.opened_at = self.opened_at or now

    def pause(self) -> None:
        """Hand out nothing new; what is held may be finished."""
        self.state = move(_TRANSITIONS, self.state, ProjectState.PAUSED)

    def close(self, *, now: datetime) -> None:
        """Hand out nothing any more."""
        self.state = move(_TRANSITIONS, self.state, ProjectState.CLOSED)
        self.closed_at = now


class Pool(Base):
    """A project's tasks with the same eligibility: one for each locale and qualification."""

    __tablename__ = "pool"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index(
            "uq_pool_eligibility",
            "project_id",
            "locale",
            sa.text("coalesce(qualification, '')"),
            unique=True,
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    locale: Mapped[str]
    qualification: Mapped[str | None] = mapped_column(default=None)


# The kernel owns grants and does not know projects: their foreign key is added from here.
Grant.__table__.append_constraint(  # type: ignore[attr-defined]
    sa.ForeignKeyConstraint(
        ["project_id", "organisation_id"], ["project.id", "project.organisation_id"]
    )
)
