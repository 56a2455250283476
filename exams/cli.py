"""Commands about exams: `touchstone exams import`, and those that only compute."""

import json
from pathlib import Path

import click
from sqlalchemy.orm import Session

from exams.bank_commands import add, assemble, plant, qti, recheck
from exams.calibrating import calibrate, score
from exams.linking import link, pilots
from exams.service import bank
from exams.simulating import simulate
from portal import clock, connections
from portal.accounts import queries as accounts
from portal.db import transaction
from portal.errors import Invalid


@click.group("exams")
def exams() -> None:
    """Exams: import a bank, calibrate and link it, score people, simulate answers."""


for command in (add, assemble, plant, qti, recheck):
    exams.add_command(command)
exams.add_command(calibrate)
exams.add_command(score)
exams.add_command(link)
exams.add_command(pilots)
exams.add_command(simulate)


@exams.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--author", required=True, metavar="EMAIL", help="Who stands for the questions.")
@click.option("--approver", metavar="EMAIL", help="Somebody else who has read and approves them.")
def import_file(file: Path, author: str, approver: str | None) -> None:
    """Import an exam with its questions and form from a JSON FILE: whole, or refused whole.

    Without an approver what is new waits in the bank until a second person has read it.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid(f"{file}: {error}") from error
    connections.as_worker()
    with transaction() as session:
        exam = bank.import_exam(
            session,
            data,
            now=clock.now(session),
            actor=_account(session, author),
            approver=_account(session, approver) if approver else None,
        )
    click.echo(f"imported {exam.slug}")


def _account(session: Session, email: str) -> int:
    found = session.scalar(accounts.by_email(email))
    if found is None:
        raise Invalid(f"nobody has the address {email}")
    return found.id
