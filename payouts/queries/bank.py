"""The manual rail: what waits for a file, which files there are, what the bank said."""

from datetime import UTC, datetime, time

import sqlalchemy as sa

from payouts.models import (
    AttemptState,
    BankDetails,
    BankFile,
    BankReturn,
    BankTransfer,
    Payout,
    PayoutAttempt,
    PayoutState,
    Rail,
    ReturnState,
)
from payouts.queries import runs
from portal.money import Money
from portal.stripe.transfers import Transfer


def current(account_id: int) -> sa.Select[BankDetails]:
    """The bank details that the person gave last."""
    return sa.select(BankDetails).where(
        BankDetails.account_id == account_id, BankDetails.replaced_at.is_(None)
    )


def waiting(run_id: int) -> sa.Select[Payout, PayoutAttempt]:
    """The run's payouts for which money is set aside and that are in no file yet."""
    return (
        sa.select(Payout, PayoutAttempt)
        .join(PayoutAttempt, PayoutAttempt.payout_id == Payout.id)
        .where(
            Payout.pay_run_id == run_id,
            Payout.rail == Rail.MANUAL,
            Payout.state == PayoutState.SENDING,
            PayoutAttempt.state == AttemptState.OPEN,
            PayoutAttempt.bank_file_id.is_(None),
        )
        .order_by(Payout.id)
    )


def every_file() -> sa.Select[BankFile]:
    """All files, oldest first."""
    return sa.select(BankFile).order_by(BankFile.id)


def files(run_id: int) -> sa.Select[BankFile]:
    """The files made for a run."""
    return every_file().where(BankFile.pay_run_id == run_id)


def done(
    reference: str | None = None,
) -> sa.Select[BankTransfer, PayoutAttempt, Payout, BankReturn | None]:
    """What the bank did, of one payout or of all: its answer, the try, the payout, its return."""
    came_back = sa.and_(
        BankReturn.bank_transfer_id == BankTransfer.id, BankReturn.state == ReturnState.CONFIRMED
    )
    rows = (
        sa.select(BankTransfer, PayoutAttempt, Payout, BankReturn)
        .outerjoin(BankReturn, came_back)
        .join(PayoutAttempt, PayoutAttempt.id == BankTransfer.attempt_id)
        .join(Payout, Payout.id == PayoutAttempt.payout_id)
        .order_by(BankTransfer.id)
    )
    if reference is None:
        return rows
    wanted = runs.by_references([reference]).with_only_columns(Payout.id)
    return rows.where(Payout.id.in_(wanted))


def entered(reference: str, attempt_id: int) -> sa.Select[int]:
    """An answer of the bank under this reference, or for this try."""
    same = sa.or_(BankTransfer.reference == reference, BankTransfer.attempt_id == attempt_id)
    return sa.select(BankTransfer.id).where(same).limit(1)


def answer(attempt_id: int) -> sa.Select[BankTransfer]:
    """What the bank said it did for this try."""
    return sa.select(BankTransfer).where(BankTransfer.attempt_id == attempt_id)


def returned(transfer_id: int, reference: str) -> sa.Select[int]:
    """A return of this transfer, or under this reference, that nobody has withdrawn."""
    same = sa.or_(BankReturn.bank_transfer_id == transfer_id, BankReturn.reference == reference)
    counts = BankReturn.state != ReturnState.WITHDRAWN
    return sa.select(BankReturn.id).where(same, counts).limit(1)


def every_return() -> sa.Select[BankReturn]:
    """All returns, newest first."""
    return sa.select(BankReturn).order_by(BankReturn.id.desc())


def returned_payouts() -> sa.Select[BankReturn, Payout]:
    """Returns that count, newest first, with their payouts."""
    rows = sa.select(BankReturn, Payout).join(Payout, Payout.id == BankReturn.payout_id)
    return rows.where(BankReturn.state != ReturnState.WITHDRAWN).order_by(BankReturn.id.desc())


def returns_of(payout_id: int) -> sa.Select[BankReturn]:
    """What was entered about a payout's coming back, newest first."""
    return every_return().where(BankReturn.payout_id == payout_id)


def unconfirmed(payout_ids: sa.Select[int]) -> sa.Select[BankReturn, Payout]:
    """Returns of these payouts that wait for a second person, oldest first."""
    waiting = (BankReturn.state == ReturnState.ENTERED, Payout.id.in_(payout_ids))
    rows = sa.select(BankReturn, Payout).join(Payout, Payout.id == BankReturn.payout_id)
    return rows.where(*waiting).order_by(BankReturn.id)


def as_transfer(
    row: sa.Row[BankTransfer, PayoutAttempt, Payout, BankReturn | None],
) -> Transfer:
    """The bank's answer in the shape every rail gives; what came back did so whole."""
    entered, attempt, payout, came_back = row
    amount = Money(payout.minor, payout.currency)
    return Transfer(
        id=f"bank:{entered.reference}",
        amount=amount,
        reversed=amount if came_back else Money(0, payout.currency),
        destination=attempt.destination,
        transfer_group=payout.reference,
        created=datetime.combine(entered.executed_on, time(), UTC),
        metadata={},
    )
