"""Pay runs, one person's money in each, and every try to send it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from payouts.models.ledger import Rail
from portal.db import Base, Serial, move


class PayRunState(StrEnum):
    """DONE when every payout of an approved run has been paid."""

    BUILT = "built"
    APPROVED = "approved"
    DONE = "done"
    VOIDED = "voided"


_RUNS: Final = {
    PayRunState.BUILT: {PayRunState.APPROVED, PayRunState.VOIDED},
    PayRunState.APPROVED: {PayRunState.DONE},
    PayRunState.DONE: {PayRunState.APPROVED},  # a transfer came back
}


class PayRun(Base):
    """A batch of payouts of one organisation's work, in one currency.

    `lines_sha256` is what was built, `approved_sha256` what the approver saw: the database takes an
    approval only where they are the same, by another person than the builder and than any payee.
    """

    __tablename__ = "pay_run"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index("ix_pay_run_organisation_id", "organisation_id", "id"),
        sa.CheckConstraint("length(lines_sha256) = 32", name="sha256_is_32_bytes"),
        sa.CheckConstraint("approved_by_id <> built_by_id", name="approved_by_another"),
        sa.CheckConstraint("approved_sha256 = lines_sha256", name="approval_signs_the_lines"),
        sa.CheckConstraint(
            "(state IN ('approved', 'done')) = (approved_by_id IS NOT NULL)"
            " AND (approved_by_id IS NULL) = (approved_at IS NULL)"
            " AND (approved_by_id IS NULL) = (approved_sha256 IS NULL)",
            name="approved_iff_signed",
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'voided')) = (ended_at IS NOT NULL)", name="ended_iff_ended"
        ),
        sa.CheckConstraint("(state = 'voided') = (void_reason IS NOT NULL)", name="void_says_why"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    currency: Mapped[str]
    built_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    built_at: Mapped[datetime]
    lines_sha256: Mapped[bytes]
    state: Mapped[PayRunState] = mapped_column(default=PayRunState.BUILT, init=False)
    approved_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    approved_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    approved_sha256: Mapped[bytes | None] = mapped_column(default=None, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    void_reason: Mapped[str | None] = mapped_column(default=None, init=False)

    def approve(self, *, by: int, sha256: bytes, now: datetime) -> None:
        """Another person signs exactly these lines."""
        self.state = move(_RUNS, self.state, PayRunState.APPROVED)
        self.approved_by_id, self.approved_at, self.approved_sha256 = by, now, sha256

    def void(self, *, reason: str, now: datetime) -> None:
        """Nothing of it is sent; its lines are free for another run."""
        self.state = move(_RUNS, self.state, PayRunState.VOIDED)
        self.void_reason, self.ended_at = reason, now

    def finish(self, *, now: datetime) -> None:
        """Everyone in it has been paid."""
        self.state = move(_RUNS, self.state, PayRunState.DONE)
        self.ended_at = now

    def reopen(self) -> None:
        """Money of it came back: there is something to do again."""
        self.state = move(_RUNS, self.state, PayRunState.APPROVED)
        self.ended_at = None


class PayoutState(StrEnum):
    """SENDING lasts until the rail's answer is known: we look it up before anything is sent again."""

    PLANNED = "planned"
    HELD = "held"
    READY = "ready"
    SENDING = "sending"
    PAID = "paid"
    REFUSED = "refused"
    RETURNED = "returned"
    RELEASED = "released"  # the bank sent it back: its lines are free for the next run
    VOIDED = "voided"


_PAYOUTS: Final = {
    PayoutState.PLANNED: {PayoutState.READY, PayoutState.VOIDED},
    PayoutState.READY: {PayoutState.SENDING, PayoutState.HELD},
    PayoutState.HELD: {PayoutState.READY},
    PayoutState.SENDING: {PayoutState.PAID, PayoutState.REFUSED},
    PayoutState.REFUSED: {PayoutState.READY, PayoutState.SENDING},
    PayoutState.PAID: {PayoutState.RETURNED, PayoutState.RELEASED},
    PayoutState.RETURNED: {PayoutState.READY},
}


