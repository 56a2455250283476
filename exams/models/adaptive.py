"""Adaptive designs: a bank of calibrated questions with the rules by which a test is drawn from it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class DesignState(StrEnum):
    """Where a design stands. Somebody else than who asked for it takes it into use."""

    ASKED = "asked"  # the worker draws the bank, finds the admission chances and simulates
    COLLIDING = "colliding"  # no test could keep the rules; what was measured says why
    SHOWN = "shown"  # simulated: waits for a second person
    IN_USE = "in_use"
    RETIRED = "retired"  # attempts under way go on by it
    DROPPED = "dropped"


_TRANSITIONS: Final = {
    DesignState.ASKED: {DesignState.COLLIDING, DesignState.SHOWN, DesignState.DROPPED},
    DesignState.SHOWN: {DesignState.IN_USE, DesignState.DROPPED},
    DesignState.IN_USE: {DesignState.RETIRED},
}


class AdaptiveDesign(Base):
    """How the forms of an adaptive exam are drawn; its rules and its bank never change.

    An attempt keeps the design that was in use when it began.
    """

    __tablename__ = "adaptive_design"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("exam_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("cut > 0 AND cut < 1", name="cut_is_a_share"),
        sa.CheckConstraint("approver_id <> asked_by_id", name="two_people"),
        sa.CheckConstraint("state <> 'asked' OR measured IS NULL", name="asked_is_unmeasured"),
        sa.CheckConstraint(
            "state IN ('asked', 'dropped') OR measured IS NOT NULL", name="later_is_measured"
        ),
        sa.CheckConstraint(
            "state NOT IN ('shown', 'in_use', 'retired')"
            " OR (cut IS NOT NULL AND level IS NOT NULL AND digest IS NOT NULL)",
            name="shown_is_frozen",
        ),
        sa.CheckConstraint("length(digest) = 32", name="digest_is_32_bytes"),
        sa.CheckConstraint(
            "(state IN ('in_use', 'retired')) = (approver_id IS NOT NULL)", name="used_is_approved"
        ),
        sa.CheckConstraint(
            "(approver_id IS NULL) = (approved_at IS NULL)", name="approved_at_iff_approved"
        ),
        sa.CheckConstraint(
            "(state IN ('colliding', 'retired', 'dropped')) = (ended_at IS NOT NULL)",
            name="ended_iff_ended",
        ),
        sa.Index(
            "uq_adaptive_design_in_use",
            "exam_id",
            unique=True,
            postgresql_where=sa.text("state = 'in_use'"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    number: Mapped[int]
    rules: Mapped[dict[str, Any]]
    """Length, stopping, areas, exposure: as `exams.service.designs.RulesDocument` reads them."""
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    state: Mapped[DesignState] = mapped_column(default=DesignState.ASKED, init=False)
    measured: Mapped[dict[str, Any] | None] = mapped_column(default=None, init=False)
    """What the simulation found, or why there is none."""
    cut: Mapped[float | None] = mapped_column(sa.Double, default=None, init=False)
    """The pass mark as a share of the bank's points."""
    level: Mapped[float | None] = mapped_column(sa.Double, default=None, init=False)
    """The ability that is expected to earn just that."""
    digest: Mapped[bytes | None] = mapped_column(default=None, init=False)
    """SHA-256 of rules, bank and pass mark."""
    approver_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    approved_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def collide(self, reasons: list[str], *, now: datetime) -> None:
        """No test could keep these rules."""
        self._go(DesignState.COLLIDING)
        self.measured, self.ended_at = {"reasons": reasons}, now

    def show(self, measured: dict[str, Any], *, cut: float, level: float, digest: bytes) -> None:
        """Its bank is frozen and what it would do is known."""
        self._go(DesignState.SHOWN)
        self.measured, self.cut, self.level, self.digest = measured, cut, level, digest

    def approve(self, *, by: int, now: datetime) -> None:
        """Attempts that begin from now on are drawn by it."""
        self._go(DesignState.IN_USE)
        self.approver_id, self.approved_at = by, now

    def retire(self, *, now: datetime) -> None:
        """No attempt begins with it any more."""
        self._go(DesignState.RETIRED)
        self.ended_at = now

    def drop(self, *, now: datetime) -> None:
        """It is not used after all."""
        self._go(DesignState.DROPPED)
        self.ended_at = now

    def _go(self, target: DesignState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)


class DesignQuestion(Base):
    """One question of a design's bank with its parameters as they were; the worker alone writes it."""

    __tablename__ = "design_question"
    __table_args__ = (
        sa.PrimaryKeyConstraint("design_id", "place"),
        sa.UniqueConstraint("design_id", "question_version_id"),
        sa.CheckConstraint("place >= 0", name="place_from_zero"),
        sa.CheckConstraint("slope > 0", name="slope_positive"),
        sa.CheckConstraint("admission > 0 AND admission <= 1", name="admission_is_a_chance"),
        sa.ForeignKeyConstraint(
            ["question_version_id", "key_number"],
            ["keys.question_key.question_version_id", "keys.question_key.number"],
        ),
        sa.Index("ix_design_question_question_version_id", "question_version_id"),
    )

    design_id: Mapped[int] = mapped_column(sa.ForeignKey("adaptive_design.id"))
    place: Mapped[int]
    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    key_number: Mapped[int]
    """The key by which the next question is chosen."""
    slope: Mapped[float] = mapped_column(sa.Double)
    intercepts: Mapped[list[Any]]
    divided: Mapped[bool]
    """Whether the categories divide the whole (GPCM) or are graded, as in `psychometrics.items`."""
    levels: Mapped[list[Any]]
    """The points of each category, lowest first."""
    enemies: Mapped[int | None]
    """Of the questions of one number a test asks one at most."""
    admission: Mapped[float] = mapped_column(sa.Double)
    """Sympson and Hetter's chance to be admitted to a test."""


class AdaptiveStep(Base):
    """What was known after an answer of an adaptive attempt.

    It would tell whether the answer was right, so it lives with the keys: the web may add a row
    and read none. The event that follows carries its salted digest.
    """

    __tablename__ = "adaptive_step"
    __table_args__ = (
        sa.PrimaryKeyConstraint("attempt_id", "position"),
        sa.CheckConstraint("position >= 1", name="position_from_one"),
        sa.CheckConstraint("standard_error >= 0", name="error_not_negative"),
        sa.CheckConstraint("length(salt) = 16", name="salt_is_16_bytes"),
        {"schema": "keys"},
    )

    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    position: Mapped[int]
    ability: Mapped[float] = mapped_column(sa.Double)
    standard_error: Mapped[float] = mapped_column(sa.Double)
    salt: Mapped[bytes]
