"""Commands about the bank: questions as QTI packages, seeds for graders, blueprints, an attempt checked."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Attempt, Exam, Question
from exams.qti import packages, upgrading, writing
from exams.queries import attempts as queries
from exams.queries import bank as bank_queries
from exams.service import bank, blueprints, hand_grading, rechecking
from portal import clock, connections
from portal.accounts import queries as accounts
from portal.db import reading, transaction
from portal.errors import Invalid

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


@click.group("qti")
def qti() -> None:
    """Questions as QTI packages. Needs neither settings nor a database."""


@qti.command("write")
@click.argument("document", type=_FILE)
@click.argument("package", type=_OUT)
@click.option("--version", type=click.Choice(["3.0", "2.1"]), default="3.0", show_default=True)
@click.option("--leave-out", is_flag=True, help="Leave out what QTI has no interaction for.")
def write_package(document: Path, package: Path, version: str, leave_out: bool) -> None:
    """Write the questions of DOCUMENT (as `exams import` takes it) as a QTI PACKAGE."""
    questions = _json(document)["questions"]
    left = [one["slug"] for one in questions if one["type"] not in writing.KINDS]
    if leave_out:
        questions = [one for one in questions if one["type"] in writing.KINDS]
    data = writing.package(questions)
    package.write_bytes(data if version == "3.0" else upgrading.downgraded(data))
    click.echo(f"{package}: {len(questions)} questions")
    for slug in left if leave_out else ():
        click.echo(f"left out: {slug}")


@qti.command("read")
@click.argument("package", type=_FILE)
@click.argument("document", type=_OUT)
@click.option("--area", required=True, help="The area of questions that name none.")
@click.option("--leave-out", is_flag=True, help="Read what can be read, and name the rest.")
def read_package(package: Path, document: Path, area: str, leave_out: bool) -> None:
    """Read a QTI PACKAGE (2.1, 2.2 or 3.0) into a DOCUMENT of questions for `exams add`."""
    found = packages.read(package.read_bytes(), area=area)
    if found.refused and not leave_out:
        raise Invalid("refused:\n" + "\n".join(found.refused))
    text = json.dumps({"questions": found.questions}, ensure_ascii=False, indent=1)
    document.write_text(text + "\n", "utf-8")
    click.echo(f"{document}: {len(found.questions)} questions")
    for line in found.refused:
        click.echo(f"left out: {line}")


@click.command("add")
@click.argument("document", type=_FILE)
@click.option("--exam", "slug", required=True)
@click.option("--author", required=True, metavar="EMAIL", help="Who stands for the questions.")
def add(document: Path, slug: str, author: str) -> None:
    """Add the questions of DOCUMENT to an exam's bank, where a second person approves them."""
    connections.as_worker()
    with transaction() as session:
        exam = _exam(session, slug)
        by, now = _account(session, author), clock.now(session)
        count = bank.add_questions(session, exam, _json(document), now=now, actor=by)
    click.echo(f"{slug}: {count} questions wait for a second person, or were there already")


@click.command("plant")
@click.argument("text", type=_FILE)
@click.option("--exam", "slug", required=True)
@click.option("--question", required=True)
@click.option("--bands", required=True, metavar="CRITERION=BAND,…")
def plant(text: Path, slug: str, question: str, bands: str) -> None:
    """Plant a TEXT whose bands several people agreed on, to see how graders drift."""
    try:
        agreed = {name: int(band) for name, band in (one.split("=") for one in bands.split(","))}
    except ValueError:
        raise Invalid("write the bands as reason=2,tone=1") from None
    connections.as_worker()
    with transaction() as session:
        exam = _exam(session, slug)
        mine = sa.select(Question.id).where(Question.exam_id == exam.id, Question.slug == question)
        version = session.scalar(bank_queries.newest_version(session.scalar(mine) or 0))
        if version is None:
            raise Invalid(f"{slug} has no question {question}")
        written = text.read_text("utf-8").strip()
        hand_grading.plant(session, version, text=written, bands=agreed, now=clock.now(session))
    click.echo(f"planted in {question}")


@click.command("assemble")
@click.argument("blueprint", type=_FILE)
@click.option("--exam", "slug", required=True)
@click.option("--author", required=True, metavar="EMAIL", help="Who asks for the forms.")
def assemble(blueprint: Path, slug: str, author: str) -> None:
    """Have forms assembled after a BLUEPRINT (JSON); the worker answers, a page shows what it found."""
    connections.as_worker()
    with transaction() as session:
        exam = _exam(session, slug)
        by, now = _account(session, author), clock.now(session)
        asked = blueprints.ask(session, exam, _json(blueprint), by=by, now=now)
    click.echo(f"/exams/manage/{slug}/forms/{asked.public_id}")


@click.command("recheck")
@click.argument("attempt", type=click.UUID)
def recheck(attempt: UUID) -> None:
    """Score an ATTEMPT anew with the keys of its time, and say whether every point is the same.

    Of an adaptive attempt every choice is made anew as well.
    """
    connections.as_worker()
    with reading() as session:
        found = session.scalar(sa.select(Attempt).where(Attempt.public_id == attempt))
        score = queries.score(session, found.id) if found else None
        if found is None or score is None:
            raise Invalid("there is no attempt with a score of that id")
        count, differing = rechecking.points(session, found, score.number)
        adapts = found.design_id is not None
        strayed = rechecking.choices(session, found) if adapts else []
    if differing:
        places = ", ".join(map(str, differing))
        raise click.ClickException(f"other points than were kept at question {places}")
    if strayed:
        places = ", ".join(map(str, strayed))
        raise click.ClickException(f"another choice than was made at question {places}")
    click.echo(f"score {score.number}: all {count} questions earn what was kept")
    if adapts:
        click.echo("every question follows from the answers before it, as it did then")


def _exam(session: Session, slug: str) -> Exam:
    found = session.scalar(queries.exam_by_slug(slug))
    if found is None:
        raise Invalid(f"there is no exam {slug}")
    return found


def _account(session: Session, email: str) -> int:
    found = session.scalar(accounts.by_email(email))
    if found is None:
        raise Invalid(f"nobody has the address {email}")
    return found.id


def _json(file: Path) -> Any:  # noqa: ANN401  checked by whoever takes it
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid(f"{file}: {error}") from error
