"""Asking for reports, watching them being set, fetching them, and checking a paper one."""

from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as WerkzeugResponse

from portal import access, clock, files
from portal.access import Role, public, requires
from portal.accounts.models import Account
from portal.accounts.queries import people_seen_by
from portal.db import one_or_404, reading, transaction
from portal.files import StoredFile
from portal.reports import periods, service
from portal.reports.models import Report, ReportState

bp = Blueprint("reports", __name__, url_prefix="/reports")

_READERS = (Role.EXPERT, Role.MANAGER)


@bp.get("")
@requires(*_READERS)
def overview() -> str:
    """The reports a person may read, newest first, and the form to ask for one about oneself."""
    with reading() as session:
        found = session.execute(
            sa.select(Report, Account)
            .join(Account, Account.id == Report.account_id)
            .where(Report.id.in_(_mine().with_only_columns(Report.id)))
            .order_by(Report.id.desc())
            .limit(100)
        ).all()
        month = periods.month_before(clock.now(session))
        return render_template(
            "reports/overview.html", rows=found, month=month, Period=periods.Period
        )


@bp.post("/expert/<uuid:public_id>")
@requires(*_READERS)
def request_report(public_id: UUID) -> WerkzeugResponse:
    """Ask for a report about oneself or, as a manager, about somebody one may see."""
    period = _period()
    with transaction() as session:
        subject = _subject(session, public_id)
        report = service.request_report(
            session,
            account=subject,
            period=period,
            requested_by=access.person().account_id,
            now=clock.now(session),
        )
        address = url_for("reports.show", public_id=report.public_id)
    return redirect(address, code=303)


@bp.get("/<uuid:public_id>")
@requires(*_READERS)
def show(public_id: UUID) -> str:
    """Whether the report is ready; reloads by itself until it is."""
    with reading() as session:
        report = one_or_404(session, _mine().where(Report.public_id == public_id))
        subject = session.get_one(Account, report.account_id)
        return render_template(
            "reports/show.html",
            report=report,
            subject=subject,
            states=ReportState,
            period=periods.Period(report.period_start, report.period_end),
        )


@bp.get("/<uuid:public_id>.pdf")
@requires(*_READERS)
def download(public_id: UUID) -> Response:
    """The paper itself."""
    with reading() as session:
        issued = _mine().where(Report.public_id == public_id, Report.state == ReportState.ISSUED)
        report = one_or_404(session, issued)
        content = files.read(session.get_one(StoredFile, report.file_id))
        name = f"touchstone-report-{report.period_start:%Y-%m-%d}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/pdf", headers=headers)


@bp.get("/verify/<uuid:public_id>")
@public
def verify(public_id: UUID) -> str:
    """For whoever holds a paper: whether we issued it, and its digest; nothing else."""
    with reading() as session:
        issued = sa.select(Report).where(Report.state == ReportState.ISSUED)
        report = one_or_404(session, issued.where(Report.public_id == public_id))
        return render_template("reports/verify.html", report=report)


def _mine() -> sa.Select[Report]:
    """Reports about oneself or asked for by oneself."""
    me = access.person().account_id
    return sa.select(Report).where(sa.or_(Report.account_id == me, Report.requested_by_id == me))


def _subject(session: Session, public_id: UUID) -> Account:
    me = access.person()
    seen = people_seen_by(me).where(Account.public_id == public_id)
    return one_or_404(session, seen)


def _period() -> periods.Period:
    """The form's month, or its two days; the end day is the last one in the report."""
    start, end = request.form.get("start", ""), request.form.get("end", "")
    if start or end:
        return periods.inclusive(start, end)
    return periods.parse(request.form.get("period", ""))
