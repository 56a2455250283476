"""Commands about exams: `touchstone exams import`, `calibrate` and `score`."""

import json
from pathlib import Path

import click

from exams.calibrating import calibrate, score
from exams.service import bank
from portal import clock, connections
from portal.db import transaction
from portal.errors import Invalid


@click.group("exams")
def exams() -> None:
    """Exams: import a bank, calibrate it, score people."""


exams.add_command(calibrate)
exams.add_command(score)


@exams.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Import an exam with its questions and form from a JSON FILE: whole, or refused whole."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid(f"{file}: {error}") from error
    connections.as_worker()
    with transaction() as session:
        exam = bank.import_exam(session, data, now=clock.now(session))
    click.echo(f"imported {exam.slug}")
