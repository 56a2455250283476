"""Bringing a client's tasks in: checked by their type, refused whole, harmless to repeat."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit, files
from portal.db import lock
from portal.files import StoredFile
from portal.ids import uuid7
from portal.jobs import enqueue
from tasks.models import (
    UNDER_WAY,
    JobName,
    Pool,
    Project,
    ProjectState,
    Task,
    TaskImport,
    TaskPayload,
)
from tasks.queries import projects as project_queries
from tasks.service.files import MOST_PROBLEMS, FileRefused, mapped, rows
from tasks.service.gold import make_gold
from tasks.types import BadField, Kind, kind

_BATCH: Final = 500
_TOLD_EVERY: Final = 250


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    added: int
    already: int
    gold: int


@dataclass(frozen=True)
class Counts:
    """How far an import is, in rows."""

    total: int
    checked: int = 0
    entered: int = 0


Watch = Callable[[Counts], None]
"""Is told how far it is; may raise `Cancelled`."""


class Cancelled(Exception):
    """Somebody stopped the import: nothing of it goes in."""


def nobody(_counts: Counts) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class _Row:
    number: int
    key: str
    payload: dict[str, Any]
    digest: bytes


def import_tasks(
    session: Session,
    project: Project,
    upload: Upload,
    columns: Mapping[str, str],
    *,
    gold: Upload | None = None,
    by: int | None = None,
    now: datetime,
    watch: Watch = nobody,
) -> Imported:
    """Add the file's tasks, and make those of the gold file probes.

    A key that is there with the same content is counted, not added again. Anything wrong anywhere
    raises `FileRefused` with every problem's row and column, and nothing is added.
    """
    lock(session, project)
    if project.state is ProjectState.CLOSED:
        raise FileRefused(["This project is closed."])
    rules = kind(project.task_type)
    read = _read(rules, upload, columns, watch)
    pool = session.scalars(project_queries.pools(project.id)).first()
    if pool is None:
        raise FileRefused(["This project has no pool."])
    known = _known(session, project)
    _refuse_changed(read, known, columns["key"])
    new = [row for row in read if row.key not in known]
    _insert(session, project, pool, new, watch, now=now)
    golden = 0
    if gold is not None:
        answers = read_gold(rules, gold, known.keys() | {row.key for row in read})
        golden = make_gold(session, project, answers, by=by, now=now)
    counts = {"added": len(new), "already": len(read) - len(new)}
    audit.record(session, actor=by, action="tasks.imported", subject=("project", project.id), details=counts, now=now)  # fmt: skip
    return Imported(len(new), len(read) - len(new), golden)


def read_gold(rules: Kind, upload: Upload, known: set[str]) -> dict[str, dict[str, Any]]:
    """A gold file's answers by key: columns `key` and what the task type's answer needs."""
    answers: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for number, row in rows(upload.content, upload.name):
        try:
            answers[_gold_key(row, known, answers)] = rules.answer(row)
        except BadField as bad:
            problems.append(f"{upload.name}, row {number}, column {bad.field}: {bad.message}")
    if problems:
        raise FileRefused(problems)
    return answers


def request(
    session: Session,
    project: Project,
    upload: Upload,
    columns: Mapping[str, str],
    *,
    gold: Upload | None,
    by: int,
    now: datetime,
) -> TaskImport:
    """Keep the files and put the import down as a job."""
    stored = _store(session, upload, now)
    stored_gold = _store(session, gold, now) if gold else None
    requested = TaskImport(
        public_id=uuid7(now),
        project_id=project.id,
        file_id=stored.id,
        file_name=upload.name,
        mapping=dict(columns),
        requested_at=now,
        requested_by_id=by,
        gold_file_id=stored_gold.id if stored_gold else None,
        gold_file_name=gold.name if gold else None,
    )
    session.add(requested)
    session.flush()
    enqueue(session, JobName.IMPORT, requested.id, now=now)
    return requested


def cancel(session: Session, requested: TaskImport, *, by: int, now: datetime) -> None:
    """Stop an import that is under way; one that has ended stays as it is. Nothing of it goes in."""
    lock(session, requested)
    if requested.state in UNDER_WAY:
        requested.cancel(now=now)
        subject = ("project", requested.project_id)
        audit.record(session, actor=by, action="tasks.import_cancelled", subject=subject, now=now)


def uploads(session: Session, requested: TaskImport) -> tuple[Upload, Upload | None]:
    """The requested import's files, read back."""
    main = files.read(session.get_one(StoredFile, requested.file_id))
    gold = None
    if requested.gold_file_id is not None:
        content = files.read(session.get_one(StoredFile, requested.gold_file_id))
        gold = Upload(requested.gold_file_name or "", content)
    return Upload(requested.file_name, main), gold


