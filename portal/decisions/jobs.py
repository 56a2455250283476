"""The sweep that lets no appeal run out against the person who made it."""

from portal import clock
from portal.db import reading, transaction
from portal.decisions import appeals
from portal.decisions.models import Appeal, JobName
from portal.jobs import job


@job(JobName.UPHOLD_OVERDUE)
def uphold_overdue(_slot: int) -> None:
    """Uphold every appeal that nobody answered in time, each in a transaction of its own.

    Safe to run twice: an appeal that was settled meanwhile is left alone.
    """
    with reading() as session:
        late = appeals.overdue(now=clock.now(session)).with_only_columns(Appeal.id)
        ids = list(session.scalars(late))
    for appeal_id in ids:
        with transaction() as session:
            appeals.uphold_overdue(session, appeal_id, now=clock.now(session))
