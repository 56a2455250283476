"""One payout to its end: reserve, ask the rail between transactions, record what it said."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import (
    EntryKind,
    FindingKind,
    HoldReason,
    JobName,
    LedgerAccount,
    LedgerEntry,
    LedgerKind,
    Payout,
    PayoutAccount,
    PayoutAttempt,
    PayoutState,
    PayRun,
    PayRunState,
    Rail,
)
from payouts.queries import runs as queries
from payouts.service import findings, holds, ledger, runs
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Forbidden
from portal.ids import random_id
from portal.jobs import enqueue
from portal.money import Money
from portal.stripe.errors import StripeFault
from portal.stripe.transfers import Transfer

KEY_LIVES: Final = timedelta(hours=23)
"""Stripe forgets a key after 24 hours and would then send again: from here on we only look."""
QUIET: Final = timedelta(hours=1)
"""How long a key that gave only errors rests before another is used, if there is no transfer."""
_STALE_TRIES: Final = 3
_LOOK_AGAIN: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Attempt:
    """What the rail is asked, copied out of the transaction that stored it."""

    id: int
    payout_id: int
    reference: str
    key: UUID
    amount: Money
    rail: Rail
    destination: str
    may_send: bool
    """False where only a look is allowed: the key is too old, or sending is frozen."""
    stale: bool
    """The key has given nothing but errors: if the rail has no transfer, another is needed."""


def reserve(session: Session, payout_id: int, *, now: datetime) -> Attempt | None:
    """Set the money aside and store the key, or take up the try that is open.

    None where there is nothing to ask: settled, refused, held, or sending is frozen. Once this has
    been committed the payout is SENDING until the rail's answer is recorded.
    """
    payout = lock(session, session.get_one(Payout, payout_id))
    frozen = findings.frozen(session)
    if payout.state is PayoutState.SENDING:
        return _resume(session, payout, frozen=frozen, now=now)
    if payout.state not in {PayoutState.READY, PayoutState.HELD} or frozen:
        return None
    reason = holds.reason(session, payout, now=now)
    if reason is not None:
        _hold(payout, reason, now)
        return None
    if payout.state is PayoutState.HELD:
        payout.release(now=now)
    return _copy(payout, _set_aside(session, payout, now=now))


def renew(session: Session, attempt: Attempt, *, now: datetime) -> Attempt | None:
    """Replace a stale key after a look found nothing. None where the payout has moved on."""
    payout = lock(session, session.get_one(Payout, attempt.payout_id))
    old = session.scalar(queries.open_attempt(payout.id))
    if old is None or old.id != attempt.id:
        return None
    old.abandon(now=now)
    session.flush()
    fresh = _attempt(session, payout, destination=old.destination, reserve=old.reserve_id, now=now)
    return _copy(payout, fresh)


def record(session: Session, attempt: Attempt, found: list[Transfer], *, now: datetime) -> None:
    """Write down what the rail has for the payout: exactly one transfer that fits settles it."""
    payout = lock(session, session.get_one(Payout, attempt.payout_id))
    settle(session, payout, found, now=now)


def settle(session: Session, payout: Payout, found: list[Transfer], *, now: datetime) -> None:
    """Settle a locked payout by the transfers that carry its reference. Safe to run twice."""
    if not found:
        return
    if len(found) > 1:
        ids = {"transfers": [transfer.id for transfer in found]}
        findings.found(session, FindingKind.DUPLICATE_TRANSFER, payout.reference, ids, now=now)
        return
    transfer = found[0]
    fits = _fits(session, payout, transfer)
    if fits and payout.state is PayoutState.PAID and payout.transfer_id == transfer.id:
        return
    if not fits or not _settles(payout):
        details = {
            "transfer": transfer.id,
            "amount": [transfer.amount.minor, transfer.amount.currency],
            "destination": transfer.destination,
            "state": payout.state.value,
        }
        findings.found(session, FindingKind.DIFFERENT_TRANSFER, payout.reference, details, now=now)
        return
    _pay(session, payout, transfer, now)


def record_refusal(
    session: Session, attempt: Attempt, fault: StripeFault, *, now: datetime
) -> None:
    """The rail said no, definitely: the money goes back to approved, with the reason."""
    payout = lock(session, session.get_one(Payout, attempt.payout_id))
    mine = session.scalar(queries.open_attempt(payout.id))
    if mine is None or mine.id != attempt.id:
        return
    put_back(session, payout, mine, code=fault.code or "refused", message=fault.message, now=now)


def put_back(
    session: Session,
    payout: Payout,
    mine: PayoutAttempt,
    *,
    code: str,
    message: str,
    now: datetime,
) -> None:
    """A locked payout's open try came to nothing: the reserve is reversed with the reason."""
    mine.refuse(code=code, message=message, now=now)
    _put_back(session, mine, message, now)
    payout.refuse(problem=message, now=now)
    _note(session, payout, "payout.refused", now, code=code)


