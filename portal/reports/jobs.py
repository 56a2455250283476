"""Setting reports in the background: outside any transaction, in a child process."""

from portal import clock
from portal.db import reading, transaction
from portal.errors import Unavailable
from portal.jobs import job
from portal.reports import service
from portal.reports.document import resources
from portal.reports.engine import to_pdf
from portal.reports.models import JobName, Report, ReportState


@job(JobName.RENDER)
def render_report(row_id: int) -> None:
    """Put one report on paper.

    Safe to run twice: one that was issued is left alone. A machine without pango fails it with the
    reason, which the person who asked sees.
    """
    with reading() as session:
        report = session.get_one(Report, row_id)
        if report.state is not ReportState.WAITING:
            return
        document = service.compose(session, report, now=clock.now(session))
    try:
        pdf = to_pdf(document.html, resources())
    except Unavailable as reason:
        with transaction() as session:
            service.locked(session, row_id).fail(error=reason.message)
        return
    with transaction() as session:
        report = service.locked(session, row_id)
        now = clock.now(session)
        service.issue(session, report, pdf=pdf, snapshot=document.snapshot, now=now)
