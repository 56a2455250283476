"""Each rail's own accounts for the house's finance, and booking what its list shows and ours does not."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import BookingForm, ReasonForm
from payouts.models import BookingKind, Finding, LedgerEntry, LedgerKind, Rail, RailBooking
from payouts.queries import bank as bank_queries
from payouts.queries import bookings as queries
from payouts.service import bookings, findings
from payouts.service.bookings import Booked
from payouts.views import amounts, house, words
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.money import Money

bp = Blueprint("rails", __name__, url_prefix="/finance/rails", template_folder="../templates")

_PAGE: Final = 100


@dataclass(frozen=True)
class Accounts:
    """One rail's four accounts in one currency, as finance reads them: costs and claims above zero."""

    rail: Rail
    left: Money
    """What has left us by it."""
    fees: Money
    lost: Money
    """Losses less gains."""
    expected: Money
    """What is to come back."""

    @property
    def paid(self) -> Money:
        """What it has paid people: what has left us less what was not pay."""
        return self.left - self.fees - self.lost - self.expected


@dataclass(frozen=True)
class Row:
    """One booking in the list."""

    booking: RailBooking
    amount: Money
    name: str
    reversal: LedgerEntry | None
    form: ReasonForm


@bp.get("/")
@requires(Role.FINANCE)
def index() -> str:
    """What each rail holds of ours, every booking, and a form for the next."""
    with reading() as session:
        house.only(session)
        finding = _finding(session)
        form = BookingForm(prefix="booking", formdata=None, data=_known(finding))
        return _page(session, form, finding)


@bp.post("/")
@requires(Role.FINANCE)
def book() -> Response | tuple[str, int]:
    """Book a fee, a difference, or money that is to come back or came."""
    form = BookingForm(prefix="booking")
    with transaction() as session:
        house.only(session)
        finding = _finding(session)
        if not form.validate_on_submit():
            return _page(session, form, finding), 422
        said = Booked(
            kind=BookingKind(form.kind.data),
            rail=Rail(form.rail.data),
            amount=amounts.in_minor(form.amount.data, form.currency.data),
            reason=form.reason.data,
            evidence=form.evidence.data,
        )
        me, now = person().account_id, clock.now(session)
        bookings.book(session, said, by=me, finding=finding, now=now)
    flash(_("Booked, with your reason."), "good")
    return redirect(url_for("rails.index"), 303)


@bp.post("/<uuid:public_id>/undo")
@requires(Role.FINANCE)
def undo(public_id: UUID) -> Response:
    """Take a booking back by its mirror image."""
    with transaction() as session:
        house.only(session)
        wanted = sa.select(RailBooking).where(RailBooking.public_id == public_id)
        found = one_or_404(session, wanted)
        why = ReasonForm(prefix=f"undo-{found.id}").reason.data or ""
        me, now = person().account_id, clock.now(session)
        bookings.undo(session, found, by=me, why=why, now=now)
    flash(_("Taken back. Both entries stay in the ledger."), "good")
    return redirect(url_for("rails.index"), 303)


def accounts(session: Session) -> list[Accounts]:
    """Every rail's accounts by currency."""
    held: dict[tuple[Rail, str], dict[LedgerKind, int]] = {}
    for rail, currency, kind, balance in session.execute(queries.balances()):
        if rail is not None:
            held.setdefault((rail, currency), {})[kind] = balance
    return [
        Accounts(
            rail=rail,
            left=Money(of.get(LedgerKind.RAIL_BALANCE, 0), currency),
            fees=Money(-of.get(LedgerKind.RAIL_FEES, 0), currency),
            lost=Money(-of.get(LedgerKind.RAIL_GAIN_LOSS, 0), currency),
            expected=Money(-of.get(LedgerKind.RAIL_RECEIVABLE, 0), currency),
        )
        for (rail, currency), of in sorted(held.items())
    ]


def _finding(session: Session) -> Finding | None:
    """The open disagreement that is to be explained by a booking, if the address names one."""
    named = request.args.get("finding", type=UUID)
    if named is None:
        return None
    return one_or_404(session, findings.open_findings().where(Finding.public_id == named))


def _known(finding: Finding | None) -> dict[str, object]:
    """What the disagreement says already: its amount, and the transfer as evidence."""
    if finding is None:
        return {}
    match finding.details.get("reversed") or finding.details.get("amount"):
        case [int() as minor, str() as currency]:
            amount = Money(minor, currency)
            return {
                "amount": amounts.in_major(amount),
                "currency": currency,
                "evidence": finding.subject,
            }
    return {"evidence": finding.subject}


def _page(session: Session, form: BookingForm, finding: Finding | None) -> str:
    found = session.execute(queries.bookings().limit(_PAGE)).all()
    ids = {booking.booked_by_id for booking, _reversal in found}
    known = sa.select(Account.id, Account.display_name).where(Account.id.in_(ids))
    names = {row.id: row.display_name for row in session.execute(known)}
    rows = [
        Row(
            booking,
            Money(booking.minor, booking.currency),
            names[booking.booked_by_id],
            reversal,
            ReasonForm(prefix=f"undo-{booking.id}", formdata=None),
        )
        for booking, reversal in found
    ]
    return render_template(
        "payouts/rails.html",
        accounts=accounts(session),
        rows=rows,
        returns=[
            (each, payout, Money(each.minor, each.currency))
            for each, payout in session.execute(bank_queries.returned_payouts().limit(_PAGE))
        ],
        form=form,
        finding=finding,
        words=words,
    )
