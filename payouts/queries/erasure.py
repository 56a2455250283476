"""What keeps a person's pay from being forgotten, and what may go by now."""

from datetime import datetime

import sqlalchemy as sa

from payouts.models import PAYABLE, LedgerAccount, Payout, PayoutState, TaxForm
from payouts.queries import work
from portal.accounts.models import Erasure, ErasureState


def owed(account_id: int) -> sa.Select[bool]:
    """Whether anything is owed to the person, at whatever stage."""
    some = sa.exists().where(
        LedgerAccount.expert_id == account_id,
        LedgerAccount.kind.in_(PAYABLE),
        LedgerAccount.balance > 0,
    )
    return sa.select(some)


def unpaid_bonus(account_id: int) -> sa.Select[bool]:
    """Whether an approved bonus is on no statement yet."""
    return sa.select(work.unpaid_bonuses(account_id).exists())


def last_paid(account_id: int) -> sa.Select[datetime | None]:
    """When the person was last paid."""
    return sa.select(sa.func.max(Payout.paid_at)).where(
        Payout.expert_id == account_id, Payout.state == PayoutState.PAID
    )


def forgettable(*, before: datetime) -> sa.Select[int]:
    """Tax forms of erased accounts that nothing was paid to since the moment."""
    erased = sa.exists().where(
        Erasure.account_id == TaxForm.account_id, Erasure.state == ErasureState.ERASED
    )
    paid = sa.exists().where(
        Payout.expert_id == TaxForm.account_id,
        Payout.state == PayoutState.PAID,
        Payout.paid_at >= before,
    )
    return sa.select(TaxForm.id).where(erased, ~paid)
