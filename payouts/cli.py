"""`touchstone ledger` and `touchstone payouts`: proving, reconciling, sealing from a terminal."""

import click
import sqlalchemy as sa

from payouts.models import Statement
from payouts.service import findings, proof, rails, reconcile, statements
from portal import clock, connections
from portal.db import reading, transaction


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
