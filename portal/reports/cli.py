"""`touchstone report`: a performance report straight into a file."""

from pathlib import Path

import click

from portal import clock, connections
from portal.db import transaction
from portal.errors import DomainError
from portal.reports import service
from portal.reports.document import resources
from portal.reports.engine import RenderingFailed, to_pdf
from portal.reports.periods import parse


@click.group()
def report() -> None:
    """Reports on paper."""


@report.command()
@click.argument("expert")
@click.option("--period", required=True, help="2026-10, or the half-open 2026-10-01..2026-11-01.")
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def expert(expert: str, period: str, out: Path) -> None:
    """Write EXPERT's performance report (e-mail or public id) to a PDF file.

    The report is recorded as issued, like one asked for in the browser.
    """
    connections.as_worker()
    try:
        pdf = _issue(expert, period)
    except (DomainError, RenderingFailed) as error:
        raise click.ClickException(str(error)) from error
    out.write_bytes(pdf)
    click.echo(f"{out}: {len(pdf)} bytes")


def _issue(expert: str, period: str) -> bytes:
    wanted = parse(period)
    with transaction() as session:
        now = clock.now(session)
        person = service.find_person(session, expert)
        made = service.request_report(
            session, account=person, period=wanted, requested_by=person.id, now=now
        )
        document = service.compose(session, made, now=now)
        report_id = made.id
    pdf = to_pdf(document.html, resources())
    with transaction() as session:
        made = service.locked(session, report_id)
        now = clock.now(session)
        service.issue(session, made, pdf=pdf, snapshot=document.snapshot, now=now)
    return pdf
