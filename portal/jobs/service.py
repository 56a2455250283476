"""Putting work into the outbox, and taking it out again without losing or doubling it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import after_commit
from portal.jobs import queue
from portal.jobs.models import MAX_TRIES, OutboxRow, OutboxState

LEASE: Final = timedelta(minutes=5)
"""How long a worker may take before another may try the row."""


@dataclass(frozen=True)
class Taken:
    """A row that this worker holds until its lease ends."""

    id: int
    name: str
    row_id: int


def enqueue(
    session: Session, name: StrEnum, row_id: int, *, now: datetime, at: datetime | None = None
) -> OutboxRow:
    """Write down that `name` must be done for the row, at once or not before `at`.

    Part of the caller's transaction: rolled back with it. After the commit RQ is told; if that is
    lost, the sweep finds the row.
    """
    row = OutboxRow(name=name.value, row_id=row_id, not_before=at or now, created_at=now)
    session.add(row)
    session.flush()
    if row.not_before <= now:
        after_commit(session, lambda: queue.hurry([row.id]))
    return row


def enqueue_slot(session: Session, name: StrEnum, every: timedelta, *, now: datetime) -> None:
    """Write a sweep's row once for each slot of `every`, however many schedulers ask."""
    number = int(now.timestamp() // every.total_seconds())
    row = {"name": name.value, "row_id": number, "slot": f"{name.value}:{number}"}
    session.execute(
        insert(OutboxRow)
        .values(**row, state=OutboxState.WAITING, tries=0, not_before=now, created_at=now)
        .on_conflict_do_nothing(index_elements=["slot"])
    )


def due(session: Session, *, now: datetime, limit: int = 500) -> list[int]:
    """The ids of rows whose time has come and which no worker holds, oldest first."""
    waiting = sa.and_(OutboxRow.state == OutboxState.WAITING, OutboxRow.not_before <= now)
    query = sa.select(OutboxRow.id).where(waiting).order_by(OutboxRow.not_before).limit(limit)
    return list(session.scalars(query))


def take(session: Session, outbox_id: int, *, now: datetime) -> Taken | None:
    """Hold the row for one lease; None where it is done, held by another, or not yet due."""
    row = session.scalar(
        sa.select(OutboxRow)
        .where(OutboxRow.id == outbox_id, OutboxRow.state == OutboxState.WAITING)
        .where(OutboxRow.not_before <= now)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    row.tries += 1
    row.not_before = now + LEASE
    return Taken(row.id, row.name, row.row_id)


def finish(session: Session, taken: Taken, *, now: datetime) -> None:
    """Write down that it happened; harmless where another worker did so first."""
    row = _locked(session, taken.id)
    if row.state is OutboxState.WAITING:
        row.finish(now=now)


def fail(session: Session, taken: Taken, *, error: str, now: datetime) -> None:
    """Try again later, each time twice as late; bury the row after `MAX_TRIES`."""
    row = _locked(session, taken.id)
    if row.state is not OutboxState.WAITING:
        return
    if row.tries >= MAX_TRIES:
        row.bury(error=error, now=now)
        return
    row.error = error
    row.not_before = now + timedelta(seconds=2**row.tries)


def revive(session: Session, row: OutboxRow, *, now: datetime) -> None:
    """Send a dead row, locked by the caller, round again and hurry it."""
    row.revive(now=now)
    after_commit(session, lambda: queue.hurry([row.id]))


def _locked(session: Session, outbox_id: int) -> OutboxRow:
    query = sa.select(OutboxRow).where(OutboxRow.id == outbox_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()
