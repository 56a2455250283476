"""A rail's own accounts, and what people have booked among them."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from payouts.models import (
    OF_RAIL,
    Finding,
    LedgerAccount,
    LedgerEntry,
    LedgerKind,
    Payout,
    Rail,
    RailBooking,
)
from payouts.queries import runs


def balances() -> sa.Select[Rail | None, str, LedgerKind, int]:
    """What each of the rails' accounts holds."""
    return (
        sa.select(
            LedgerAccount.rail, LedgerAccount.currency, LedgerAccount.kind, LedgerAccount.balance
        )
        .where(LedgerAccount.kind.in_(OF_RAIL))
        .order_by(LedgerAccount.rail, LedgerAccount.currency)
    )


def bookings() -> sa.Select[RailBooking, LedgerEntry | None]:
    """Every booking with what took it back, if anything did; newest first."""
    reversal = aliased(LedgerEntry)
    return (
        sa.select(RailBooking, reversal)
        .outerjoin(reversal, reversal.reverses_id == RailBooking.entry_id)
        .order_by(RailBooking.id.desc())
    )


def reversal(entry_id: int) -> sa.Select[int]:
    """The entry that took this one back."""
    return sa.select(LedgerEntry.id).where(LedgerEntry.reverses_id == entry_id)


def payee_of(finding: Finding) -> sa.Select[int]:
    """Whom the payout that a finding is about pays, where it is about one."""
    named = [finding.subject, str(finding.details.get("group") or "")]
    ours = runs.by_references(named).with_only_columns(Payout.id)
    of_finding = sa.or_(Payout.id.in_(ours), Payout.transfer_id == finding.subject)
    return sa.select(Payout.expert_id).where(of_finding).limit(1)
