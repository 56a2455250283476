"""Bonuses: asked for by one person, approved by another, for a third."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class BonusState(StrEnum):
    """Only APPROVED bonuses are paid."""

    ASKED = "asked"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


_TRANSITIONS: Final = {BonusState.ASKED: {BonusState.APPROVED, BonusState.WITHDRAWN}}


class Bonus(Base):
    """An amount on top of what work earned. Asker, approver and payee are three people."""

    __tablename__ = "bonus"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index("ix_bonus_project_id", "project_id"),
        sa.CheckConstraint("minor > 0", name="minor_positive"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_iff_decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_somebody"),
        sa.CheckConstraint("asked_by_id <> expert_id", name="nobody_asks_for_own"),
        sa.CheckConstraint(
            "decided_by_id <> expert_id AND (state <> 'approved' OR decided_by_id <> asked_by_id)",
            name="approved_by_another",
        ),
    )  # fmt: skip

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    currency: Mapped[str]
    minor: Mapped[int]
    reason: Mapped[str]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    state: Mapped[BonusState] = mapped_column(default=BonusState.ASKED, init=False)
    decided_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def approve(self, *, by: int, now: datetime) -> None:
        """It is owed."""
        self.state = move(_TRANSITIONS, self.state, BonusState.APPROVED)
        self.decided_by_id, self.decided_at = by, now

    def withdraw(self, *, by: int, now: datetime) -> None:
        """It was not to be."""
        self.state = move(_TRANSITIONS, self.state, BonusState.WITHDRAWN)
        self.decided_by_id, self.decided_at = by, now
