"""Act two: the clients' projects with policy, guidelines, rates and agreements, and their tasks."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from demo import content_files
from demo.content_files import Case, Row
from demo.world import World
from tasks.models import Project, TaskType
from tasks.rules import Announced, Rules
from tasks.service import importing, projects
from tasks.service.importing import Upload
from tasks.service.projects import Price

MANAGERS: Final = {"meridian-commons": "reyes", "halyard-assist": "oluf"}
_COLUMNS: Final[dict[TaskType, dict[str, str]]] = {
    TaskType.PREFERENCE: {
        "key": "key",
        "prompt": "prompt",
        "context": "context",
        "a": "response_a",
        "b": "response_b",
    },
    TaskType.REASONING_REVIEW: {
        "key": "key",
        "case": "case",
        "clauses": "clauses",
        "verdict": "verdict",
        "steps": "steps",
    },
}


def set_up(session: Session, world: World, *, now: datetime) -> None:
    """Make every project and let it open, as its manager does in the browser."""
    policy_id = _publish_policy(session, world, now=now)
    for row in content_files.projects():
        _set_up_one(session, world, row, policy_id, now=now)
        now += timedelta(minutes=25)


def deliver_tasks(session: Session, world: World, *, now: datetime) -> None:
    """Hand every client's file of tasks in, with the file of check answers beside it."""
    for row in content_files.projects():
        project = world.project(session, row["slug"])
        delivered = content_files.cases(project.slug)
        columns = _COLUMNS[project.task_type]
        importing.request(
            session,
            project,
            _file(f"{project.slug}.jsonl", (_shown(case, columns) for case in delivered)),
            columns,
            gold=_file(f"{project.slug}-checks.jsonl", (_answer(c) for c in delivered if c.gold)),
            by=world.accounts[MANAGERS[row["organisation"]]],
            now=now,
        )


def truth(case: Case) -> dict[str, Any]:
    """What is true of a case, as a gold file says it."""
    found = case.row["truth"]
    if isinstance(found, str):
        return {"answer": found, "strength": case.row["truth_strength"]}
    return dict(found)


def _publish_policy(session: Session, world: World, *, now: datetime) -> int:
    row = content_files.policy()
    version = projects.publish_policy(
        session,
        organisation_id=world.organisations[row["organisation"]],
        slug=row["slug"],
        title=row["title"],
        label=row["version"],
        introduction=row["introduction"],
        clauses=row["clauses"],
        effective_on=date.fromisoformat(row["effective"]),
        now=now,
    )
    return version.policy_id


def _set_up_one(session: Session, world: World, row: Row, policy_id: int, *, now: datetime) -> None:
    actor = world.accounts[MANAGERS[row["organisation"]]]
    project = projects.create(session, _draft(world, row, now), actor=actor, now=now)
    world.projects[project.slug] = project.id
    text = content_files.text("guidelines", row["guideline"])
    guideline = projects.publish_guideline(
        session,
        organisation_id=project.organisation_id,
        slug=row["guideline"],
        title=text.front["title"],
        label=text.front["version"],
        body=text.body,
        actor=actor,
        now=now,
    )
    project.guideline_id = guideline.guideline_id
    project.policy_id = policy_id if row["policy"] else None
    bonus = row.get("bonus")
    rules = Rules(bonuses=(Announced(**bonus),)) if bonus else None
    prices = [Price(minor=row["rate_per_hour"])]
    projects.publish_rates(session, project, prices, actor=actor, rules=rules, now=now)
    agreement = content_files.text("agreements", row["agreement"])
    title = agreement.front["title"]
    projects.publish_agreement(
        session, project, title=title, body=agreement.body, actor=actor, now=now
    )
    projects.open_project(session, project, actor=actor, now=now)


def _draft(world: World, row: Row, now: datetime) -> Project:
    paid_seconds = row["paid_minutes_per_task"] * 60
    return Project(
        organisation_id=world.organisations[row["organisation"]],
        slug=row["slug"],
        title=row["title"],
        line=row["line"],
        question=row["question"],
        task_type=TaskType(row["task_type"]),
        currency=row["currency"],
        created_at=now,
        locale=row["locale"],
        due_on=(world.calendar.end + timedelta(days=row["due_days"])).date(),
        overlap=row["overlap"],
        gold_share=row["gold_share"],
        needed_level=row["needed_level"],
        required_qualification=row["qualification"],
        content_note=row["content_note"],
        task_cap_seconds=paid_seconds,
        created_by_id=world.accounts[MANAGERS[row["organisation"]]],
    )


def _file(name: str, rows: Iterable[dict[str, Any]]) -> Upload:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return Upload(name, lines.encode())


def _shown(case: Case, columns: dict[str, str]) -> dict[str, Any]:
    """The client's own columns: what is true stays out of the file."""
    return {column: case.row[column] for column in columns.values()}


def _answer(case: Case) -> dict[str, Any]:
    return {"key": case.key, **truth(case)}