class HoldReason(StrEnum):
    """Why money that is approved is not sent yet; the payee sees it."""

    IDENTITY = "identity"
    NO_ACCOUNT = "no_account"
    ACCOUNT_NOT_READY = "account_not_ready"
    DETAILS_RETURNED = "details_returned"  # the bank sent the last payment to them back
    TAX_FORM = "tax_form"
    DETAILS_CHANGED = "details_changed"
    LIMIT = "limit"  # more than may go to one person in a week, or out in a day


class Payout(Base):
    """One person's money in a pay run. `public_id` is the reference by which the rail finds it."""

    __tablename__ = "payout"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("pay_run_id", "expert_id"),
        sa.UniqueConstraint("transfer_id"),
        sa.Index("ix_payout_expert_id", "expert_id"),
        sa.Index(
            "ix_payout_unsettled",
            "since",
            postgresql_where=sa.text("state IN ('ready', 'held', 'sending')"),
        ),
        sa.CheckConstraint("minor > 0", name="minor_positive"),
        sa.CheckConstraint("(state = 'held') = (hold IS NOT NULL)", name="hold_says_why"),
        sa.CheckConstraint(
            "(state IN ('refused', 'returned', 'released')) = (problem IS NOT NULL)",
            name="problem_said",
        ),
        sa.CheckConstraint(
            "(state = 'paid') = (transfer_id IS NOT NULL AND paid_at IS NOT NULL)",
            name="paid_iff_transfer",
        ),
        sa.CheckConstraint(
            "(cleared_by_id IS NULL) = (cleared_at IS NULL)", name="cleared_by_somebody"
        ),
        sa.CheckConstraint("cleared_by_id <> expert_id", name="payee_clears_nothing"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    pay_run_id: Mapped[int] = mapped_column(sa.ForeignKey("pay_run.id"))
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    currency: Mapped[str]
    minor: Mapped[int]
    since: Mapped[datetime]
    """When it came into the state it is in."""
    rail: Mapped[Rail] = mapped_column(default=Rail.STRIPE)
    """By what it goes: the payee's rail when the money is set aside."""
    state: Mapped[PayoutState] = mapped_column(default=PayoutState.PLANNED, init=False)
    hold: Mapped[HoldReason | None] = mapped_column(default=None, init=False)
    problem: Mapped[str | None] = mapped_column(default=None, init=False)
    transfer_id: Mapped[str | None] = mapped_column(default=None, init=False)
    paid_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    cleared_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    """Who let it go out past the limits: neither its payee nor who signed its run."""
    cleared_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def reference(self) -> str:
        """Our name for it at the rail, in every try the same."""
        return f"payout_{self.public_id.hex}"

    def clear(self, *, by: int, now: datetime) -> None:
        """The limits do not hold it back any more."""
        self.cleared_by_id, self.cleared_at = by, now

    def release(self, *, now: datetime) -> None:
        """It may be sent: approved, no longer held, or to be tried once more."""
        self._go(PayoutState.READY, now)

    def hold_back(self, reason: HoldReason, *, now: datetime) -> None:
        """It cannot be sent yet; the payee is told why."""
        self._go(PayoutState.HELD, now)
        self.hold = reason

    def send(self, rail: Rail, *, now: datetime) -> None:
        """The rail is about to be asked."""
        self._go(PayoutState.SENDING, now)
        self.rail = rail

    def settle(self, *, transfer_id: str, now: datetime) -> None:
        """The rail has paid."""
        self._go(PayoutState.PAID, now)
        self.transfer_id, self.paid_at = transfer_id, now

    def refuse(self, *, problem: str, now: datetime) -> None:
        """The rail said no, definitely."""
        self._go(PayoutState.REFUSED, now)
        self.problem = problem

    def come_back(self, *, problem: str, now: datetime) -> None:
        """The rail took the transfer back."""
        self._go(PayoutState.RETURNED, now)
        self.problem, self.transfer_id, self.paid_at = problem, None, None

    def release_lines(self, *, problem: str, now: datetime) -> None:
        """The bank sent it back: this payout is over, and another run pays its lines."""
        self._go(PayoutState.RELEASED, now)
        self.problem, self.transfer_id, self.paid_at = problem, None, None

    def void(self, *, now: datetime) -> None:
        """Its run is not carried out."""
        self._go(PayoutState.VOIDED, now)

    def _go(self, target: PayoutState, now: datetime) -> None:
        self.state = move(_PAYOUTS, self.state, target)
        self.since, self.hold, self.problem = now, None, None


class PayoutLine(Base):
    """A statement line in a payout. A line is in one payout that counts at a time."""

    __tablename__ = "payout_line"
    __table_args__ = (
        sa.PrimaryKeyConstraint("payout_id", "statement_line_id"),
        sa.Index(
            "uq_payout_line_counting",
            "statement_line_id",
            unique=True,
            postgresql_where=sa.text("released_at IS NULL"),
        ),
    )

    payout_id: Mapped[int] = mapped_column(sa.ForeignKey("payout.id"))
    statement_line_id: Mapped[int] = mapped_column(sa.ForeignKey("statement_line.id"))
    minor: Mapped[int]
    released_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def release(self, *, now: datetime) -> None:
        """Its run was voided, or the bank sent its payout back: another run may take the line."""
        self.released_at = now


class AttemptState(StrEnum):
    """An OPEN attempt's outcome is not known yet; ABANDONED keys had no effect and are not used again."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    ABANDONED = "abandoned"


_ATTEMPTS: Final = {
    AttemptState.OPEN: {AttemptState.SUCCEEDED, AttemptState.REFUSED, AttemptState.ABANDONED}
}


class PayoutAttempt(Base):
    """One idempotency key under which the rail is asked, stored before the first request."""

    __tablename__ = "payout_attempt"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.Index(
            "uq_payout_attempt_open",
            "payout_id",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.CheckConstraint("tries >= 1", name="tries_from_one"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_iff_ended"),
        sa.CheckConstraint("(state = 'refused') = (code IS NOT NULL)", name="refusal_has_code"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    payout_id: Mapped[int] = mapped_column(sa.ForeignKey("payout.id"))
    key: Mapped[UUID]
    destination: Mapped[str]
    reserve_id: Mapped[int] = mapped_column(sa.ForeignKey("ledger_entry.id"))
    """The entry that set the money aside; a refusal reverses it."""
    opened_at: Mapped[datetime]
    tried_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=1, init=False)
    bank_file_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("personal.bank_file.id"), default=None, init=False
    )
    """The file that took it to the bank, on the manual rail."""
    state: Mapped[AttemptState] = mapped_column(default=AttemptState.OPEN, init=False)
    code: Mapped[str | None] = mapped_column(default=None, init=False)
    message: Mapped[str | None] = mapped_column(default=None, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def again(self, *, now: datetime) -> None:
        """The rail is about to be asked once more under the same key."""
        self.tries += 1
        self.tried_at = now

    def succeed(self, *, now: datetime) -> None:
        """The rail has paid."""
        self._end(AttemptState.SUCCEEDED, now)

    def refuse(self, *, code: str, message: str, now: datetime) -> None:
        """The rail said no, with its reason."""
        self._end(AttemptState.REFUSED, now)
        self.code, self.message = code, message

    def abandon(self, *, now: datetime) -> None:
        """The rail kept an error under this key and has no transfer: another key is needed."""
        self._end(AttemptState.ABANDONED, now)

    def note(self, message: str) -> None:
        """What the rail said while the outcome stays unknown."""
        self.message = message

    def _end(self, target: AttemptState, now: datetime) -> None:
        self.state = move(_ATTEMPTS, self.state, target)
        self.ended_at = now
