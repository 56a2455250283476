"""The manual rail's pages: an expert's bank details; for finance the files and the bank's answers."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Page

from payouts.forms import BankAnswerForm, BankForm, ReasonForm
from payouts.models import BankFile, Payout, PayRun
from payouts.queries import bank as queries
from payouts.queries import reach
from payouts.service import bank
from payouts.service.bank import Details
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.errors import Invalid

bp = Blueprint("banks", __name__, template_folder="../templates")


@bp.get("/earnings/bank")
@requires(Role.EXPERT)
def mine() -> str:
    """What is on file, and a form to give bank details."""
    with reading() as session:
        form = BankForm()
        form.offer_countries()
        form.country.data = session.get_one(Account, person().account_id).country
        return _page(session, form)


@bp.post("/earnings/bank")
@requires(Role.EXPERT)
def give() -> Page | tuple[str, int]:
    """Keep the bank details: from here on the person is paid by bank transfer."""
    form = BankForm()
    form.offer_countries()
    with transaction() as session:
        if not form.validate_on_submit():
            return _page(session, form), 422
        said = Details(form.holder.data, form.country.data, form.number.data, form.bic.data or "")
        bank.give(session, person().account_id, said, now=clock.now(session))
    flash(_("Your bank details are on file."), "good")
    return redirect(url_for("earnings.index", _anchor="account"), 303)


@bp.post("/pay-runs/<uuid:public_id>/bank-file")
@requires(Role.FINANCE)
def make(public_id: UUID) -> Page:
    """Put what waits for the bank into one file."""
    with transaction() as session:
        mine = reach.runs_of(person().account_id, Role.FINANCE)
        run = one_or_404(session, mine.where(PayRun.public_id == public_id))
        made = bank.make_file(session, run, by=person().account_id, now=clock.now(session))
        count = made.payouts
    flash(
        _("The file is made, with %(count)s payouts. Now take it to the bank.", count=count), "good"
    )
    return redirect(url_for("pay_runs.run", public_id=public_id), 303)


@bp.post("/pay-runs/bank-files/<uuid:public_id>")
@requires(Role.FINANCE)
def download(public_id: UUID) -> Response:
    """The file, for a reason that is recorded: it holds people's bank details."""
    with transaction() as session:
        runs = reach.runs_of(person().account_id, Role.FINANCE).with_only_columns(PayRun.id)
        files = queries.every_file().where(BankFile.pay_run_id.in_(runs.order_by(None)))
        found = one_or_404(session, files.where(BankFile.public_id == public_id))
        why = ReasonForm(prefix=f"file-{found.id}").reason.data or ""
        me, now = person().account_id, clock.now(session)
        content = bank.read_file(session, found, by=me, why=why, now=now)
    name = f"bank-file-{public_id}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="text/csv", headers=disposition)


@bp.post("/pay-runs/payouts/<uuid:public_id>/bank")
@requires(Role.FINANCE)
def enter(public_id: UUID) -> Page:
    """The bank has paid: its reference is entered back."""
    with transaction() as session:
        payout, run = _payout(session, public_id)
        form = BankAnswerForm(prefix=f"bank-{payout.id}")
        if not form.validate_on_submit():
            raise Invalid(_("Enter the bank's reference and the day it paid."))
        said = {"reference": form.reference.data, "on": form.on.data}
        bank.enter(session, payout, by=person().account_id, now=clock.now(session), **said)
    flash(_("Entered. It counts as paid in a moment."), "good")
    return redirect(url_for("pay_runs.run", public_id=run), 303)


@bp.post("/pay-runs/payouts/<uuid:public_id>/bank-refused")
@requires(Role.FINANCE)
def refuse(public_id: UUID) -> Page:
    """The bank did not carry it out."""
    with transaction() as session:
        payout, run = _payout(session, public_id)
        why = ReasonForm(prefix=f"refused-{payout.id}").reason.data or ""
        me, now = person().account_id, clock.now(session)
        bank.refused(session, payout, why=why, by=me, now=now)
    flash(_("Noted. The money is back in approved."), "good")
    return redirect(url_for("pay_runs.run", public_id=run), 303)


def _payout(session: Session, public_id: UUID) -> tuple[Payout, UUID]:
    mine = reach.payouts_of(person().account_id, Role.FINANCE)
    payout = one_or_404(session, mine.where(Payout.public_id == public_id))
    return payout, session.get_one(PayRun, payout.pay_run_id).public_id


def _page(session: Session, form: BankForm) -> str:
    found = session.scalar(queries.current(person().account_id))
    return render_template("payouts/bank.html", found=found, form=form)