def draw_key(project: Project, key: str) -> int:
    """Where a task stands in the drawing order: random, and the same however often it is computed."""
    return Random(f"{project.slug}:{key}").getrandbits(62)  # noqa: S311  repeatable by seed


def _read(
    rules: Kind, upload: Upload, columns: Mapping[str, str], watch: Watch = nobody
) -> list[_Row]:
    _refuse_mapping(rules, columns)
    found: dict[str, _Row] = {}
    problems: list[str] = []
    listed = list(rows(upload.content, upload.name))
    for done, (number, row) in enumerate(listed):
        if done % _TOLD_EVERY == 0:
            watch(Counts(len(listed), done))
        if not found and upload.name.lower().endswith(".csv"):
            _refuse_absent(row, columns)
        try:
            read = _checked(rules, number, mapped(row, columns), found)
            found[read.key] = read
        except BadField as bad:
            problems.append(
                f"row {number}, column {columns.get(bad.field, bad.field)}: {bad.message}"
            )
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems or not found:
        raise FileRefused(problems or ["row 2: the file has no tasks"])
    return list(found.values())


def _checked(rules: Kind, number: int, raw: Mapping[str, Any], before: Mapping[str, _Row]) -> _Row:
    key = _key(raw.get("key"))
    if key in before:
        raise BadField("key", f"“{key}” stands in row {before[key].number} already")
    payload = rules.payload(raw)
    return _Row(number, key, payload, _digest(payload))


def _key(found: object) -> str:
    key = str(found).strip() if isinstance(found, str | int) else ""
    if not key or len(key) > 200 or "\0" in key:
        raise BadField("key", "the key must be text of 1 to 200 characters")
    return key


def _gold_key(row: Mapping[str, Any], known: set[str], before: Mapping[str, object]) -> str:
    key = _key(row.get("key"))
    if key not in known:
        raise BadField("key", f"there is no task “{key}”")
    if key in before:
        raise BadField("key", f"“{key}” stands here twice")
    return key


def _refuse_absent(row: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    absent = [column for column in columns.values() if column not in row]
    if absent:
        raise FileRefused([f"row 1, column {column}: there is no such column" for column in absent])


def _digest(payload: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).digest()


def _refuse_mapping(rules: Kind, columns: Mapping[str, str]) -> None:
    needed = {"key", *rules.required}
    problems = [f"the field {field} is not mapped" for field in sorted(needed - columns.keys())]
    unknown = columns.keys() - needed - set(rules.optional)
    problems += [f"this task type has no field {field}" for field in sorted(unknown)]
    if problems:
        raise FileRefused(problems)


def _known(session: Session, project: Project) -> dict[str, bytes]:
    """The project's keys and their payloads' hashes."""
    place = sa.and_(TaskPayload.pool_id == Task.pool_id, TaskPayload.task_id == Task.id)
    found = sa.select(Task.key, TaskPayload.sha256).join(TaskPayload, place)
    of_project = found.join(Pool, Pool.id == Task.pool_id).where(Pool.project_id == project.id)
    return {key: digest for key, digest in session.execute(of_project)}  # noqa: C416  typed rows


def _refuse_changed(read: list[_Row], known: Mapping[str, bytes], column: str) -> None:
    problems = [
        f"row {row.number}, column {column}: task “{row.key}” is already there with other content"
        for row in read
        if known.get(row.key, row.digest) != row.digest
    ]
    if problems:
        raise FileRefused(problems)


def _insert(
    session: Session, project: Project, pool: Pool, new: list[_Row], watch: Watch, *, now: datetime
) -> None:
    version = kind(project.task_type).schema_version
    for start in range(0, len(new), _BATCH):
        watch(Counts(len(new), len(new), start))
        batch = {row.key: row for row in new[start : start + _BATCH]}
        added = session.execute(
            sa.insert(Task).returning(Task.id, Task.key),
            [
                {
                    "pool_id": pool.id,
                    "key": key,
                    "draw_key": draw_key(project, key),
                    "open_slots": project.overlap,
                    "imported_at": now,
                }
                for key in batch
            ],
        )
        session.execute(
            sa.insert(TaskPayload),
            [
                {
                    "pool_id": pool.id,
                    "task_id": task_id,
                    "task_type": project.task_type,
                    "schema_version": version,
                    "value": batch[key].payload,
                    "sha256": batch[key].digest,
                }
                for task_id, key in added
            ],
        )


def _store(session: Session, upload: Upload, now: datetime) -> StoredFile:
    media = "text/csv" if upload.name.lower().endswith(".csv") else "application/jsonl"
    return files.store(session, upload.content, media_type=media, now=now)
