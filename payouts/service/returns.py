"""A bank transfer that comes back: two people, the ledger turned back, its lines free for the next run."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from payouts.models import (
    BankReturn,
    BankTransfer,
    BookingKind,
    LedgerEntry,
    Payout,
    PayoutAccount,
    PayoutAttempt,
    PayoutState,
    PayRun,
    PayRunState,
    Rail,
    ReturnCause,
    ReturnState,
)
from payouts.queries import bank as queries
from payouts.queries import ledger as ledger_queries
from payouts.queries import runs as run_queries
from payouts.service import bookings, ledger, letters, payees, runs
from payouts.service.bookings import Booked
from portal import audit
from portal.db import lock
from portal.decisions import Decision, Outcome, decide
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import uuid7
from portal.money import Money

RETURNED: Final = "payout.bank_returned"
"""The kind of the decision that its payee reads, and may contest."""
RULE: Final = ("bank returns", "1")
WHOLE: Final = (
    "Banks send a payment back whole. Enter the payment's own amount; what the bank kept of it goes"
    " beside it, as charges."
)


@dataclass(frozen=True)
class Said:
    """What the bank's paper says about the return."""

    reference: str
    returned_on: date
    cause: ReturnCause
    words: str
    amount: Money
    charges: Money
    arrived_on: date | None
    """The day the money was on our account again; None while it is not."""


def enter(session: Session, payout: Payout, said: Said, *, by: int, now: datetime) -> BankReturn:
    """Write down what the bank said; nothing moves before another person confirms it.

    Raises `Invalid` for what cannot be (a part of the amount, a day to come), `Forbidden` for the
    payee, `Conflict` where the payout is not paid by bank transfer or its return is entered already.
    The database refuses the same.
    """
    lock(session, payout)
    if by == payout.expert_id:
        raise Forbidden("This was paid to you: somebody else enters what the bank said.")
    transfer = _transfer(session, payout)
    _check(said, payout, transfer, now)
    if session.scalar(queries.returned(transfer.id, said.reference.strip())):
        raise Conflict("This return has been entered already.")
    made = BankReturn(
        public_id=uuid7(now),
        payout_id=payout.id,
        bank_transfer_id=transfer.id,
        reference=said.reference.strip(),
        returned_on=said.returned_on,
        cause=said.cause,
        said=said.words.strip(),
        currency=payout.currency,
        minor=payout.minor,
        charges_minor=said.charges.minor,
        arrived_on=said.arrived_on,
        entered_by_id=by,
        entered_at=now,
    )
    session.add(made)
    session.flush()
    _note(session, made, "bank_return.entered", by, now)
    return made


def withdraw(session: Session, found: BankReturn, *, by: int, why: str, now: datetime) -> None:
    """It was entered by mistake: nothing had moved."""
    if not why.strip():
        raise Invalid("Say why it was a mistake.")
    lock(session, found)
    found.withdraw(by=by, why=why.strip(), now=now)
    session.flush()
    _note(session, found, "bank_return.withdrawn", by, now)


def confirm(session: Session, found: BankReturn, *, by: int, now: datetime) -> None:
    """A second person stands for it: the money is owed again, and the payee is told why.

    What was paid, set aside and approved is turned back entry by entry; the payout is over and its
    lines wait for the next run. Nothing is sent to the same details before they are mended. Raises
    `Forbidden` for who entered it and for the payee, `Conflict` where it is settled.
    """
    payout = lock(session, session.get_one(Payout, found.payout_id))
    lock(session, found)
    if found.state is not ReturnState.ENTERED:
        raise Conflict("Somebody has settled this return already.")
    if by == found.entered_by_id:
        raise Forbidden("Another person than the one who entered a return confirms it.")
    if by == payout.expert_id:
        raise Forbidden("This was paid to you: somebody else confirms it.")
    attempt = session.scalars(run_queries.succeeded_attempt(payout.id)).one()
    _turn_back(session, payout, attempt, found, now)
    found.confirm(by=by, now=now)
    session.flush()
    payout.release_lines(problem=found.said, now=now)
    session.flush()
    for line in session.scalars(run_queries.lines_of_payout(payout.id)):
        line.release(now=now)
    _book_the_rest(session, found, by, now)
    payees.bounced(session, payout.expert_id, attempt.destination, now=now)
    run = lock(session, session.get_one(PayRun, payout.pay_run_id))
    if run.state is PayRunState.APPROVED:
        runs.finish_if_paid(session, run.id, now=now)
    _note(session, found, "bank_return.confirmed", by, now)
    _tell(session, found, payout, by, now)


