"""What a person is owed for a week, line by line, each with its formula."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class Statement(Base):
    """One expert's pay for a week in one currency; append-only.

    What is approved after a week's first statement comes in the week's next `part`.
    """

    __tablename__ = "statement"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("expert_id", "currency", "week", "part"),
        sa.CheckConstraint("extract(isodow FROM week) = 1", name="week_begins_on_monday"),
        sa.CheckConstraint("part >= 1", name="part_from_one"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    currency: Mapped[str]
    week: Mapped[date]
    issued_at: Mapped[datetime]
    part: Mapped[int] = mapped_column(default=1)

    @property
    def label(self) -> str:
        """What people call it: `2026-47`, and `2026-47/2` for the week's second."""
        year, week, _ = self.week.isocalendar()
        return f"{year}-{week:02}" + (f"/{self.part}" if self.part > 1 else "")


class LineKind(StrEnum):
    """What a line pays for."""

    HOURLY = "hourly"
    ADJUSTMENT = "adjustment"


class StatementLine(Base):
    """One amount with everything it was computed from; append-only.

    Re-derives from the ids it carries: a locked timesheet, frozen terms, and for an adjustment
    that one. A timesheet's hours under one rate are on exactly one line, an adjustment as well.
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
            unique=True,
            postgresql_where=sa.text("kind = 'hourly'"),
        ),
        sa.Index(
            "uq_statement_line_adjustment",
            "adjustment_id",
            "rate_minor",
            unique=True,
            postgresql_where=sa.text("kind = 'adjustment'"),
        ),
        sa.CheckConstraint(
            "(kind = 'adjustment') = (adjustment_id IS NOT NULL)", name="adjustment_names_its_own"
        ),
        sa.CheckConstraint("kind = 'adjustment' OR microseconds > 0", name="hours_positive"),
        sa.CheckConstraint("rate_minor >= 0", name="rate_not_negative"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    kind: Mapped[LineKind]
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    timesheet_id: Mapped[int] = mapped_column(sa.ForeignKey("timesheet.id"))
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("terms.id"))
    microseconds: Mapped[int]
    """Credited time, exactly."""
    rate_minor: Mapped[int]
    """Minor units of the statement's currency for an hour."""
    amount_minor: Mapped[int]
    formula: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    adjustment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("adjustment.id"), default=None)
