"""`touchstone tasks …` as an operator types it, with the worker's own login."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal import clock, db, settings
from portal.accounts.models import Organisation
from portal.db import transaction
from tasks.cli import tasks
from tasks.models import Gold, Task
from tests.conftest import Database

TOLD = {
    "organisation": "lantern",
    "slug": "pairs",
    "title": "Pairs",
    "line": "Choose the better answer.",
    "question": "Which is better?",
    "task_type": "preference",
    "currency": "USD",
    "rate_per_hour": 3850,
    "overlap": 2,
    "guideline": {"label": "1.0", "body": "# Choose\n\nWell."},
    "agreement": {"title": "Agreement", "body": "We pay by the hour."},
}


def test_a_project_is_made_filled_and_given_gold(
    fresh_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKER_DATABASE_URL", fresh_database.worker)
    settings.load.cache_clear()
    with transaction() as session:
        session.add(Organisation(slug="lantern", name="Lantern", created_at=clock.now(session)))
    project = write(tmp_path / "project.json", json.dumps(TOLD))
    pairs = write(tmp_path / "pairs.csv", "task,q,x,y\n1,p,a,b\n2,p,a,b\n3,p,a,b\n")
    labels = write(
        tmp_path / "labels.csv", "task,worker,label\n" + votes("1", "aab") + votes("2", "bbb")
    )
    columns = "key=task,prompt=q,a=x,b=y"
    bring = ["import", pairs, "--project", "pairs", "--type", "preference", "--map", columns]
    assert run("create-project", project, "--open") == "pairs: open\n"
    assert run(*bring) == "3 added, 0 already there, 0 made gold\n"
    assert run(*bring) == "0 added, 3 already there, 0 made gold\n"
    assert (
        run("make-gold", "--project", "pairs", "--labels", labels, "--count", "2")
        == "2 made gold\n"
    )
    with transaction() as session:
        slots = session.execute(sa.select(Task.key, Task.open_slots).order_by(Task.key)).all()
        assert [tuple(row) for row in slots] == [("1", 0), ("2", 0), ("3", 2)]
        assert session.scalar(sa.select(sa.func.count()).select_from(Gold)) == 2
    wrong = write(tmp_path / "wrong.csv", "task,q,x,y\n9,,a,b\n")
    said = run("import", wrong, *bring[2:], fails=True)
    assert "nothing was imported\nrow 2, column q: prompt is empty" in said


def run(*words: str, fails: bool = False) -> str:
    db.engine().dispose()
    result = CliRunner().invoke(tasks, words)
    db.engine().dispose()  # each command connects by itself, as a process of its own would
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def votes(task: str, labels: str) -> str:
    return "".join(f"{task},w{place},{label}\n" for place, label in enumerate(labels))
