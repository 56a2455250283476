"""One person's sitting: what applied when it began, and where it stands."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

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


class VoidCause(StrEnum):
    """Why an attempt does not count."""

    APPEAL = "appeal"
    OWN_OUTAGE = "own_outage"  # the person's line was away: once for each exam, on request


class Attempt(Base):
    """One sitting. Its deadline is stored, not counted down; the cut is the one it began with.

    The deadlines move only by an event that says so: a break, time that we gave back, an
    accommodation. None is untimed.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("exam_id", "account_id", "number"),
        sa.ForeignKeyConstraint(["form_id", "design_id"], ["form.id", "form.design_id"]),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("deadline > started_at", name="deadline_later"),
        sa.CheckConstraint("extra_time >= 1", name="extra_time_only_adds"),
        sa.CheckConstraint("allowed_seconds > 0", name="time_is_allowed"),
        sa.CheckConstraint("break_seconds >= 0", name="break_not_negative"),
        sa.CheckConstraint("section >= 1", name="section_from_one"),
        sa.CheckConstraint(
            "state = 'open' OR (break_from IS NULL AND section_deadline IS NULL)",
            name="only_open_has_a_clock",
        ),
        sa.CheckConstraint("(break_from IS NULL) = (break_until IS NULL)", name="break_has_ends"),
        sa.CheckConstraint("break_until > break_from", name="break_ends_later"),
        sa.CheckConstraint("(state = 'voided') = (void_cause IS NOT NULL)", name="voided_says_why"),
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
        sa.Index(
            "uq_attempt_drawn_form",
            "form_id",
            unique=True,
            postgresql_where=sa.text("design_id IS NOT NULL"),
        ),
        sa.Index("ix_attempt_deadline", "deadline", postgresql_where=sa.text("state = 'open'")),
        sa.Index(
            "uq_attempt_own_outage",
            "exam_id",
            "account_id",
            unique=True,
            postgresql_where=sa.text("void_cause = 'own_outage'"),
        ),
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
    """The factor of the time allowed, by an accommodation."""
    allowed_seconds: Mapped[int]
    """The exam's own time when the attempt began, before the factor."""
    started_at: Mapped[datetime]
    deadline: Mapped[datetime | None]
    design_id: Mapped[int | None] = mapped_column(sa.ForeignKey("adaptive_design.id"), default=None)
    """The adaptive design that draws its form; None on a fixed form."""
    device: Mapped[bytes] = mapped_column(default=b"")
    """Digest of the sign-in that sits it; another takes over by an event."""
    section: Mapped[int] = mapped_column(default=1)
    section_deadline: Mapped[datetime | None] = mapped_column(default=None)
    break_seconds: Mapped[int] = mapped_column(default=0)
    """What is left of the breaks that may be taken at any question."""
    break_from: Mapped[datetime | None] = mapped_column(default=None, init=False)
    break_until: Mapped[datetime | None] = mapped_column(default=None, init=False)
    void_cause: Mapped[VoidCause | None] = mapped_column(default=None, init=False)
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
        self.finished_at = min(now, self.deadline) if self.deadline else now
        self._stop_clocks()

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

    def void(self, cause: VoidCause) -> None:
        """It no longer counts: neither as an attempt nor for the cool-down."""
        self._go(AttemptState.VOIDED)
        self.void_cause = cause
        self._stop_clocks()

    def take(self, device: bytes) -> None:
        """Another device of theirs sits it from now on."""
        self.device = device

    def extend(self, by: timedelta) -> None:
        """Every clock that runs ends so much later."""
        if self.deadline is not None:
            self.deadline += by
        if self.section_deadline is not None:
            self.section_deadline += by

    def enter_section(self, number: int, *, deadline: datetime | None) -> None:
        """The next section begins; there is no way back to the one before."""
        self.section, self.section_deadline = number, deadline

    def pause(self, *, now: datetime, until: datetime) -> None:
        """A break begins: the clocks end later by all of it, and what is not used is taken off again."""
        self.break_from, self.break_until = now, until
        self.extend(until - now)

    def resume(self, *, now: datetime) -> None:
        """The break is over, by the person or by its own end."""
        if self.break_until is not None and now < self.break_until:
            self.extend(now - self.break_until)
        self.break_from, self.break_until = None, None

    def _stop_clocks(self) -> None:
        self.section_deadline, self.break_from, self.break_until = None, None, None

    def _go(self, target: AttemptState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.review_due_at, self.reviewer_id = None, None
