"""Decisions about a person or money: who, why, on what evidence, by which rule, until when contestable."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class JobName(StrEnum):
    """Jobs of the decisions package."""

    UPHOLD_OVERDUE = "decisions.uphold_overdue"


class Outcome(StrEnum):
    """Whom a decision favours: against a person it needs a human and a reason."""

    FOR = "for"
    AGAINST = "against"
    NEUTRAL = "neutral"


class Decision(Base):
    """One recorded act; append-only. A later decision may replace it by pointing at it.

    `rule` and `rule_version` name the published criterion, `evidence` holds the numbers and the ids
    of rows that were looked at. `decided_by_id` is None only where a rule decided for the person.
    """

    __tablename__ = "decision"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint(
            "outcome <> 'against' OR (decided_by_id IS NOT NULL AND length(trim(reason)) > 0"
            " AND appeal_until IS NOT NULL)",
            name="against_needs_human_reason_appeal",
        ),
        sa.CheckConstraint("decided_by_id IS DISTINCT FROM account_id", name="nobody_decides_own"),
        sa.Index("ix_decision_account_id", "account_id"),
        sa.Index("ix_decision_subject", "subject_type", "subject_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    """Whom it is about."""
    kind: Mapped[str]
    outcome: Mapped[Outcome]
    subject_type: Mapped[str]
    subject_id: Mapped[int]
    rule: Mapped[str]
    rule_version: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    reason: Mapped[str]
    decided_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), default=None)
    appeal_until: Mapped[datetime | None] = mapped_column(default=None)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("decision.id"), default=None)


class AppealState(StrEnum):
    """An open appeal is answered by a second person, or upheld when its clock runs out."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


_TRANSITIONS: Final = {AppealState.OPEN: {AppealState.UPHELD, AppealState.DISMISSED}}


class Appeal(Base):
    """A person contests a decision about them: once each, while it may be contested."""

    __tablename__ = "appeal"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("decision_id"),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled_iff_ended"),
        sa.CheckConstraint(
            "state <> 'dismissed' OR settled_by_id IS NOT NULL", name="human_dismisses"
        ),
        sa.CheckConstraint("length(trim(words)) > 0", name="words_given"),
        sa.Index("ix_appeal_open", "answer_by", postgresql_where=sa.text("state = 'open'")),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decision.id"))
    words: Mapped[str]
    made_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    state: Mapped[AppealState] = mapped_column(default=AppealState.OPEN, init=False)
    settled_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    settled_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    answer: Mapped[str | None] = mapped_column(default=None, init=False)

    def settle(self, state: AppealState, *, by: int | None, answer: str, now: datetime) -> None:
        """Uphold or dismiss. Only a clock that ran out settles without a person, and then upholds."""
        self.state = move(_TRANSITIONS, self.state, state)
        self.settled_at, self.settled_by_id, self.answer = now, by, answer
