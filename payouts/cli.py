"""`touchstone ledger`, `payouts` and `report project`: proving, reconciling, papers from a terminal."""

from pathlib import Path

import click
import sqlalchemy as sa

from payouts.models import ProjectReport, Statement
from payouts.queries import reach
from payouts.service import findings, project_reports, proof, rails, reconcile, statements
from portal import clock, connections
from portal.db import reading, transaction
from portal.errors import DomainError, NotFound
from portal.reports.cli import report
from portal.reports.document import resources
from portal.reports.engine import RenderingFailed, to_pdf
from portal.reports.periods import parse
from tasks.models import Project


@click.group()
def ledger() -> None:
    """The double-entry ledger."""


@ledger.command()
def verify() -> None:
    """Prove the ledger: sums, balances, reversals, seals. Ends with 1 and the first broken entry."""
    connections.as_worker()
    with reading() as session:
        found = proof.verify(session)
    click.echo(f"{found.entries} entries, {found.postings} postings, {found.sealed} sealed")
    click.echo(f"head {found.head.hex()}")
    for problem in found.problems:
        click.echo(problem, err=True)
    if found.problems:
        raise SystemExit(1)
    click.echo("the ledger holds")


@click.group()
def payouts() -> None:
    """Pay runs and the rail."""


@payouts.command("reconcile")
def reconcile_now() -> None:
    """Compare the rail's list with payouts and ledger, both ways. Ends with 1 if anything is open."""
    connections.as_worker()
    with reading() as session:
        listed_at = clock.now(session)
    listed = rails.every()
    with transaction() as session:
        now = clock.now(session)
        compared = reconcile.compare(session, listed, listed_at=listed_at, now=now)
        waiting = list(session.scalars(findings.open_findings()))
    click.echo(f"{compared.transfers} transfers, {compared.payouts} payouts, {compared.fresh} new")
    for finding in waiting:
        click.echo(f"{finding.kind} {finding.subject} {finding.details}", err=True)
    if waiting:
        raise SystemExit(1)
    click.echo("rail, payouts and ledger agree")


@payouts.command("check-statements")
def check_statements() -> None:
    """Derive every statement line again from its stored ids. Ends with 1 where one differs."""
    connections.as_worker()
    differing = 0
    with reading() as session:
        for statement in session.scalars(sa.select(Statement).order_by(Statement.id)):
            for difference in statements.differences(session, statement):
                click.echo(f"{statement.public_id}: {difference}", err=True)
                differing += 1
    if differing:
        raise SystemExit(1)
    click.echo("every line derives again")


@report.command("project")
@click.argument("slug")
@click.option("--period", required=True, help="2026-10, or the half-open 2026-10-01..2026-11-01.")
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def project_report(slug: str, period: str, out: Path) -> None:
    """Write the report of project SLUG over a period to a PDF file.

    It is recorded as issued, like one asked for in the browser, by the project's first manager.
    """
    connections.as_worker()
    try:
        pdf = _issue(slug, period)
    except (DomainError, RenderingFailed) as error:
        raise click.ClickException(str(error)) from error
    out.write_bytes(pdf)
    click.echo(f"{out}: {len(pdf)} bytes")


def _issue(slug: str, period: str) -> bytes:
    wanted = parse(period)
    with transaction() as session:
        project = session.scalar(sa.select(Project).where(Project.slug == slug))
        if project is None:
            raise NotFound(f"There is no project “{slug}”.")
        now = clock.now(session)
        by = session.scalar(reach.manager_of(project))
        if by is None:
            raise NotFound("Nobody manages this project, so nobody can answer for the report.")
        made = project_reports.ask(session, project, wanted, by=by, now=now)
        document = project_reports.compose(session, made, now=now)
        report_id = made.id
    pdf = to_pdf(document.html, resources())
    with transaction() as session:
        issued, now = session.get_one(ProjectReport, report_id), clock.now(session)
        project_reports.issue(session, issued, pdf=pdf, snapshot=document.snapshot, now=now)
    return pdf
