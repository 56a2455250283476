"""The manual rail: sealed bank details, the files taken to the bank, and what the bank made of them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class BankDetails(Base):
    """Where a person is paid by bank transfer, sealed to this row; one current row for each person."""

    __tablename__ = "bank_details"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("length(fingerprint) = 32", name="sha256_is_32_bytes"),
        sa.Index(
            "uq_bank_details_current",
            "account_id",
            unique=True,
            postgresql_where=sa.text("replaced_at IS NULL"),
        ),
        {"schema": "personal"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    sealed: Mapped[bytes]
    fingerprint: Mapped[bytes]
    """A keyed digest of the bank account's number: tells whether it is the same, not which it is."""
    given_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def row(self) -> str:
        """What the content is sealed to: this row, and no other."""
        return f"bank_details:{self.public_id}"

    def replace(self, *, now: datetime) -> None:
        """Other details take their place."""
        self.replaced_at = now


class BankFile(Base):
    """One file for the bank: payouts of one approved run, with totals and a check sum; append-only."""

    __tablename__ = "bank_file"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index("ix_bank_file_pay_run_id", "pay_run_id"),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
        sa.CheckConstraint("payouts > 0 AND total_minor > 0", name="not_empty"),
        {"schema": "personal"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    pay_run_id: Mapped[int] = mapped_column(sa.ForeignKey("pay_run.id"))
    payouts: Mapped[int]
    total_minor: Mapped[int]
    sha256: Mapped[bytes]
    """Of the whole file, as the bank gets it."""
    sealed: Mapped[bytes]
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    made_at: Mapped[datetime]

    @property
    def row(self) -> str:
        """What the content is sealed to: this row, and no other."""
        return f"bank_file:{self.public_id}"


class BankTransfer(Base):
    """What the bank said it did for a try to pay: its reference, entered by a person; append-only."""

    __tablename__ = "bank_transfer"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("attempt_id"),
        sa.CheckConstraint("length(trim(reference)) > 0", name="reference_given"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("payout_attempt.id"))
    reference: Mapped[str]
    executed_on: Mapped[date]
    entered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    entered_at: Mapped[datetime]


class ReturnCause(StrEnum):
    """Why the bank sent a payment back."""

    CLOSED = "closed"  # the account is closed
    NO_SUCH_ACCOUNT = "no_such_account"
    NAME_DIFFERS = "name_differs"
    NOT_TAKEN = (
        "not_taken"  # the payee's bank does not take it: currency, country, a rule of its own
    )
    OTHER = "other"


class ReturnState(StrEnum):
    """Nothing moves before a second person has CONFIRMED what the first entered."""

    ENTERED = "entered"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


_RETURNS: Final = {ReturnState.ENTERED: {ReturnState.CONFIRMED, ReturnState.WITHDRAWN}}


class BankReturn(Base):
    """A payment that the bank sent back, whole: entered by one person, confirmed by another.

    `minor` is the payout's own amount; `charges_minor` is what the bank kept of it. Where
    `arrived_on` is empty the money is not on our account yet, and is owed to us by the rail.
    """

    __tablename__ = "bank_return"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index(
            "uq_bank_return_transfer",
            "bank_transfer_id",
            unique=True,
            postgresql_where=sa.text("state <> 'withdrawn'"),
        ),
        sa.Index(
            "uq_bank_return_reference",
            "reference",
            unique=True,
            postgresql_where=sa.text("state <> 'withdrawn'"),
        ),
        sa.Index("ix_bank_return_payout_id", "payout_id"),
        sa.CheckConstraint("minor > 0", name="minor_positive"),
        sa.CheckConstraint(
            "charges_minor >= 0 AND charges_minor < minor"
            " AND (charges_minor = 0 OR arrived_on IS NOT NULL)",
            name="charges_are_part_of_what_arrived",
        ),
        sa.CheckConstraint(
            "length(trim(reference)) > 0 AND length(trim(said)) > 0", name="says_what_the_bank_said"
        ),
        sa.CheckConstraint("arrived_on >= returned_on", name="arrives_after_it_was_returned"),
        sa.CheckConstraint("(state = 'entered') = (decided_at IS NULL)", name="decided_iff_decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_somebody"),
        sa.CheckConstraint(
            "state <> 'confirmed' OR decided_by_id <> entered_by_id", name="confirmed_by_another"
        ),
        sa.CheckConstraint("(state = 'withdrawn') = (why IS NOT NULL)", name="withdrawn_says_why"),
    )  # fmt: skip

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    payout_id: Mapped[int] = mapped_column(sa.ForeignKey("payout.id"))
    bank_transfer_id: Mapped[int] = mapped_column(sa.ForeignKey("bank_transfer.id"))
    """The bank's answer that had settled the payout."""
    reference: Mapped[str]
    """The bank's own name for the return."""
    returned_on: Mapped[date]
    cause: Mapped[ReturnCause]
    said: Mapped[str]
    """What the bank said, in its words; the payee reads it."""
    currency: Mapped[str]
    minor: Mapped[int]
    charges_minor: Mapped[int]
    arrived_on: Mapped[date | None]
    entered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    entered_at: Mapped[datetime]
    state: Mapped[ReturnState] = mapped_column(default=ReturnState.ENTERED, init=False)
    decided_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    why: Mapped[str | None] = mapped_column(default=None, init=False)

    def confirm(self, *, by: int, now: datetime) -> None:
        """A second person has seen it on the bank's paper."""
        self._decide(ReturnState.CONFIRMED, by, now)

    def withdraw(self, *, by: int, why: str, now: datetime) -> None:
        """It was entered by mistake."""
        self._decide(ReturnState.WITHDRAWN, by, now)
        self.why = why

    def _decide(self, target: ReturnState, by: int, now: datetime) -> None:
        self.state = move(_RETURNS, self.state, target)
        self.decided_by_id, self.decided_at = by, now
