"""What a project may cost, and who was told that it nearly does."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class Budget(Base):
    """A project's budget from a moment on; append-only, the newest row counts."""

    __tablename__ = "budget"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_budget_project_id", "project_id", "id"),
        sa.CheckConstraint("minor > 0", name="minor_positive"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    minor: Mapped[int]
    """In the project's currency."""
    set_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    set_at: Mapped[datetime]


class BudgetAlert(Base):
    """A share of a budget was reached, and people were told, once; append-only."""

    __tablename__ = "budget_alert"
    __table_args__ = (
        sa.PrimaryKeyConstraint("budget_id", "percent"),
        sa.CheckConstraint("percent IN (80, 100)", name="percent_known"),
    )

    budget_id: Mapped[int] = mapped_column(sa.ForeignKey("budget.id"))
    percent: Mapped[int]
    reached_minor: Mapped[int]
    alerted_at: Mapped[datetime]
