"""The expert's tax form: what is on file, and giving one. We file nothing and give no advice."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import TaxForm
from payouts.models import TaxFormKind
from payouts.service import tax
from payouts.service.tax import Certified
from payouts.views import words
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import reading, transaction

bp = Blueprint("taxes", __name__, url_prefix="/earnings/tax", template_folder="../templates")


@bp.get("/")
@requires(Role.EXPERT)
def index() -> str:
    """What is on file, until when, and a form to give another."""
    with reading() as session:
        return _page(session, _form(session))


@bp.post("/")
@requires(Role.EXPERT)
def give() -> Response | tuple[str, int]:
    """Keep what the person certifies."""
    form = TaxForm()
    form.offer_countries()
    with transaction() as session:
        if not form.validate_on_submit():
            return _page(session, form), 422
        said = Certified(
            kind=TaxFormKind(form.kind.data),
            name=form.name.data,
            country=form.country.data,
            number=form.number.data or "",
        )
        tax.give(session, person().account_id, said, now=clock.now(session))
    flash(_("Your tax form is on file."), "good")
    return redirect(url_for("taxes.index"), 303)


def _page(session: Session, form: TaxForm) -> str:
    now = clock.now(session)
    found = tax.current(session, person().account_id)
    return render_template(
        "payouts/tax.html",
        found=found,
        good=found is not None and found.holds(now.date()),
        form=form,
        words=words,
    )


def _form(session: Session) -> TaxForm:
    form = TaxForm()
    form.offer_countries()
    country = session.get_one(Account, person().account_id).country or "US"
    form.country.data = country
    form.kind.data = TaxFormKind.W9 if country == "US" else TaxFormKind.W8BEN
    return form
