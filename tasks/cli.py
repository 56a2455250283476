"""`touchstone tasks …`: making projects, importing tasks, making gold."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock, settings
from portal.accounts.models import Organisation
from portal.connections import connect
from portal.db import one_or_404, transaction
from portal.errors import Invalid
from tasks.models import Project, TaskType
from tasks.service import importing, projects
from tasks.service.files import FileRefused, mapping
from tasks.service.gold import make_gold, seeded_majorities

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OWN = ("title", "line", "question", "currency", "locale", "payroll_zone", "overlap", "gold_share",
        "needed_level", "required_qualification", "content_note", "task_cap_seconds", "hold_seconds",
        "idle_limit_seconds", "day_cap_seconds", "week_cap_seconds", "claim_day_seconds",
        "reserve_seconds")  # fmt: skip


@click.group()
def tasks() -> None:
    """Projects, tasks and gold."""
    config = settings.load()
    connect(config, database_url=config.worker_database_url)


@tasks.command("create-project")
@click.argument("file", type=_FILE)
@click.option("--open", "opened", is_flag=True, help="Open it at once; an import can follow.")
def create_project(file: Path, opened: bool) -> None:
    """Make a project from a JSON file.

    It holds organisation, slug, title, line, question, task_type, currency, rate_per_hour (minor
    units), guideline {label, body}, agreement {title, body}, and any other setting of a project.
    """
    told = json.loads(file.read_text(encoding="utf-8"))
    with transaction() as session:
        project = _create(session, told)
        if opened:
            projects.open_project(session, project, actor=None, now=clock.now(session))
    click.echo(f"{project.slug}: {project.state.value}")


@tasks.command("import")
@click.argument("file", type=_FILE)
@click.option("--project", "slug", required=True)
@click.option(
    "--type", "task_type", type=click.Choice([each.value for each in TaskType]), required=True
)
@click.option("--map", "columns", required=True, help="field=column,… with key=column among them.")
@click.option("--gold", type=_FILE, help="Keys and answers of check tasks.")
def import_file(file: Path, slug: str, task_type: str, columns: str, gold: Path | None) -> None:
    """Bring in the tasks of a CSV or JSONL file; the whole file or nothing of it."""
    try:
        with transaction() as session:
            project = _project(session, slug)
            if project.task_type.value != task_type:
                raise click.ClickException(f"{slug} has tasks of type {project.task_type.value}")
            done = importing.import_tasks(
                session,
                project,
                _upload(file),
                mapping(columns),
                gold=_upload(gold) if gold else None,
                now=clock.now(session),
            )
    except FileRefused as refused:
        raise click.ClickException("nothing was imported\n" + "\n".join(refused.problems)) from None
    click.echo(f"{done.added} added, {done.already} already there, {done.gold} made gold")


@tasks.command("make-gold")
@click.option("--project", "slug", required=True)
@click.option("--labels", type=_FILE, required=True, help="CSV with columns task, worker, label.")
@click.option("--count", type=int, default=100)
@click.option("--seed", type=int, default=1)
def make_gold_of_labels(slug: str, labels: Path, count: int, seed: int) -> None:
    """Make gold of seeded tasks whose key is the strict majority of their labels, ties left out."""
    with labels.open(encoding="utf-8", newline="") as file:
        pairs = [(row["task"], row["label"]) for row in csv.DictReader(file)]
    chosen = seeded_majorities(pairs, count=count, seed=seed)
    answers = {key: {"choice": label, "strength": None} for key, label in chosen.items()}
    with transaction() as session:
        made = make_gold(session, _project(session, slug), answers, by=None, now=clock.now(session))
    click.echo(f"{made} made gold")


def _create(session: Session, told: dict[str, Any]) -> Project:
    now = clock.now(session)
    missing = [name for name in ("organisation", "slug", "task_type", "rate_per_hour", "guideline", "agreement") if name not in told]  # fmt: skip
    if missing:
        raise Invalid(f"The file lacks {', '.join(missing)}.")
    client = one_or_404(
        session, sa.select(Organisation).where(Organisation.slug == told["organisation"])
    )
    project = Project(
        organisation_id=client.id,
        slug=told["slug"],
        task_type=TaskType(told["task_type"]),
        created_at=now,
        due_on=date.fromisoformat(told["due_on"]) if told.get("due_on") else None,
        **{name: told[name] for name in _OWN if name in told},
    )
    projects.create(session, project, actor=None, now=now)
    text = told["guideline"]
    version = projects.publish_guideline(
        session,
        organisation_id=client.id,
        slug=text.get("slug", project.slug),
        title=text.get("title", project.title),
        label=str(text.get("label", "1.0")),
        body=text["body"],
        now=now,
    )
    project.guideline_id = version.guideline_id
    agreed = told["agreement"]
    projects.publish_agreement(
        session, project, title=agreed["title"], body=agreed["body"], now=now
    )
    projects.publish_rates(session, project, [projects.Price(told["rate_per_hour"])], now=now)
    return project


def _project(session: Session, slug: str) -> Project:
    return one_or_404(session, sa.select(Project).where(Project.slug == slug))


def _upload(path: Path) -> importing.Upload:
    return importing.Upload(path.name, path.read_bytes())
