"""Asking for parallel forms after a blueprint, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class AssemblyState(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    FOUND = "found"
    COLLIDING = "colliding"  # nothing meets the blueprint; the result names the rules
    UNDECIDED = "undecided"  # the time was over before either was known
    USED = "used"  # a person made forms of it


_TRANSITIONS: Final = {
    AssemblyState.WAITING: {
        AssemblyState.FOUND,
        AssemblyState.COLLIDING,
        AssemblyState.UNDECIDED,
    },
    AssemblyState.FOUND: {AssemblyState.USED},
}


class FormAssembly(Base):
    """One blueprint and its answer. People look at what was found before any form is made."""

    __tablename__ = "form_assembly"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("(state = 'waiting') = (result IS NULL)", name="answered_has_result"),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="answered_has_end"),
        sa.CheckConstraint("(state = 'used') = (used_by_id IS NOT NULL)", name="used_by_somebody"),
        sa.Index("ix_form_assembly_exam_id", "exam_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    blueprint: Mapped[dict[str, Any]]
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    state: Mapped[AssemblyState] = mapped_column(default=AssemblyState.WAITING, init=False)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None, init=False)
    """Forms as lists of version ids with their information, or the colliding rules' names."""
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    used_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )

    def end(self, state: AssemblyState, result: dict[str, Any], *, now: datetime) -> None:
        """It is answered."""
        self.state = move(_TRANSITIONS, self.state, state)
        self.result, self.ended_at = result, now

    def use(self, *, by: int) -> None:
        """Forms were made of it."""
        self.state = move(_TRANSITIONS, self.state, AssemblyState.USED)
        self.used_by_id = by
