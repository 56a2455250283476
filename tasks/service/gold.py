"""Making tasks gold, and scoring what experts answered on them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid, NotFound
from tasks.models import (
    Assignment,
    Gold,
    GoldKey,
    GoldScore,
    Judgment,
    Pool,
    Project,
    Task,
    TaskPayload,
)
from tasks.types import kind

Answers = Mapping[str, dict[str, Any]]
"""The right answer by the client's key of the task."""


def make_gold(
    session: Session, project: Project, answers: Answers, *, by: int | None, now: datetime
) -> int:
    """Turn tasks into probes with these answers; gives how many are new.

    Tasks that are gold already stay as they are. Raises `Invalid` for a key that the project does not
    have, `Conflict` for a task that was already handed out as an ordinary one.
    """
    found = {
        task.key: task
        for task in session.scalars(
            sa.select(Task)
            .join(Pool, Pool.id == Task.pool_id)
            .where(Pool.project_id == project.id, Task.key.in_(answers))
            .order_by(Task.pool_id, Task.id)
            .with_for_update(of=Task)
        )
    }
    if missing := sorted(answers.keys() - found.keys()):
        raise Invalid(f"There is no task “{missing[0]}” in this project.")
    already = _gold_among(session, found.values())
    new = [task for task in found.values() if (task.pool_id, task.id) not in already]
    _refuse_handed_out(session, new)
    for task in new:
        task.open_slots = 0
    session.flush()
    rows = [{"pool_id": task.pool_id, "task_id": task.id} for task in new]
    keys = [answers[task.key] for task in new]
    if rows:
        session.execute(
            sa.insert(Gold), [{**row, "key_version": 1, "made_at": now} for row in rows]
        )
        stamped = {"version": 1, "written_at": now, "written_by_id": by}
        session.execute(
            sa.insert(GoldKey),
            [{**row, "answer": key, **stamped} for row, key in zip(rows, keys, strict=True)],
        )
    return len(rows)


def replace_key(
    session: Session, gold: Gold, answer: dict[str, Any], *, by: int | None, now: datetime
) -> None:
    """Give gold a new version of its key; judgments keep the score of the version they met."""
    gold.key_version += 1
    row = {"pool_id": gold.pool_id, "task_id": gold.task_id, "version": gold.key_version}
    session.execute(
        sa.insert(GoldKey).values(**row, answer=answer, written_at=now, written_by_id=by)
    )


def seeded_majorities(
    labels: Iterable[tuple[str, str]], *, count: int, seed: int
) -> dict[str, str]:
    """Pick `count` keys of `(key, label)` pairs whose labels have a strict majority that is not a tie.

    The same labels and the same seed give the same keys, in whatever order the labels come.
    """
    votes: dict[str, Counter[str]] = {}
    for key, label in labels:
        votes.setdefault(key, Counter())[label] += 1
    majorities = {
        key: ballot.most_common(1)[0][0]
        for key, ballot in votes.items()
        if ballot.most_common(1)[0][1] * 2 > ballot.total()
    }
    eligible = sorted(key for key, label in majorities.items() if label != "tie")
    if count > len(eligible):
        raise Invalid(f"Only {len(eligible)} tasks have a majority; {count} were asked for.")
    chosen = Random(seed).sample(eligible, count)  # noqa: S311  repeatable by seed
    return {key: majorities[key] for key in chosen}


def score(session: Session, judgment_id: int, *, now: datetime) -> bool | None:
    """Compare a judgment with the key, where it was on gold. Only the worker may read keys.

    Gives whether it was right, None where the task is not gold. Safe to run twice: a judgment has
    one score for each version of the key.
    """
    judgment = session.scalar(sa.select(Judgment).where(Judgment.id == judgment_id))
    if judgment is None:
        raise NotFound
    place = (judgment.pool_id, judgment.task_id)
    gold = session.get(Gold, place)
    if gold is None:
        return None
    key = session.get_one(GoldKey, (*place, gold.key_version))
    task_type = session.get_one(TaskPayload, place).task_type
    right = kind(task_type).right(judgment.value, key.answer)
    row = {
        "pool_id": judgment.pool_id,
        "judgment_id": judgment.id,
        "key_version": key.version,
        "expert_id": judgment.expert_id,
        "right": right,
        "judged_at": judgment.submitted_at,
        "scored_at": now,
    }
    session.execute(insert(GoldScore).values(**row).on_conflict_do_nothing())
    return right


def _gold_among(session: Session, tasks: Iterable[Task]) -> set[tuple[int, int]]:
    ids = [task.id for task in tasks]
    rows = session.execute(sa.select(Gold.pool_id, Gold.task_id).where(Gold.task_id.in_(ids)))
    return {(pool_id, task_id) for pool_id, task_id in rows}


def _refuse_handed_out(session: Session, tasks: list[Task]) -> None:
    ids = {task.id: task.key for task in tasks}
    held = session.scalar(sa.select(Assignment.task_id).where(Assignment.task_id.in_(ids)).limit(1))
    if held is not None:
        raise Conflict(f"Task “{ids[held]}” was already handed out: it can't become a check task.")
