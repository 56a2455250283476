"""Booking what a rail's own list shows and our books do not: by a person, with reason and evidence."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from payouts.models import LEGS, BookingKind, EntryKind, Finding, LedgerEntry, Rail, RailBooking
from payouts.queries import bookings as queries
from payouts.service import findings, ledger
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import uuid7
from portal.money import Money


@dataclass(frozen=True)
class Booked:
    """What a person has found out."""

    kind: BookingKind
    rail: Rail
    amount: Money
    reason: str
    evidence: str


def book(
    session: Session, said: Booked, *, by: int, now: datetime, finding: Finding | None = None
) -> RailBooking:
    """Write the ledger entry and who decided on it; settles the finding that it explains.

    Raises `Invalid` without amount, reason or evidence, `Forbidden` for the payee of the payout
    that the finding is about, `Conflict` where the finding is settled or more would come back than
    is to. The database refuses the last by a CHECK, and one finding is booked once.
    """
    _check(said)
    if finding is not None:
        _may_settle(session, finding, by)
    public_id = uuid7(now)
    source, target = LEGS[said.kind]
    currency = said.amount.currency
    entry = ledger.shift(
        session,
        kind=EntryKind.BOOKED,
        key=f"booking:{public_id}",
        source=ledger.of_rail(session, source, rail=said.rail, currency=currency),
        target=ledger.of_rail(session, target, rail=said.rail, currency=currency),
        amount=said.amount,
        now=now,
    )
    made = RailBooking(
        public_id=public_id,
        kind=said.kind,
        rail=said.rail,
        currency=currency,
        minor=said.amount.minor,
        reason=said.reason.strip(),
        evidence=said.evidence.strip(),
        entry_id=entry.id,
        booked_by_id=by,
        booked_at=now,
        finding_id=finding.id if finding else None,
    )
    session.add(made)
    session.flush()
    if finding is not None:
        findings.settle(session, finding, by=by, note=made.reason, now=now)
    _note(session, made, "rail.booked", by, now)
    return made


def undo(session: Session, booking: RailBooking, *, by: int, why: str, now: datetime) -> None:
    """Take a booking back by its reversal, once. Raises `Conflict` where that was done already."""
    if not why.strip():
        raise Invalid("Say why it is taken back.")
    entry = session.get_one(LedgerEntry, booking.entry_id)
    if session.scalar(queries.reversal(entry.id)):
        raise Conflict("This has been taken back already.")
    key = f"booking:{booking.public_id}:reversed"
    ledger.reverse(session, entry, key=key, reason=why.strip(), now=now)
    _note(session, booking, "rail.booking_reversed", by, now)


def _check(said: Booked) -> None:
    if said.amount.minor <= 0:
        raise Invalid("Enter an amount above zero; what it was says which way it goes.")
    if not said.reason.strip() or not said.evidence.strip():
        raise Invalid("Say what it turned out to be, and which paper or entry shows it.")


def _may_settle(session: Session, finding: Finding, by: int) -> None:
    lock(session, finding)
    if finding.settled_at is not None:
        raise Conflict("Somebody has settled this already.")
    if by == session.scalar(queries.payee_of(finding)):
        raise Forbidden("This is about a payment to you: somebody else books it.")


def _note(session: Session, booking: RailBooking, action: str, by: int, now: datetime) -> None:
    subject = ("rail_booking", booking.id)
    details = {"kind": booking.kind.value, "minor": booking.minor, "currency": booking.currency}
    audit.record(session, actor=by, action=action, subject=subject, now=now, details=details)