def record_unknown(session: Session, attempt: Attempt, message: str, *, now: datetime) -> None:
    """No answer that says what happened: nothing changes but a note, and we look again soon."""
    payout = lock(session, session.get_one(Payout, attempt.payout_id))
    mine = session.scalar(queries.open_attempt(payout.id))
    if mine is None or mine.id != attempt.id:
        return
    mine.note(message)
    enqueue(session, JobName.SEND_PAYOUT, payout.id, now=now, at=now + _LOOK_AGAIN)


def come_back(session: Session, payout: Payout, transfer: Transfer, *, now: datetime) -> None:
    """A transfer was taken back whole: the money is owed again, and a person looks."""
    lock(session, payout)
    if payout.state is not PayoutState.PAID or payout.transfer_id != transfer.id:
        return
    ledger.shift(
        session,
        kind=EntryKind.RETURNED,
        key=f"payout:{payout.id}:returned:{transfer.id}",
        source=ledger.rail_balance(session, rail=payout.rail, currency=payout.currency),
        target=_owed(session, LedgerKind.APPROVED, payout),
        amount=Money(payout.minor, payout.currency),
        now=now,
    )
    payout.come_back(problem="The transfer was reversed.", now=now)
    session.flush()
    run = lock(session, session.get_one(PayRun, payout.pay_run_id))
    if run.state is PayRunState.DONE:
        run.reopen()
    _note(session, payout, "payout.returned", now, transfer=transfer.id)


def try_again(session: Session, payout: Payout, *, by: int, now: datetime) -> None:
    """A person sends a refused or returned payout once more, under a new key.

    Raises `Conflict` for any other: above all for one of a run that nobody has signed. Raises
    `Forbidden` for the payee.
    """
    lock(session, payout)
    if by == payout.expert_id:
        raise Forbidden("This pays you: somebody else sends it again.")
    if payout.state not in {PayoutState.REFUSED, PayoutState.RETURNED}:
        raise Conflict("Only what was refused or came back is sent again.")
    payout.release(now=now)
    enqueue(session, JobName.SEND_PAYOUT, payout.id, now=now)
    subject = ("payout", payout.id)
    audit.record(session, actor=by, action="payout.tried_again", subject=subject, now=now)


def _resume(session: Session, payout: Payout, *, frozen: bool, now: datetime) -> Attempt | None:
    mine = session.scalar(queries.open_attempt(payout.id))
    if mine is None:
        return None
    if payout.rail is Rail.MANUAL:
        return _copy(payout, mine)  # the bank is asked by one file, and never twice
    stale = mine.tries >= _STALE_TRIES and now - mine.tried_at >= QUIET
    may_send = not frozen and now - mine.opened_at < KEY_LIVES
    mine.again(now=now)
    return _copy(payout, mine, may_send=may_send, stale=stale)


