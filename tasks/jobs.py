"""Background work: scoring gold, imports, and the sweeps over what is overdue."""

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.db import engine, lock, transaction
from portal.decisions import Appeal, AppealState, Decision
from portal.jobs import job
from tasks.models import UNDER_WAY, ImportState, JobName, Project, TaskImport
from tasks.service import clock as work_clock
from tasks.service import extensions, gold, importing, judge, pauses, releases, timesheets
from tasks.service.files import FileRefused


@job(JobName.SCORE_GOLD)
def score_gold(judgment_id: int) -> None:
    """Score a judgment if its task is gold; safe to run twice, since a score is written once."""
    with transaction() as session:
        gold.score(session, judgment_id, now=clock.now(session))


@job(JobName.IMPORT)
def import_file(import_id: int) -> None:
    """Bring a stored file's tasks in, or write down why not; a second run finds it ended.

    One whose worker died is taken up again: nothing of it had gone in.
    """
    with transaction() as session:
        requested = lock(session, session.get_one(TaskImport, import_id))
        if requested.state not in UNDER_WAY:
            return
        requested.start(now=clock.now(session))
    refused: list[str] = []
    try:
        with transaction() as session:
            _import(session, import_id)
    except importing.Cancelled:
        return
    except FileRefused as refusal:
        refused = refusal.problems
    if refused:
        with transaction() as session:
            requested = lock(session, session.get_one(TaskImport, import_id))
            if requested.state is ImportState.RUNNING:
                requested.refuse(refused, now=clock.now(session))


@job(JobName.EXPIRE_ASSIGNMENTS)
def expire_assignments(_slot: int) -> None:
    """Close the holds that have run out; whatever is left over the next slot finds."""
    with transaction() as session:
        judge.expire_overdue(session, now=clock.now(session))


@job(JobName.APPROVE_TIMESHEETS)
def approve_timesheets(_slot: int) -> None:
    """Approve the timesheets that nobody has decided on in time."""
    with transaction() as session:
        timesheets.approve_overdue(session, now=clock.now(session))


@job(JobName.END_ABANDONED)
def end_abandoned_sessions(_slot: int) -> None:
    """End work sessions that have been silent for long."""
    with transaction() as session:
        work_clock.end_abandoned(session, now=clock.now(session))


@job(JobName.GRANT_EXTENSIONS)
def grant_extensions(_slot: int) -> None:
    """Grant the time that nobody has decided on within 3 working days."""
    with transaction() as session:
        extensions.grant_overdue(session, now=clock.now(session))


@job(JobName.MAKE_RELEASE)
def make_release(release_id: int) -> None:
    """Write a release's files; safe to run twice, since one that is ready is left alone."""
    with transaction() as session:
        releases.make(session, release_id, now=clock.now(session))


@job(JobName.END_PAUSES)
def end_pauses(_slot: int) -> None:
    """End the pauses whose week is over without anybody's decision."""
    with transaction() as session:
        pauses.end_overdue(session, now=clock.now(session))


@job(JobName.APPEAL_UPHELD)
def appeal_upheld(appeal_id: int) -> None:
    """Undo what an upheld appeal was against. Safe to run twice: what is undone stays undone."""
    with transaction() as session:
        appeal = session.get_one(Appeal, appeal_id)
        if appeal.state is not AppealState.UPHELD:
            return
        decision, answer = session.get_one(Decision, appeal.decision_id), appeal.answer or ""
        now = clock.now(session)
        if decision.kind == pauses.PAUSED:
            pauses.appeal_upheld(session, decision, answer=answer, now=now)
        elif decision.kind == timesheets.REFUSED:
            timesheets.appeal_upheld(session, decision, now=now)
        elif decision.kind == extensions.REFUSED:
            extensions.appeal_upheld(session, decision, now=now)


def _import(session: Session, import_id: int) -> None:
    requested = session.get_one(TaskImport, import_id)
    now = clock.now(session)
    upload, gold_upload = importing.uploads(session, requested)
    done = importing.import_tasks(
        session,
        session.get_one(Project, requested.project_id),
        upload,
        requested.mapping,
        gold=gold_upload,
        by=requested.requested_by_id,
        now=now,
        watch=Watch(import_id),
    )
    lock(session, requested)
    if requested.state is not ImportState.RUNNING:
        raise importing.Cancelled
    requested.finish(added=done.added, already=done.already, now=now)


class Watch:
    """Writes down how far an import is, beside its transaction, so that people see it and can stop it."""

    def __init__(self, import_id: int) -> None:
        self._mine = TaskImport.id == import_id

    def __call__(self, counts: importing.Counts) -> None:
        """Raises `Cancelled` where somebody has stopped it meanwhile."""
        running = sa.update(TaskImport).where(self._mine, TaskImport.state == ImportState.RUNNING)
        with engine().begin() as beside:
            beside.execute(running.values(**asdict(counts)))
            state = beside.scalar(sa.select(TaskImport.state).where(self._mine))
        if state is ImportState.CANCELLED:
            raise importing.Cancelled
