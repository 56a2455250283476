"""What a person books among a rail's own accounts: fees, differences, money that is to come back."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from payouts.models.ledger import LedgerKind, Rail
from portal.db import Base, Serial


class BookingKind(StrEnum):
    """What it turned out to be; `LEGS` says what each moves."""

    FEE = "fee"  # the rail has charged us
    LOSS = "loss"  # the rail has paid out what we never booked, and it stays away
    GAIN = "gain"  # the rail has more of ours than we booked
    EXPECTED = "expected"  # the rail has paid out what is to come back
    ARRIVED = "arrived"  # what was to come back is here
    WRITTEN_OFF = "written_off"  # what was to come back never will


LEGS: Final = {
    BookingKind.FEE: (LedgerKind.RAIL_FEES, LedgerKind.RAIL_BALANCE),
    BookingKind.LOSS: (LedgerKind.RAIL_GAIN_LOSS, LedgerKind.RAIL_BALANCE),
    BookingKind.GAIN: (LedgerKind.RAIL_BALANCE, LedgerKind.RAIL_GAIN_LOSS),
    BookingKind.EXPECTED: (LedgerKind.RAIL_RECEIVABLE, LedgerKind.RAIL_BALANCE),
    BookingKind.ARRIVED: (LedgerKind.RAIL_BALANCE, LedgerKind.RAIL_RECEIVABLE),
    BookingKind.WRITTEN_OFF: (LedgerKind.RAIL_GAIN_LOSS, LedgerKind.RAIL_RECEIVABLE),
}
"""From which account (a debit) to which (a credit)."""


class RailBooking(Base):
    """One decision of a person on a rail's accounts, with its ledger entry; append-only."""

    __tablename__ = "rail_booking"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("entry_id"),
        sa.UniqueConstraint("finding_id"),
        sa.CheckConstraint("minor > 0", name="minor_positive"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
        sa.CheckConstraint(
            "length(trim(reason)) > 0 AND length(trim(evidence)) > 0", name="says_why_and_by_what"
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    kind: Mapped[BookingKind]
    rail: Mapped[Rail]
    currency: Mapped[str]
    minor: Mapped[int]
    reason: Mapped[str]
    evidence: Mapped[str]
    """What was looked at: the number of a bank statement, the id of a transfer or balance entry."""
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("ledger_entry.id"))
    booked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    booked_at: Mapped[datetime]
    finding_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("reconciliation_finding.id"), default=None
    )
    """The disagreement that this settled, if it was one."""
