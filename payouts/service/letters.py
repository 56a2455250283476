"""What we write about money: to a payee whose bank details changed, to finance when something is odd."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import BankReturn, Finding, PayoutAccount, ReturnCause
from portal import mail, settings
from portal.access import Role
from portal.accounts.models import Account, Grant
from portal.decisions import Letter
from portal.money import Money, plain
from tasks.models import Project

_AGAIN: Final = "On your Earnings page, under Bank details, "
_TODO: Final = {
    ReturnCause.CLOSED: f"{_AGAIN}give an account that is open.",
    ReturnCause.NO_SUCH_ACCOUNT: f"{_AGAIN}look for a wrong digit and give the number again.",
    ReturnCause.NAME_DIFFERS: f"{_AGAIN}write the name just as your bank has it.",
    ReturnCause.NOT_TAKEN: (
        "Ask your bank whether it takes such payments. If it does not, give another account: on your"
        " Earnings page, under Bank details."
    ),
    ReturnCause.OTHER: f"{_AGAIN}see whether everything is right, and give it again.",
}
"""What the payee can do about a payment that came back."""


def details_changed(
    session: Session, account: Account, *, old_address: str | None, until: datetime, now: datetime
) -> None:
    """Other bank details are on file: to the address in use now, and to the one in use before."""
    body = (
        "The bank account that your pay goes to was changed just now. To keep your money safe we"
        f" send nothing to it before {until:%d %B %Y, %H:%M} UTC; nothing is lost.\n\n"
        "Was this not you? Change your password at once, then put the bank details right. The money"
        " stays with us meanwhile. This letter also goes to the e-mail address you had before, if"
        " that was changed as well."
    )
    for address in sorted({account.email, old_address or account.email}):
        to = (account.display_name, address)
        _send(session, to, "Your bank details were changed", body, page="earnings/", now=now)


def bank_returned(payee: PayoutAccount | None, found: BankReturn, amount: Money) -> Letter:
    """A payment came back: what the bank said, what to do, and that nothing is lost."""
    mended = payee is None or payee.returned_at is None
    todo = (
        "You have given other bank details since, so there is nothing for you to do."
        if mended
        else _TODO[found.cause]
    )
    body = (
        f"We paid you {plain(amount)} {amount.currency} by bank transfer, and on"
        f" {found.returned_on:%d %B %Y} the bank sent it back. It said: {found.said}\n\n"
        f"{todo}\n\nThe money is yours: it goes out with the next pay run, once the details are"
        " right. Is this wrong? You can contest it within 14 days, here:"
    )
    return Letter("A payment to you came back", body)


def to_finance(session: Session, found: Sequence[Finding], *, now: datetime) -> None:
    """Something does not agree, or is on its way for too long: to everybody who keeps the house's books."""
    said = "\n".join(f"- {each.kind.value.replace('_', ' ')}: {each.subject}" for each in found)
    body = f"The comparison of what was sent with our books found:\n\n{said}"
    for account in session.scalars(_keepers()):
        to = (account.display_name, account.email)
        _send(session, to, "Something about the pay needs a look", body, page="finance/", now=now)


def budget_reached(
    session: Session, project: Project, *, level: int, total: Money, now: datetime
) -> None:
    """A share of a project's budget is spent or promised: to those who manage it."""
    body = (
        f"“{project.title}” has come to {level} % of its budget: {plain(total)} {total.currency} is"
        " spent, worked or promised to people who hold tasks now. Work goes on until you pause the"
        " project; what people have done is paid in any case."
    )
    for account in session.scalars(_managers(project)):
        to, page = (account.display_name, account.email), f"projects/{project.slug}/money"
        _send(session, to, f"{level} % of a budget is reached", body, page=page, now=now)


def _managers(project: Project) -> sa.Select[Account]:
    """Whoever manages the project, its client, or the house."""
    manages = sa.exists().where(
        Grant.account_id == Account.id,
        Grant.role == Role.MANAGER,
        Grant.revoked_at.is_(None),
        sa.or_(Grant.organisation_id.is_(None), Grant.organisation_id == project.organisation_id),
        sa.or_(Grant.project_id.is_(None), Grant.project_id == project.id),
    )
    return sa.select(Account).where(manages).order_by(Account.id)


def _keepers() -> sa.Select[Account]:
    """Finance of the whole house: not of one client."""
    keeps = sa.exists().where(
        Grant.account_id == Account.id,
        Grant.role == Role.FINANCE,
        Grant.organisation_id.is_(None),
        Grant.project_id.is_(None),
        Grant.revoked_at.is_(None),
    )
    return sa.select(Account).where(keeps).order_by(Account.id)


def _send(
    session: Session, to: tuple[str, str], subject: str, body: str, *, page: str, now: datetime
) -> None:
    name, address = to
    link = f"{settings.load().base_url.rstrip('/')}/{page}"
    text = f"Hello {name},\n\n{body}\n\n{link}\n\nTouchstone\n"
    mail.send(session, to=address, subject=subject, body=text, now=now)
