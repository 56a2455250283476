"""Yearly totals by payee beside the reporting threshold of the year. An extract, no filing, no advice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import TaxForm, TaxFormKind
from payouts.queries import taxes as queries
from payouts.service import tax
from portal.accounts.models import Account
from portal.errors import Invalid
from portal.money import Money

NEC_THRESHOLDS: Final = ((2026, Money(200_000, "USD")), (2000, Money(60_000, "USD")))
"""From which year Form 1099-NEC is asked for from which total on, newest first: USD 600 up to 2025,
USD 2,000 for payments made after 31 December 2025 (Public Law 119-21, section 70433)."""


@dataclass(frozen=True)
class Total:
    """What one person was paid in a year in one currency."""

    account: Account
    paid: Money
    form: TaxForm | None
    reportable: bool
    """Whether the total of a U.S. person has reached the year's threshold for Form 1099-NEC."""


def threshold(year: int) -> Money:
    """The year's threshold for Form 1099-NEC."""
    for since, amount in NEC_THRESHOLDS:
        if year >= since:
            return amount
    raise Invalid("We keep no threshold for a year before 2000.")


def totals(session: Session, year: int, organisation_ids: sa.Select[int]) -> list[Total]:
    """Everybody who was paid in the year by these payers, by name."""
    least = threshold(year)
    found = []
    for account, currency, minor, form in session.execute(
        queries.paid_by_person(year, organisation_ids)
    ):
        paid = Money(minor, currency)
        american = form is not None and form.kind is TaxFormKind.W9
        reportable = american and paid.currency == least.currency and paid.minor >= least.minor
        found.append(Total(account, paid, form, reportable))
    return found


def extract(
    session: Session,
    year: int,
    organisation_ids: sa.Select[int],
    *,
    by: int,
    why: str,
    now: datetime,
) -> list[tuple[str, ...]]:
    """The totals with what each form says, for whoever prepares the papers.

    Each form that is read is recorded with the reason. Raises `Invalid` without one.
    """
    if not why.strip():
        raise Invalid("Say what you need the tax data for.")
    rows: list[tuple[str, ...]] = []
    for total in totals(session, year, organisation_ids):
        form = total.form
        said = tax.reveal(session, form, by=by, why=why, now=now) if form else None
        rows.append(
            (
                str(total.account.public_id),
                said.name if said else total.account.display_name,
                form.kind.value if form else "none",
                said.country if said else "",
                said.number if said else "",
                str(total.paid).replace(",", ""),
                total.paid.currency,
                "yes" if total.reportable else "no",
            )
        )
    return rows
