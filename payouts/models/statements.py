"""What a person is owed for a week, line by line, each with its formula."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class Statement(Base):
    """One expert's pay for a week by one payer in one currency; append-only.

    The payer is the organisation whose work it was; each numbers its statements without gaps, and
    nothing of one payer is netted against another. What is approved after a week's first statement,
    or was done for another payer, comes in the week's next `part`.
    """

    __tablename__ = "statement"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("expert_id", "currency", "week", "part"),
        sa.UniqueConstraint("organisation_id", "number"),
        sa.CheckConstraint("extract(isodow FROM week) = 1", name="week_begins_on_monday"),
        sa.CheckConstraint("part >= 1", name="part_from_one"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    currency: Mapped[str]
    week: Mapped[date]
    issued_at: Mapped[datetime]
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    number: Mapped[int]
    """1, 2, 3 … for each payer; the database refuses a gap."""
    part: Mapped[int] = mapped_column(default=1)

    @property
    def label(self) -> str:
        """What people call it: `2026-47`, and `2026-47/2` for the week's second."""
        year, week, _ = self.week.isocalendar()
        return f"{year}-{week:02}" + (f"/{self.part}" if self.part > 1 else "")


class LineKind(StrEnum):
    """What a line pays for."""

    HOURLY = "hourly"
    TRAINING = "training"
    TASK = "task"
    QUALITY = "quality"  # what a band of quality adds
    ADJUSTMENT = "adjustment"
    GUARANTEE = "guarantee"  # what was missing to the guaranteed hour
    BONUS = "bonus"


class StatementLine(Base):
    """One amount with everything it was computed from; append-only.

    Re-derives from the ids it carries: a locked timesheet, frozen terms, the judgments paid by it,
    and for an adjustment or a bonus that one. Nothing is on two lines of its kind.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_statement_line_statement_id", "statement_id"),
        sa.Index("ix_statement_line_project_id", "project_id"),
        sa.Index(
            "uq_statement_line_hours",
            "timesheet_id",
            "terms_id",
            "rate_minor",
            "kind",
            unique=True,
            postgresql_where=sa.text("kind NOT IN ('adjustment', 'bonus')"),
        ),
        sa.Index(
            "uq_statement_line_adjustment",
            "adjustment_id",
            "rate_minor",
            unique=True,
            postgresql_where=sa.text("kind = 'adjustment'"),
        ),
        sa.Index(
            "uq_statement_line_bonus",
            "bonus_id",
            unique=True,
            postgresql_where=sa.text("kind = 'bonus'"),
        ),
        sa.CheckConstraint(
            "(kind = 'adjustment') = (adjustment_id IS NOT NULL)", name="adjustment_names_its_own"
        ),
        sa.CheckConstraint("(kind = 'bonus') = (bonus_id IS NOT NULL)", name="bonus_names_its_own"),
        sa.CheckConstraint(
            "(kind = 'bonus') = (timesheet_id IS NULL) AND (kind = 'bonus') = (terms_id IS NULL)",
            name="work_has_timesheet_and_terms",
        ),
        sa.CheckConstraint("(kind = 'task') = (count IS NOT NULL)", name="tasks_are_counted"),
        sa.CheckConstraint("count > 0", name="count_positive"),
        sa.CheckConstraint(
            "kind NOT IN ('hourly', 'training') OR microseconds > 0", name="hours_positive"
        ),
        sa.CheckConstraint(
            "kind = 'adjustment' OR amount_minor >= 0", name="only_adjustments_take"
        ),
        sa.CheckConstraint("rate_minor >= 0", name="rate_not_negative"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    kind: Mapped[LineKind]
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    timesheet_id: Mapped[int | None] = mapped_column(sa.ForeignKey("timesheet.id"))
    terms_id: Mapped[int | None] = mapped_column(sa.ForeignKey("terms.id"))
    microseconds: Mapped[int]
    """Credited time, exactly."""
    rate_minor: Mapped[int]
    """Minor units of the statement's currency for an hour, or for a task."""
    amount_minor: Mapped[int]
    formula: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    adjustment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("adjustment.id"), default=None)
    bonus_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bonus.id"), default=None)
    count: Mapped[int | None] = mapped_column(default=None)
    """How many judgments, where it pays by the task."""


class PaidJudgment(Base):
    """A judgment that a line pays by the task; append-only, and each judgment once."""

    __tablename__ = "paid_judgment"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "judgment_id"),
        sa.ForeignKeyConstraint(["pool_id", "judgment_id"], ["judgment.pool_id", "judgment.id"]),
        sa.Index("ix_paid_judgment_statement_line_id", "statement_line_id"),
    )

    pool_id: Mapped[int]
    judgment_id: Mapped[int]
    statement_line_id: Mapped[int] = mapped_column(sa.ForeignKey("statement_line.id"))
