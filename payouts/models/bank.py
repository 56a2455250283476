"""The manual rail: sealed bank details, the files taken to the bank, and what the bank made of them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial
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
