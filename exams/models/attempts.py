"""One person's sitting: what applied when it began, and everything that happened, in order."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId

GRACE: Final = timedelta(seconds=30)
"""An answer that arrives this long after the deadline is kept, marked as late."""


class AttemptState(StrEnum):
    """Where an attempt stands. Only a person moves one to NOT_PASSED."""

    OPEN = "open"
    FINISHED = "finished"  # by the person or by the clock; waits for its score
    PASSED = "passed"
    BELOW = "below"  # computed below the pass mark; waits for a person
    NOT_PASSED = "not_passed"
    VOIDED = "voided"  # an appeal was upheld, or the fault was ours: uses up nothing


_TRANSITIONS: Final = {
    AttemptState.OPEN: {AttemptState.FINISHED, AttemptState.VOIDED},
    AttemptState.FINISHED: {AttemptState.PASSED, AttemptState.BELOW, AttemptState.VOIDED},
    AttemptState.BELOW: {AttemptState.PASSED, AttemptState.NOT_PASSED, AttemptState.VOIDED},
    AttemptState.NOT_PASSED: {AttemptState.PASSED, AttemptState.VOIDED},
}


class Attempt(Base):
    """One sitting. Its deadline is stored, not counted down; the cut is the one it began with."""

    __tablename__ = "attempt"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("exam_id", "account_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("deadline > started_at", name="deadline_later"),
        sa.CheckConstraint("extra_time >= 1", name="extra_time_only_adds"),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name="cut_is_a_share"),
        sa.CheckConstraint("state <> 'open' OR finished_at IS NULL", name="open_is_unfinished"),
        sa.CheckConstraint(
            "state IN ('open', 'voided') OR finished_at IS NOT NULL", name="later_is_finished"
        ),
        sa.CheckConstraint(
            "(state = 'below') = (review_due_at IS NOT NULL)", name="below_has_clock"
        ),
        sa.CheckConstraint("state = 'below' OR reviewer_id IS NULL", name="reviewer_only_below"),
        sa.CheckConstraint("reviewer_id IS DISTINCT FROM account_id", name="nobody_reviews_own"),
        sa.CheckConstraint(
            "state NOT IN ('passed', 'not_passed') OR decision_id IS NOT NULL",
            name="ended_by_a_decision",
        ),
        sa.Index(
            "uq_attempt_open",
            "exam_id",
            "account_id",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.Index("ix_attempt_account_id", "account_id"),
        sa.Index("ix_attempt_deadline", "deadline", postgresql_where=sa.text("state = 'open'")),
        sa.Index(
            "ix_attempt_review_due_at", "review_due_at", postgresql_where=sa.text("state = 'below'")
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    number: Mapped[int]
    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement_version.id"))
    """The text they had accepted before the first question was shown."""
    seed: Mapped[int]
    """Decides the order of options; kept, so that the attempt can be shown again as it was."""
    cut: Mapped[float] = mapped_column(sa.Double)
    extra_time: Mapped[float] = mapped_column(sa.Double)
    started_at: Mapped[datetime]
    deadline: Mapped[datetime]
    state: Mapped[AttemptState] = mapped_column(default=AttemptState.OPEN, init=False)
    finished_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    review_due_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    reviewer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )

    def finish(self, *, now: datetime) -> None:
        """It is over, at the latest at the deadline."""
        self._go(AttemptState.FINISHED)
        self.finished_at = min(now, self.deadline)

    def passed(self, *, decision_id: int) -> None:
        """The pass mark was reached."""
        self._go(AttemptState.PASSED)
        self.decision_id = decision_id

    def below(self, *, reviewer_id: int | None, due_at: datetime) -> None:
        """Computed below the pass mark: a person is to look, by then."""
        self._go(AttemptState.BELOW)
        self.hand_over(reviewer_id=reviewer_id, due_at=due_at)

    def hand_over(self, *, reviewer_id: int | None, due_at: datetime) -> None:
        """Name who looks, and until when."""
        self.reviewer_id, self.review_due_at = reviewer_id, due_at

    def refuse(self, *, decision_id: int) -> None:
        """A person confirmed: not passed this time."""
        self._go(AttemptState.NOT_PASSED)
        self.decision_id = decision_id

    def void(self) -> None:
        """It no longer counts: neither as an attempt nor for the cool-down."""
        self._go(AttemptState.VOIDED)

    def _go(self, target: AttemptState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.review_due_at, self.reviewer_id = None, None


class EventKind(StrEnum):
    """What can happen in an attempt."""

    STARTED = "started"
    ANSWERED = "answered"
    MARKED = "marked"
    UNMARKED = "unmarked"
    FINISHED = "finished"


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
            "(kind IN ('answered', 'marked', 'unmarked')) = (position IS NOT NULL)",
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