def _set_aside(session: Session, payout: Payout, *, now: datetime) -> PayoutAttempt:
    """Money into transit, a new key, the state SENDING: together or not at all."""
    account = session.get_one(PayoutAccount, payout.expert_id)
    key = random_id()
    entry = ledger.shift(
        session,
        kind=EntryKind.RESERVED,
        key=f"payout:{payout.id}:reserved:{key.hex}",
        source=_owed(session, LedgerKind.APPROVED, payout),
        target=_owed(session, LedgerKind.IN_TRANSIT, payout),
        amount=Money(payout.minor, payout.currency),
        now=now,
    )
    payout.send(account.rail, now=now)
    destination = account.destination or ""
    return _attempt(session, payout, destination=destination, reserve=entry.id, now=now, key=key)


def _attempt(
    session: Session,
    payout: Payout,
    *,
    destination: str,
    reserve: int,
    now: datetime,
    key: UUID | None = None,
) -> PayoutAttempt:
    made = PayoutAttempt(
        payout_id=payout.id,
        key=key or random_id(),
        destination=destination,
        reserve_id=reserve,
        opened_at=now,
        tried_at=now,
    )
    session.add(made)
    session.flush()
    return made


def _pay(session: Session, payout: Payout, transfer: Transfer, now: datetime) -> None:
    """In transit → the rail. A transfer that appears after a refusal is reserved for once more."""
    if payout.state is not PayoutState.SENDING:
        _set_aside(session, payout, now=now)
    if mine := session.scalar(queries.open_attempt(payout.id)):
        mine.succeed(now=now)
    ledger.shift(
        session,
        kind=EntryKind.PAID,
        key=f"payout:{payout.id}:paid:{transfer.id}",
        source=_owed(session, LedgerKind.IN_TRANSIT, payout),
        target=ledger.rail_balance(session, rail=payout.rail, currency=payout.currency),
        amount=transfer.amount,
        now=now,
    )
    payout.settle(transfer_id=transfer.id, now=now)
    _note(session, payout, "payout.paid", now, transfer=transfer.id)
    runs.finish_if_paid(session, payout.pay_run_id, now=now)


def _put_back(session: Session, attempt: PayoutAttempt, reason: str, now: datetime) -> None:
    entry = session.get_one(LedgerEntry, attempt.reserve_id)
    ledger.reverse(session, entry, key=f"entry:{entry.id}:reversed", reason=reason, now=now)


def _fits(session: Session, payout: Payout, transfer: Transfer) -> bool:
    """Whether the transfer has the payout's amount, and goes where one of its tries sent it."""
    tried = sa.select(PayoutAttempt.destination).where(PayoutAttempt.payout_id == payout.id)
    amount = Money(payout.minor, payout.currency)
    return transfer.amount == amount and transfer.destination in set(session.scalars(tried))


def _settles(payout: Payout) -> bool:
    return payout.state in {PayoutState.SENDING, PayoutState.REFUSED, PayoutState.READY}


def _hold(payout: Payout, reason: HoldReason, now: datetime) -> None:
    if payout.state is PayoutState.HELD:
        if payout.hold is reason:
            return
        payout.release(now=now)
    payout.hold_back(reason, now=now)


def _owed(session: Session, kind: LedgerKind, payout: Payout) -> LedgerAccount:
    return ledger.payable(session, kind, expert_id=payout.expert_id, currency=payout.currency)


def _copy(
    payout: Payout, attempt: PayoutAttempt, *, may_send: bool = True, stale: bool = False
) -> Attempt:
    return Attempt(
        id=attempt.id,
        payout_id=payout.id,
        reference=payout.reference,
        key=attempt.key,
        amount=Money(payout.minor, payout.currency),
        rail=payout.rail,
        destination=attempt.destination,
        may_send=may_send,
        stale=stale,
    )


def _note(session: Session, payout: Payout, action: str, now: datetime, **details: str) -> None:
    subject = ("payout", payout.id)
    audit.record(session, actor=None, action=action, subject=subject, now=now, details={**details})
