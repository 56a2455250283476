"""Bonuses: asked for by one person, approved by another, for a third; or announced, and claimed."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class BonusState(StrEnum):
    """Only APPROVED bonuses are paid. One that was announced is never given up, only REFUSED."""

    ASKED = "asked"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


_TRANSITIONS: Final = {
    BonusState.ASKED: {BonusState.APPROVED, BonusState.WITHDRAWN, BonusState.REFUSED},
    BonusState.REFUSED: {BonusState.APPROVED},  # an appeal was upheld
}


class Bonus(Base):
    """An amount on top of what work earned. Asker, approver and payee are three people.

    One that was `announced` in accepted `terms` has their amount, and its payee may ask for it
    too (`asked_by_id` is empty then): once for each person, project and name. Not to give it is a
    decision, which can be appealed.
    """

    __tablename__ = "bonus"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index("ix_bonus_project_id", "project_id"),
        sa.Index("uq_bonus_announced", "expert_id", "project_id", "announced", unique=True),
        sa.CheckConstraint("minor > 0", name="minor_positive"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_iff_decided"),
        sa.CheckConstraint(
            "CASE WHEN decided_at IS NULL THEN decided_by_id IS NULL"
            " ELSE decided_by_id IS NOT NULL OR decision_id IS NOT NULL END",
            name="decided_by_somebody",
        ),
        sa.CheckConstraint("(announced IS NULL) = (terms_id IS NULL)", name="announced_in_terms"),
        sa.CheckConstraint("asked_by_id IS NOT NULL OR announced IS NOT NULL", name="claims_what_was_announced"),
        sa.CheckConstraint("state <> 'withdrawn' OR announced IS NULL", name="announced_is_not_given_up"),
        sa.CheckConstraint(
            "state <> 'refused' OR (announced IS NOT NULL AND decision_id IS NOT NULL)",
            name="refused_by_decision",
        ),
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
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    announced: Mapped[str | None] = mapped_column(default=None)
    """Its name in the terms."""
    terms_id: Mapped[int | None] = mapped_column(sa.ForeignKey("terms.id"), default=None)
    state: Mapped[BonusState] = mapped_column(default=BonusState.ASKED, init=False)
    decided_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )
    """Why an announced one was not given; it stays where an appeal was upheld."""

    def approve(self, *, by: int, now: datetime) -> None:
        """It is owed."""
        self.state = move(_TRANSITIONS, self.state, BonusState.APPROVED)
        self.decided_by_id, self.decided_at = by, now

    def withdraw(self, *, by: int, now: datetime) -> None:
        """It was not to be."""
        self.state = move(_TRANSITIONS, self.state, BonusState.WITHDRAWN)
        self.decided_by_id, self.decided_at = by, now

    def refuse(self, *, by: int, decision_id: int, now: datetime) -> None:
        """It was announced, and is not given: its payee reads why."""
        self.state = move(_TRANSITIONS, self.state, BonusState.REFUSED)
        self.decided_by_id, self.decided_at, self.decision_id = by, now, decision_id

    def grant_after_all(self, *, now: datetime) -> None:
        """An appeal was upheld: the appeal's own decision says by whom."""
        self.state = move(_TRANSITIONS, self.state, BonusState.APPROVED)
        self.decided_by_id, self.decided_at = None, now
