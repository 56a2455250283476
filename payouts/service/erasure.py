"""What pay keeps of a person who wants to be forgotten: nothing while money is owed, then little."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session

from payouts.models import (
    BankDetails,
    BankReturn,
    Bonus,
    BonusState,
    Payout,
    PayoutAccount,
    PayPaper,
    ReturnState,
    TaxForm,
)
from payouts.queries import erasure as queries
from payouts.service import statements
from portal import mail

KEPT_YEARS: Final = 4
"""How long after the year of the last payment a tax form is kept (26 CFR 31.6001-1(e)(2))."""


def obstacles(session: Session, account_id: int) -> list[LazyString]:
    """Money that is owed, time or bonuses nobody has decided on, a return that waits."""
    found = []
    if session.scalar(queries.owed(account_id)):
        found.append(_OWED)
    if statements.expected(session, account_id):
        found.append(_UNDECIDED)
    open_bonus = sa.exists().where(Bonus.expert_id == account_id, Bonus.state == BonusState.ASKED)
    if session.scalar(sa.select(open_bonus)) or session.scalar(queries.unpaid_bonus(account_id)):
        found.append(_BONUS)
    returned = sa.exists().where(
        BankReturn.payout_id == Payout.id,
        Payout.expert_id == account_id,
        BankReturn.state == ReturnState.ENTERED,
    )
    if session.scalar(sa.select(returned)):
        found.append(_RETURNED)
    return found


def of_account(session: Session, account_id: int, _now: datetime) -> list[int]:
    """Bank details, the account at the rail as we knew it, papers; a tax form that nobody needs."""
    payee = session.get(PayoutAccount, account_id)
    if payee is not None and payee.contact:
        mail.forget(session, [payee.contact])
    papers = PayPaper.account_id == account_id
    files = [each for each in session.scalars(sa.select(PayPaper.file_id).where(papers)) if each]
    session.execute(sa.delete(PayPaper).where(papers))
    session.execute(sa.delete(BankDetails).where(BankDetails.account_id == account_id))
    session.execute(sa.delete(PayoutAccount).where(PayoutAccount.account_id == account_id))
    if session.scalar(queries.last_paid(account_id)) is None:
        session.execute(sa.delete(TaxForm).where(TaxForm.account_id == account_id))
    return files


def forget_tax_forms(session: Session, *, now: datetime) -> int:
    """Delete the tax forms of erased accounts whose legal time has run out; gives how many."""
    long_ago = datetime(now.year - KEPT_YEARS, 1, 1, tzinfo=now.tzinfo)
    gone = session.scalars(queries.forgettable(before=long_ago)).all()
    if gone:
        session.execute(sa.delete(TaxForm).where(TaxForm.id.in_(gone)))
    return len(gone)


_OWED: Final = _(
    "Money is owed to you or on its way. It is paid first; your earnings page says whether something"
    " of yours is missing."
)
_UNDECIDED: Final = _(
    "Time of yours is not approved yet. Hand it in; it is approved within 3 working days, then paid."
)
_BONUS: Final = _("A bonus waits for a decision or for the next statement.")
_RETURNED: Final = _("A payment came back from the bank and waits for a second person of finance.")
