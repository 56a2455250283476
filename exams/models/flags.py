"""What the worker found worth a look in answers and times. A flag decides nothing; a person settles it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class FlagKind(StrEnum):
    """What stood out."""

    SIMILAR = "similar"  # two people's answers are more alike than chance
    RAPID = "rapid"  # many answers came too fast to have been read
    KNOWN = "known"  # better on questions that were found outside than on all others
    ODD = "odd"  # answers that the model finds unlikely together


class FlagState(StrEnum):
    """A flag waits for a person."""

    OPEN = "open"
    EXPLAINED = "explained"  # there is nothing to it
    TAKEN_UP = "taken_up"  # somebody talks to the people concerned


_TRANSITIONS: Final = {FlagState.OPEN: {FlagState.EXPLAINED, FlagState.TAKEN_UP}}


class AnswerFlag(Base):
    """One observation about an attempt, or about two, with what chance alone would bring."""

    __tablename__ = "answer_flag"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint(
            "kind", "attempt_id", "other_attempt_id", postgresql_nulls_not_distinct=True
        ),
        sa.CheckConstraint("compared >= 1", name="compared_with_some"),
        sa.CheckConstraint("by_chance >= 0", name="by_chance_not_negative"),
        sa.CheckConstraint("0 <= false_share AND false_share <= 1", name="false_share_is_a_share"),
        sa.CheckConstraint(
            "(kind = 'similar') = (other_attempt_id IS NOT NULL)", name="similar_has_two"
        ),
        sa.CheckConstraint("attempt_id < other_attempt_id", name="earlier_attempt_first"),
        sa.CheckConstraint(
            "(state = 'open') = (settled_at IS NULL)"
            " AND (settled_at IS NULL) = (settled_by_id IS NULL)"
            " AND (settled_at IS NULL) = (words IS NULL)",
            name="settled_by_a_person_with_words",
        ),
        sa.Index("ix_answer_flag_other_attempt_id", "other_attempt_id"),
        sa.Index("ix_answer_flag_attempt_id", "attempt_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    kind: Mapped[FlagKind]
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    other_attempt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attempt.id"))
    compared: Mapped[int]
    """Pairs, or people, among which it stood out."""
    by_chance: Mapped[float | None] = mapped_column(sa.Double)
    """How many such flags as many honest comparisons raise at this level; None where unknown."""
    false_share: Mapped[float | None] = mapped_column(sa.Double)
    """The share of honest ones among this and all more striking flags, at most; None where unknown."""
    evidence: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    state: Mapped[FlagState] = mapped_column(default=FlagState.OPEN, init=False)
    settled_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    settled_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    words: Mapped[str | None] = mapped_column(default=None, init=False)

    def settle(self, outcome: FlagState, *, by: int, words: str, now: datetime) -> None:
        """A person has looked, and says what came of it."""
        self.state = move(_TRANSITIONS, self.state, outcome)
        self.settled_by_id, self.settled_at, self.words = by, now, words
