"""What each person was paid in a calendar year, and which tax form is on file for them."""

import sqlalchemy as sa

from payouts.models import Payout, PayoutState, PayRun, TaxForm
from payouts.queries.papers import bounds
from portal.accounts.models import Account


def paid_by_person(
    year: int, organisation_ids: sa.Select[int]
) -> sa.Select[Account, str, int, TaxForm]:
    """Account, currency, minor units paid in the year, and the person's current tax form."""
    begins, ends = bounds(year)
    total = sa.cast(sa.func.sum(Payout.minor), sa.BigInteger)
    return (
        sa.select(Account, Payout.currency, total, TaxForm)
        .select_from(Payout)
        .join(PayRun, PayRun.id == Payout.pay_run_id)
        .join(Account, Account.id == Payout.expert_id)
        .outerjoin(
            TaxForm, sa.and_(TaxForm.account_id == Account.id, TaxForm.replaced_at.is_(None))
        )
        .where(
            PayRun.organisation_id.in_(organisation_ids),
            Payout.state == PayoutState.PAID,
            Payout.paid_at >= begins,
            Payout.paid_at < ends,
        )
        .group_by(Account.id, Payout.currency, TaxForm.id)
        .order_by(Account.display_name, Account.id, Payout.currency)
    )
