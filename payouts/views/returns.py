"""Payments that the bank sent back: entered on the payout's own page, confirmed there by a second person."""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import ReasonForm, ReturnForm
from payouts.models import BankReturn, Payout, PayoutState, PayRun, Rail, ReturnCause, ReturnState
from payouts.queries import bank as queries
from payouts.queries import reach
from payouts.service import returns
from payouts.service.returns import Said
from payouts.views import amounts, words
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.money import Money

bp = Blueprint("returns", __name__, url_prefix="/pay-runs", template_folder="../templates")


@dataclass(frozen=True)
class Row:
    """One return as it was entered, and what became of it."""

    found: BankReturn
    amount: Money
    charges: Money
    entered_by: str
    decided_by: str | None


@bp.get("/payouts/<uuid:public_id>/return")
@requires(Role.FINANCE)
def page(public_id: UUID) -> str:
    """What was entered about the payout's coming back, and the next step."""
    with reading() as session:
        payout = _payout(session, public_id)
        amount = amounts.in_major(Money(payout.minor, payout.currency))
        form = ReturnForm(prefix="return", formdata=None, data={"amount": amount})
        return _page(session, payout, form)


@bp.post("/payouts/<uuid:public_id>/return")
@requires(Role.FINANCE)
def enter(public_id: UUID) -> Response | tuple[str, int]:
    """Write down what the bank said; another person confirms it."""
    form = ReturnForm(prefix="return")
    with transaction() as session:
        payout = _payout(session, public_id)
        if not form.validate_on_submit():
            return _page(session, payout, form), 422
        charges = form.charges.data
        said = Said(
            reference=form.reference.data,
            returned_on=form.returned_on.data,
            cause=ReturnCause(form.cause.data),
            words=form.words.data,
            amount=amounts.in_minor(form.amount.data, payout.currency),
            charges=amounts.in_minor(charges, payout.currency)
            if charges
            else Money(0, payout.currency),
            arrived_on=form.arrived_on.data,
        )
        me, now = person().account_id, clock.now(session)
        returns.enter(session, payout, said, by=me, now=now)
    flash(_("Entered. Another person of finance confirms it before anything moves."), "good")
    return redirect(url_for("returns.page", public_id=public_id), 303)


@bp.post("/returns/<uuid:public_id>/confirm")
@requires(Role.FINANCE)
def confirm(public_id: UUID) -> Response:
    """A second person has seen it on the bank's paper."""
    with transaction() as session:
        found, payout = _found(session, public_id)
        returns.confirm(session, found, by=person().account_id, now=clock.now(session))
        of = payout.public_id
    flash(_("Confirmed. The money is owed again, and its payee is told."), "good")
    return redirect(url_for("returns.page", public_id=of), 303)


@bp.post("/returns/<uuid:public_id>/withdraw")
@requires(Role.FINANCE)
def withdraw(public_id: UUID) -> Response:
    """It was entered by mistake."""
    with transaction() as session:
        found, payout = _found(session, public_id)
        why = ReasonForm(prefix=f"withdraw-{found.id}").reason.data or ""
        me, now = person().account_id, clock.now(session)
        returns.withdraw(session, found, by=me, why=why, now=now)
        of = payout.public_id
    flash(_("Taken back. Nothing had moved."), "good")
    return redirect(url_for("returns.page", public_id=of), 303)


def _payout(session: Session, public_id: UUID) -> Payout:
    """A payout that a bank transfer has paid, or had."""
    mine = reach.payouts_of(person().account_id, Role.FINANCE)
    by_bank = mine.where(
        Payout.rail == Rail.MANUAL, Payout.state.in_([PayoutState.PAID, PayoutState.RELEASED])
    )
    return one_or_404(session, by_bank.where(Payout.public_id == public_id))


def _found(session: Session, public_id: UUID) -> tuple[BankReturn, Payout]:
    mine = reach.payouts_of(person().account_id, Role.FINANCE)
    ids = mine.with_only_columns(Payout.id).order_by(None)
    wanted = queries.every_return().where(BankReturn.payout_id.in_(ids))
    found = one_or_404(session, wanted.where(BankReturn.public_id == public_id))
    return found, session.get_one(Payout, found.payout_id)


def _page(session: Session, payout: Payout, form: ReturnForm) -> str:
    found = session.scalars(queries.returns_of(payout.id)).all()
    run = session.get_one(PayRun, payout.pay_run_id)
    waiting = next((each for each in found if each.state is ReturnState.ENTERED), None)
    me = person().account_id
    return render_template(
        "payouts/return.html",
        payout=payout,
        run=run,
        payee=session.get_one(Account, payout.expert_id).display_name,
        amount=Money(payout.minor, payout.currency),
        rows=_rows(session, list(found)),
        waiting=waiting,
        may_confirm=waiting is not None and me not in {waiting.entered_by_id, payout.expert_id},
        why=ReasonForm(prefix=f"withdraw-{waiting.id}", formdata=None) if waiting else None,
        form=form if payout.state is PayoutState.PAID and waiting is None else None,
        mine=payout.expert_id == me,
        words=words,
    )


def _rows(session: Session, found: list[BankReturn]) -> list[Row]:
    names = {
        account_id: session.get_one(Account, account_id).display_name
        for each in found
        for account_id in (each.entered_by_id, each.decided_by_id)
        if account_id is not None
    }
    return [
        Row(
            found=each,
            amount=Money(each.minor, each.currency),
            charges=Money(each.charges_minor, each.currency),
            entered_by=names[each.entered_by_id],
            decided_by=names[each.decided_by_id] if each.decided_by_id else None,
        )
        for each in found
    ]
