"""Background work: scoring gold, imports, and the sweeps over what is overdue."""

from sqlalchemy.orm import Session

from portal import clock
from portal.db import lock, transaction
from portal.jobs import job
from tasks.models import ImportState, JobName, Project, TaskImport
from tasks.service import clock as work_clock
from tasks.service import gold, importing, judge, timesheets
from tasks.service.files import FileRefused


@job(JobName.SCORE_GOLD)
def score_gold(judgment_id: int) -> None:
    """Score a judgment if its task is gold; safe to run twice, since a score is written once."""
    with transaction() as session:
        gold.score(session, judgment_id, now=clock.now(session))


@job(JobName.IMPORT)
def import_file(import_id: int) -> None:
    """Bring a stored file's tasks in, or write down why not; a second run finds it ended."""
    refused: list[str] = []
    try:
        with transaction() as session:
            _import(session, import_id)
    except FileRefused as refusal:
        refused = refusal.problems
    if refused:
        with transaction() as session:
            requested = lock(session, session.get_one(TaskImport, import_id))
            if requested.state is ImportState.WAITING:
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


def _import(session: Session, import_id: int) -> None:
    requested = lock(session, session.get_one(TaskImport, import_id))
    if requested.state is not ImportState.WAITING:
        return
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
    )
    requested.finish(added=done.added, already=done.already, now=now)
