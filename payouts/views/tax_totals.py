"""For finance: what each person was paid in a year, and the extract with their tax data."""

import sqlalchemy as sa
from flask import Blueprint, Response, render_template
from sqlalchemy.orm import Session

from payouts.forms import ReasonForm
from payouts.queries import reach
from payouts.service import tax_years
from payouts.views import csv_out, words
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Organisation
from portal.db import reading, transaction
from portal.errors import NotFound

bp = Blueprint("tax_totals", __name__, template_folder="../templates")


@bp.get("/finance/taxes/<int:year>")
@requires(Role.FINANCE)
def year(year: int) -> str:
    """Everybody who was paid in the year, beside the year's threshold."""
    with reading() as session:
        return _page(session, year, ReasonForm())


@bp.post("/finance/taxes/<int:year>.csv")
@requires(Role.FINANCE)
def export(year: int) -> Response | tuple[str, int]:
    """The same with names and tax numbers, for a reason that is recorded with each form read."""
    form = ReasonForm()
    with transaction() as session:
        _refuse_unknown(session, year)
        if not form.validate_on_submit():
            return _page(session, year, form), 422
        mine, now = _mine(), clock.now(session)
        me, why = person().account_id, form.reason.data
        rows = tax_years.extract(session, year, mine, by=me, why=why, now=now)
    columns = ["person", "name", "form", "country", "tax_number", "paid", "currency", "reportable"]
    return csv_out.table(f"taxes-{year}.csv", columns, rows)


def _page(session: Session, year: int, form: ReasonForm) -> str:
    latest = _refuse_unknown(session, year)
    return render_template(
        "payouts/tax_totals.html",
        year=year,
        latest=latest,
        totals=tax_years.totals(session, year, _mine()),
        threshold=tax_years.threshold(year),
        form=form,
        words=words,
    )


def _refuse_unknown(session: Session, year: int) -> int:
    """The year we are in. Raises `NotFound` for one that has not begun, or before we keep any."""
    latest = clock.now(session).year
    if not 2000 <= year <= latest:
        raise NotFound
    return latest


def _mine() -> sa.Select[int]:
    found = reach.organisations_of(person().account_id, Role.FINANCE)
    return found.with_only_columns(Organisation.id).order_by(None)