def appeal_upheld(session: Session, decision: Decision, *, now: datetime) -> None:
    """The payee was right, and the details are good: the next payout may go there again."""
    payees.trusted(session, decision.account_id, now=now)


def _transfer(session: Session, payout: Payout) -> BankTransfer:
    if payout.state is not PayoutState.PAID or payout.rail is not Rail.MANUAL:
        raise Conflict("Only what a bank transfer has paid can come back from the bank.")
    attempt = session.scalars(run_queries.succeeded_attempt(payout.id)).one()
    return session.scalars(queries.answer(attempt.id)).one()


def _check(said: Said, payout: Payout, transfer: BankTransfer, now: datetime) -> None:
    if not said.reference.strip() or not said.words.strip():
        raise Invalid("Enter the bank's reference, and what it said.")
    if said.amount != Money(payout.minor, payout.currency):
        raise Invalid(WHOLE)
    if not transfer.executed_on <= said.returned_on <= now.date():
        raise Invalid("The bank returned it between the day it was paid and today.")
    if said.arrived_on is not None and not said.returned_on <= said.arrived_on <= now.date():
        raise Invalid("The money arrived between the day it was returned and today.")
    if said.charges.minor and said.arrived_on is None:
        raise Invalid("What the bank kept is known once the money is here: enter that day too.")
    if not 0 <= said.charges.minor < payout.minor or said.charges.currency != payout.currency:
        raise Invalid("The charges are less than the payment.")


def _turn_back(
    session: Session, payout: Payout, attempt: PayoutAttempt, found: BankReturn, now: datetime
) -> None:
    """Paid, reserved, approved: each by its mirror image, the last first."""
    paid = session.scalars(
        ledger_queries.by_key(f"payout:{payout.id}:paid:{payout.transfer_id}")
    ).one()
    reserved = session.get_one(LedgerEntry, attempt.reserve_id)
    approved = session.scalars(ledger_queries.by_key(f"payout:{payout.id}:approved")).one()
    for entry in (paid, reserved, approved):
        key = f"entry:{entry.id}:reversed"
        ledger.reverse(session, entry, key=key, reason=found.said, now=now)


def _book_the_rest(session: Session, found: BankReturn, by: int, now: datetime) -> None:
    """The money is not here yet, or the bank kept some of it."""
    amount, kind = Money(found.charges_minor, found.currency), BookingKind.FEE
    if found.arrived_on is None:
        amount, kind = Money(found.minor, found.currency), BookingKind.EXPECTED
    if amount.minor:
        booked = Booked(kind, Rail.MANUAL, amount, found.said, found.reference)
        bookings.book(session, booked, by=by, now=now)


def _tell(session: Session, found: BankReturn, payout: Payout, by: int, now: datetime) -> None:
    amount = Money(found.minor, found.currency)
    decide(
        session,
        account_id=payout.expert_id,
        kind=RETURNED,
        outcome=Outcome.AGAINST,
        subject=("bank_return", found.id),
        rule=RULE,
        evidence={
            "amount": f"{amount} {amount.currency}",
            "returned_on": found.returned_on.isoformat(),
            "reference": found.reference,
            "payout_id": payout.id,
        },
        reason=found.said,
        decided_by=by,
        letter=letters.bank_returned(session.get(PayoutAccount, payout.expert_id), found, amount),
        now=now,
    )


def _note(session: Session, found: BankReturn, action: str, by: int, now: datetime) -> None:
    subject, details = ("bank_return", found.id), {"reference": found.reference}
    audit.record(session, actor=by, action=action, subject=subject, now=now, details=details)
