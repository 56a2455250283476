"""Numbered releases of a project's dataset: asked for by a manager, made by the worker, kept as they are."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit, files
from portal.db import lock
from portal.errors import Conflict
from portal.ids import uuid7
from portal.jobs import enqueue
from tasks.models import JobName, Project, Release, ReleaseState
from tasks.queries import managing
from tasks.service import release


def request(session: Session, project: Project, *, by: int, now: datetime) -> Release:
    """Ask for a release of the judgments as they stand when it is made.

    The project's lock numbers releases without gaps. Raises `Conflict` while one is being made.
    """
    lock(session, project)
    newest = session.scalar(of_project(project.id).limit(1))
    if newest is not None and newest.state is ReleaseState.MAKING:
        raise Conflict("A release is being made already.")
    asked = Release(
        public_id=uuid7(now),
        project_id=project.id,
        number=newest.number + 1 if newest else 1,
        asked_at=now,
        asked_by_id=by,
    )
    session.add(asked)
    session.flush()
    enqueue(session, JobName.MAKE_RELEASE, asked.id, now=now)
    audit.record(session, actor=by, action="release.asked", subject=("release", asked.id), now=now)
    return asked


def make(session: Session, release_id: int, *, now: datetime) -> None:
    """Write both files and keep them. Safe to run twice: one that is ready stays as it is."""
    asked = lock(session, session.get_one(Release, release_id))
    if asked.state is ReleaseState.READY:
        return
    rows = release.rows(session.execute(managing.released(asked.project_id)).all())
    kept = [
        files.store(session, text.encode(), media_type=media, now=now)
        for text, media in (
            (release.csv_text(rows), "text/csv"),
            (release.jsonl_text(rows), "application/jsonl"),
        )
    ]
    asked.finish(
        tasks=len({row["task"] for row in rows}),
        judgments=len(rows),
        csv_file_id=kept[0].id,
        jsonl_file_id=kept[1].id,
        now=now,
    )
    session.flush()


def of_project(project_id: int) -> sa.Select[Release]:
    """A project's releases, the newest first."""
    mine = sa.select(Release).where(Release.project_id == project_id)
    return mine.order_by(Release.number.desc())
