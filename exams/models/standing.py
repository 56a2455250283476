"""Where a question version stands between draft and retirement, who wrote it and who approved it."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.errors import Conflict, Forbidden


class QuestionState(StrEnum):
    """How far a version has come. Only a second person brings one past review."""

    DRAFT = "draft"
    REVIEW = "review"  # waits for a second person
    PILOT = "pilot"  # on forms, answered, not scored
    LIVE = "live"
    RETIRED = "retired"


_TRANSITIONS: Final = {
    QuestionState.DRAFT: {QuestionState.REVIEW, QuestionState.RETIRED},
    QuestionState.REVIEW: {QuestionState.DRAFT, QuestionState.PILOT, QuestionState.LIVE},
    QuestionState.PILOT: {QuestionState.LIVE, QuestionState.RETIRED},
    QuestionState.LIVE: {QuestionState.RETIRED},
}

APPROVED: Final = (QuestionState.PILOT, QuestionState.LIVE)
"""The states in which a version may be given to people."""


class Standing(Base):
    """One version's state. The version itself is never changed."""

    __tablename__ = "question_standing"
    __table_args__ = (
        sa.PrimaryKeyConstraint("question_version_id"),
        sa.CheckConstraint(
            "state IN ('draft', 'retired') OR author_id IS NOT NULL OR before_approvals",
            name="author_is_named",
        ),
        sa.CheckConstraint(
            "state NOT IN ('pilot', 'live') OR approver_id IS NOT NULL OR before_approvals",
            name="approver_is_named",
        ),
        sa.CheckConstraint("approver_id <> author_id", name="approver_is_another"),
        sa.CheckConstraint(
            "approver_id IS NULL OR author_id IS NOT NULL", name="approver_follows_author"
        ),
        sa.CheckConstraint(
            "(approver_id IS NULL) = (approved_at IS NULL)", name="approved_at_iff_approved"
        ),
        sa.Index("ix_question_standing_state", "state"),
    )

    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    state: Mapped[QuestionState] = mapped_column(default=QuestionState.DRAFT, init=False)
    approver_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    approved_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    before_approvals: Mapped[bool] = mapped_column(default=False, init=False)
    """Taken in before there was two-person approval."""

    def submit(self, *, by: int) -> None:
        """Ask for a second person; whoever asks stands for the words."""
        self._go(QuestionState.REVIEW)
        self.author_id = by

    def send_back(self) -> None:
        """The second person found something to change."""
        self._go(QuestionState.DRAFT)

    def approve(self, *, by: int, state: QuestionState, now: datetime) -> None:
        """A second person takes it into use, on trial (PILOT) or at once (LIVE)."""
        if by == self.author_id:
            raise Forbidden("Somebody else than its author approves a question.")
        if self.state is not QuestionState.REVIEW:
            raise Conflict("This question is not waiting for approval.")
        self._go(state)
        self.approver_id, self.approved_at = by, now

    def promote(self) -> None:
        """Its trial is over: from the next form on it is scored."""
        if self.state is not QuestionState.PILOT:
            raise Conflict("Only a question on trial is taken over.")
        self._go(QuestionState.LIVE)

    def retire(self) -> None:
        """New attempts no longer get it; past ones keep it."""
        self._go(QuestionState.RETIRED)

    def _go(self, target: QuestionState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)


class KeyStanding(Base):
    """Who proposed a key and who approved it: an answer counts after approved keys only."""

    __tablename__ = "key_standing"
    __table_args__ = (
        sa.PrimaryKeyConstraint("question_version_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("approver_id <> author_id", name="approver_is_another"),
        sa.CheckConstraint(
            "approver_id IS NULL OR author_id IS NOT NULL", name="approver_follows_author"
        ),
        sa.CheckConstraint(
            "(approver_id IS NULL) = (approved_at IS NULL)",
            name="approved_at_iff_approved",
        ),
    )

    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    number: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    proposed_at: Mapped[datetime]
    approver_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    approved_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    before_approvals: Mapped[bool] = mapped_column(default=False, init=False)

    def approve(self, *, by: int, now: datetime) -> None:
        """A second person says that this is the answer."""
        if by == self.author_id:
            raise Forbidden("Somebody else than its author approves a key.")
        self.approver_id, self.approved_at = by, now


class StandingEvent(Base):
    """One thing that happened to a version; append-only: the history that its page shows."""

    __tablename__ = "standing_event"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_standing_event_question_version_id", "question_version_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    verb: Mapped[str]
    state: Mapped[QuestionState]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    words: Mapped[str]
    at: Mapped[datetime]


class QuestionEnemy(Base):
    """Two questions of which one gives the other away, or asks the same: never on one form."""

    __tablename__ = "question_enemy"
    __table_args__ = (
        sa.PrimaryKeyConstraint("question_id", "enemy_id"),
        sa.CheckConstraint("question_id < enemy_id", name="each_pair_once"),
        sa.Index("ix_question_enemy_enemy_id", "enemy_id"),
    )

    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"))
    enemy_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"))
    reason: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    at: Mapped[datetime]


class QuestionConsent(Base):
    """What somebody answered at the gate before a question that may hurt to read; append-only."""

    __tablename__ = "question_consent"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("position >= 1", name="position_from_one"),
        sa.Index("ix_question_consent_attempt_id", "attempt_id", "position"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    position: Mapped[int]
    agreed: Mapped[bool]
    at: Mapped[datetime]
