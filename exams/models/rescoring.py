"""Scoring attempts again: a question that does not count, or a key that was mended."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class RescoringCause(StrEnum):
    """What is different from the first time."""

    VOIDED = "voided"  # the question counts for nobody: everyone who saw it gets its points
    KEY_MENDED = "key_mended"  # its newest key applies


class RescoringState(StrEnum):
    """The difference is shown before anything changes; a second person then acts."""

    ASKED = "asked"  # the worker works out the difference
    SHOWN = "shown"
    APPROVED = "approved"  # the worker does it
    DONE = "done"
    DROPPED = "dropped"


_TRANSITIONS: Final = {
    RescoringState.ASKED: {RescoringState.SHOWN, RescoringState.DROPPED},
    RescoringState.SHOWN: {
        RescoringState.APPROVED,
        RescoringState.DROPPED,
        RescoringState.ASKED,
    },
    RescoringState.APPROVED: {RescoringState.DONE, RescoringState.SHOWN},
}


class Rescoring(Base):
    """One question version, and every attempt that saw it, scored again in one go."""

    __tablename__ = "rescoring"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="says_why"),
        sa.CheckConstraint("approved_by_id IS DISTINCT FROM asked_by_id", name="two_people"),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'done') OR approved_by_id IS NOT NULL", name="approved_by"
        ),
        sa.CheckConstraint(
            "state = 'asked' OR difference IS NOT NULL OR state = 'dropped'", name="shown_before"
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'dropped')) = (ended_at IS NOT NULL)", name="ended_iff_ended"
        ),
        sa.Index(
            "uq_rescoring_open",
            "question_version_id",
            unique=True,
            postgresql_where=sa.text("state IN ('asked', 'shown', 'approved')"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    cause: Mapped[RescoringCause]
    reason: Mapped[str]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    state: Mapped[RescoringState] = mapped_column(default=RescoringState.ASKED, init=False)
    difference: Mapped[dict[str, Any] | None] = mapped_column(default=None, init=False)
    """Counts, and a digest of all that would change, as it was shown."""
    approved_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def show(self, difference: dict[str, Any]) -> None:
        """The difference is worked out, or worked out anew because it has changed."""
        self._go(RescoringState.SHOWN)
        self.difference, self.approved_by_id = difference, None

    def approve(self, *, by: int) -> None:
        """A second person has seen the difference."""
        self._go(RescoringState.APPROVED)
        self.approved_by_id = by

    def done(self, difference: dict[str, Any], *, now: datetime) -> None:
        """Every attempt concerned is scored again."""
        self._go(RescoringState.DONE)
        self.difference, self.ended_at = difference, now

    def drop(self, *, now: datetime) -> None:
        """It is not done after all."""
        self._go(RescoringState.DROPPED)
        self.ended_at = now

    def _go(self, target: RescoringState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)


class QuestionVoid(Base):
    """A version that counts for nobody; append-only. Attempts scored from now on know it as well."""

    __tablename__ = "question_void"
    __table_args__ = (sa.PrimaryKeyConstraint("question_version_id"),)

    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    rescoring_id: Mapped[int] = mapped_column(sa.ForeignKey("rescoring.id"))
    voided_at: Mapped[datetime]
