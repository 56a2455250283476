"""The rail's list against our payouts, both ways, and our payouts against the ledger."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import (
    OF_RAIL,
    Finding,
    FindingKind,
    JobName,
    LedgerAccount,
    LedgerKind,
    Payout,
    PayoutState,
)
from payouts.queries import runs as queries
from payouts.service import findings, letters, proof, sending
from portal.db import lock
from portal.jobs import enqueue
from portal.stripe.transfers import Transfer

LATE: Final = timedelta(hours=48)
"""How long money may be on its way before finance is told."""
LISTED_BY: Final = timedelta(minutes=10)
"""How long a transfer may take to appear in the rail's list."""
_OF_PAYOUTS: Final = {
    "approved": ({LedgerKind.APPROVED}, queries.COMMITTED),
    "in_transit": ({LedgerKind.IN_TRANSIT}, (PayoutState.SENDING,)),
    "the rails": (OF_RAIL, (PayoutState.PAID,)),
}
"""Which ledger accounts, taken together, hold what payouts in which states come to."""


@dataclass(frozen=True)
class Compared:
    """How much was compared, and what was found that nobody knew of."""

    transfers: int
    payouts: int
    fresh: int


def compare(
    session: Session, transfers: Iterable[Transfer], *, listed_at: datetime, now: datetime
) -> Compared:
    """Compare the rail's whole list, asked for at `listed_at`, with what we have; keep what differs.

    What merely is not recorded yet (a payout still being sent) is looked up again, not reported.
    What was found before and is not met this time is over: should it return, it is found anew.
    """
    by_group: dict[str | None, list[Transfer]] = {}
    for transfer in transfers:
        by_group.setdefault(transfer.transfer_group, []).append(transfer)
    ours = session.scalars(queries.by_references(group for group in by_group if group))
    known = {payout.reference: payout for payout in ours}
    fresh = 0
    for group, found in by_group.items():
        payout = known.get(group or "")
        if payout is None:
            fresh += sum(_unknown(session, transfer, now) for transfer in found)
        else:
            fresh += _known(session, payout, found, now)
    fresh += sum(_missing(session, p, by_group, now) for p in _settled(session, listed_at))
    fresh += _ledger(session, now) + _late(session, now)
    session.flush()
    sent = {p.reference for p in known.values() if p.state is PayoutState.SENDING}
    findings.forget(session, before=now, passed_over=sent)
    if fresh:
        _tell(session, now)
    count = sum(len(found) for found in by_group.values())
    return Compared(count, len(known), fresh)


def live(found: Iterable[Transfer]) -> list[Transfer]:
    """The transfers that were not taken back whole."""
    return [transfer for transfer in found if transfer.reversed != transfer.amount]


def observe(session: Session, transfer: Transfer, *, now: datetime) -> None:
    """One transfer as the rail has it now, on its own: from an event that woke us."""
    payout = session.scalar(queries.by_references([transfer.transfer_group or ""]))
    if payout is None:
        _unknown(session, transfer, now)
    else:
        _known(session, payout, [transfer], now)


def _unknown(session: Session, transfer: Transfer, now: datetime) -> int:
    details = {
        "amount": [transfer.amount.minor, transfer.amount.currency],
        "destination": transfer.destination,
        "group": transfer.transfer_group,
    }
    kind = FindingKind.UNKNOWN_TRANSFER
    return findings.found(session, kind, transfer.id, details, now=now)


def _known(session: Session, payout: Payout, found: list[Transfer], now: datetime) -> int:
    counting = live(found)
    lock(session, payout)  # its job may be writing down the same answer just now
    if payout.state is PayoutState.SENDING and counting:
        enqueue(session, JobName.SEND_PAYOUT, payout.id, now=now)
        return 0
    before = _count(session)
    for transfer in found:
        if transfer not in counting:
            sending.come_back(session, payout, transfer, now=now)
        elif transfer.reversed.minor:
            _partly_back(session, transfer, now)
    sending.settle(session, payout, counting, now=now)
    return _count(session) - before


def _partly_back(session: Session, transfer: Transfer, now: datetime) -> None:
    details = {"reversed": [transfer.reversed.minor, transfer.reversed.currency]}
    findings.found(session, FindingKind.RETURNED_TRANSFER, transfer.id, details, now=now)


def _settled(session: Session, listed_at: datetime) -> list[Payout]:
    """Payouts that were paid long enough before the list was asked for to be in it."""
    paid = sa.select(Payout).where(
        Payout.state == PayoutState.PAID, Payout.paid_at < listed_at - LISTED_BY
    )
    return list(session.scalars(paid.order_by(Payout.id)))


def _missing(
    session: Session, payout: Payout, by_group: dict[str | None, list[Transfer]], now: datetime
) -> int:
    ids = {transfer.id for transfer in by_group.get(payout.reference, [])}
    if payout.transfer_id in ids:
        return 0
    details = {"transfer": payout.transfer_id, "listed": sorted(ids)}
    kind = FindingKind.MISSING_TRANSFER
    return findings.found(session, kind, payout.reference, details, now=now)


def _late(session: Session, now: datetime) -> int:
    """Payouts that were asked for more than 48 hours ago without a known outcome. Freezes nothing."""
    waiting = sa.select(Payout).where(
        Payout.state == PayoutState.SENDING, Payout.since <= now - LATE
    )
    kind, fresh = FindingKind.LATE_TRANSFER, 0
    for payout in session.scalars(waiting.order_by(Payout.id)):
        details = {"amount": [payout.minor, payout.currency], "since": payout.since.isoformat()}
        fresh += findings.found(session, kind, payout.reference, details, now=now)
    return fresh


def _tell(session: Session, now: datetime) -> None:
    """One letter for everything that this comparison found anew."""
    new = findings.open_findings().where(Finding.found_at == now)
    if found := session.scalars(new).all():
        letters.to_finance(session, found, now=now)


def _ledger(session: Session, now: datetime) -> int:
    """The ledger's own proof, and its sums against the payouts' sums."""
    differing = [(problem, {"problem": problem}) for problem in proof.verify(session).problems]
    for name, (kinds, states) in _OF_PAYOUTS.items():
        posted = _ledger_sums(session, kinds)
        counted = _payout_sums(session, states)
        for currency in sorted(posted.keys() | counted.keys()):
            ledger, payouts = posted.get(currency, 0), counted.get(currency, 0)
            if ledger != payouts:
                said = f"{name} {currency}: ledger {ledger}, payouts {payouts}"
                differing.append((said, {"problem": said}))
    differs = FindingKind.LEDGER_DIFFERS
    return sum(findings.found(session, differs, said, d, now=now) for said, d in differing)


def _ledger_sums(session: Session, kinds: Collection[LedgerKind]) -> dict[str, int]:
    sums = (
        sa.select(LedgerAccount.currency, sa.func.sum(LedgerAccount.balance))
        .where(LedgerAccount.kind.in_(list(kinds)))
        .group_by(LedgerAccount.currency)
    )
    return {currency: int(total) for currency, total in session.execute(sums)}


def _payout_sums(session: Session, states: Iterable[PayoutState]) -> dict[str, int]:
    sums = (
        sa.select(Payout.currency, sa.func.sum(Payout.minor))
        .where(Payout.state.in_(list(states)))
        .group_by(Payout.currency)
    )
    return {currency: int(total) for currency, total in session.execute(sums)}


def _count(session: Session) -> int:
    session.flush()
    return session.scalar(sa.select(sa.func.count()).select_from(Finding)) or 0
