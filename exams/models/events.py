"""Everything that happened in an attempt, in order: append-only, each chained to the one before."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial
from portal.ids import RandomId


class EventKind(StrEnum):
    """What can happen in an attempt."""

    STARTED = "started"
    CHOSEN = "chosen"  # the next question of an adaptive attempt
    ANSWERED = "answered"
    MARKED = "marked"
    UNMARKED = "unmarked"
    SECTION = "section"  # the next section began
    BREAK = "break"  # a break began
    RETURNED = "returned"  # it ended
    TIME_GIVEN = "time_given"  # an outage of ours, or an accommodation
    TAKEN_OVER = "taken_over"  # another device of theirs went on
    SIGNAL = "signal"  # evidence for a person, who alone makes anything of it
    FINISHED = "finished"


class Signal(StrEnum):
    """What may be worth a look. Nothing but a person acts on it."""

    FOCUS_LOST = "focus_lost"  # seconds away from the page
    PASTED = "pasted"  # how many characters, never which
    ADDRESS_CHANGED = "address_changed"  # another network than before, never which
    PARALLEL = "parallel"  # a second device tried to save
    LINE_LOST = "line_lost"  # seconds for which the device could not reach us


class AttemptEvent(Base):
    """One thing that happened; append-only. Answers, marks and the place to resume derive from it.

    Each carries the hash of the one before, so that a change in the middle shows. Partitioned by
    ranges of the ever-growing id; what must be unique lives in `AttemptNonce`.
    """

    __tablename__ = "attempt_event"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("seq >= 1", name="seq_from_one"),
        sa.CheckConstraint(
            "(seq = 1) = (previous_hash IS NULL)", name="only_the_first_follows_nothing"
        ),
        sa.CheckConstraint("length(hash) = 32", name="hash_is_32_bytes"),
        sa.CheckConstraint(
            "(kind IN ('chosen', 'answered', 'marked', 'unmarked', 'signal'))"
            " = (position IS NOT NULL)",
            name="position_where_there_is_one",
        ),
        sa.Index("ix_attempt_event_attempt_id", "attempt_id", "seq"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    seq: Mapped[int]
    kind: Mapped[EventKind]
    position: Mapped[int | None]
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    late: Mapped[bool]
    previous_hash: Mapped[bytes | None]
    hash: Mapped[bytes]


class AttemptNonce(Base):
    """One row for each event: the same save sent twice, or two events in one place, are refused."""

    __tablename__ = "attempt_nonce"
    __table_args__ = (
        sa.PrimaryKeyConstraint("attempt_id", "nonce"),
        sa.UniqueConstraint("attempt_id", "seq"),
    )

    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    nonce: Mapped[RandomId]
    seq: Mapped[int]
