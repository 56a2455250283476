"""An expert's papers about pay: asked for, fetched; and the year at a glance."""

from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Page

from payouts.models import PaperState, PayPaper, Statement
from payouts.queries import papers as queries
from payouts.queries import statements as statement_queries
from payouts.service import papers
from portal import clock, files
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.errors import NotFound
from portal.files.models import StoredFile

bp = Blueprint("papers", __name__, url_prefix="/earnings", template_folder="../templates")


@bp.post("/<uuid:public_id>/pdf")
@requires(Role.EXPERT)
def of_statement(public_id: UUID) -> Page:
    """Ask for a statement on paper."""
    with transaction() as session:
        mine = statement_queries.statements_of(person().account_id)
        statement = one_or_404(session, mine.where(Statement.public_id == public_id))
        papers.of_statement(session, statement, now=clock.now(session))
    flash(_("It is being set. Look again in a moment."), "good")
    return redirect(url_for("earnings.statement", public_id=public_id), 303)


@bp.get("/years/<int:year>")
@requires(Role.EXPERT)
def year(year: int) -> str:
    """What was earned and paid in a calendar year, by payer."""
    me = person().account_id
    with reading() as session:
        now = clock.now(session)
        if not 2000 <= year <= now.year:
            raise NotFound
        return render_template(
            "payouts/year.html",
            year=year,
            rows=papers.year_rows(session, me, year),
            paper=session.scalar(queries.latest(me, year=year)),
            before=year - 1,
            after=year + 1 if year < now.year else None,
        )


@bp.post("/years/<int:year>/pdf")
@requires(Role.EXPERT)
def of_year(year: int) -> Page:
    """Ask for a year's summary on paper, as it stands now."""
    with transaction() as session:
        account = session.get_one(Account, person().account_id)
        papers.of_year(session, account, year, now=clock.now(session))
    flash(_("It is being set. Look again in a moment."), "good")
    return redirect(url_for("papers.year", year=year), 303)


@bp.get("/papers/<uuid:public_id>.pdf")
@requires(Role.EXPERT)
def fetch(public_id: UUID) -> Response:
    """One's own paper, verified against its hash."""
    with reading() as session:
        mine = sa.select(PayPaper).where(
            PayPaper.account_id == person().account_id, PayPaper.state == PaperState.ISSUED
        )
        paper = one_or_404(session, mine.where(PayPaper.public_id == public_id))
        content = files.read(session.get_one(StoredFile, paper.file_id))
        name = f"pay-{paper.year}.pdf" if paper.year else f"statement-{public_id}.pdf"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/pdf", headers=disposition)
