"""What accounts do in the background: forget old sign-ins, open what an appeal reopens."""

import sqlalchemy as sa

from portal import clock, files
from portal.accounts import administration, erasure, sign_ins
from portal.accounts.models import Account, AccountState, Erasure, JobName
from portal.db import lock, reading, transaction
from portal.decisions import Appeal, AppealState, Decision
from portal.files import StoredFile
from portal.jobs import enqueue, job


@job(JobName.FORGET_SIGN_INS)
def forget_sign_ins(_slot: int) -> None:
    """Delete sign-ins that ended longer ago than we keep them. Safe to run twice: they are gone."""
    with transaction() as session:
        sign_ins.forget(session, now=clock.now(session))


@job(JobName.REOPEN_AFTER_APPEAL)
def reopen_after_appeal(appeal_id: int) -> None:
    """An appeal against a pause was upheld: open the account again.

    Safe to run twice: an account that is open, or that was paused anew since, is left alone.
    """
    with transaction() as session:
        appeal = session.get_one(Appeal, appeal_id)
        decision = session.get_one(Decision, appeal.decision_id)
        if decision.kind != administration.PAUSED or appeal.state is not AppealState.UPHELD:
            return
        account = lock(session, session.get_one(Account, decision.account_id))
        newest = session.scalar(_newest_pause(account))
        if account.state is AccountState.PAUSED and newest == decision.id:
            reason = appeal.answer or ""
            now = clock.now(session)
            administration.resume(session, account, reason=reason, by=None, now=now)


@job(JobName.FIND_ERASURES)
def find_erasures(_slot: int) -> None:
    """Send round every erasure whose day has come: what was in the way may have ended."""
    with transaction() as session:
        now = clock.now(session)
        for erasure_id in session.scalars(erasure.due(now=now)):
            enqueue(session, JobName.ERASE_ACCOUNT, erasure_id, now=now)


@job(JobName.ERASE_ACCOUNT)
def erase_account(erasure_id: int) -> None:
    """Erase one account's data, then the bytes of its files.

    Safe to run twice, or to die anywhere: rows go in one transaction, which keeps which files are
    left; bytes go after it, and are crossed off once they are gone.
    """
    with transaction() as session:
        erasure.carry_out(session, erasure_id, now=clock.now(session))
    with reading() as session:
        wanted = session.get_one(Erasure, erasure_id).files
        left = session.scalars(sa.select(StoredFile).where(StoredFile.id.in_(wanted))).all()
    for stored in left:
        files.wipe(stored)
    with transaction() as session:
        lock(session, session.get_one(Erasure, erasure_id)).wiped()


def _newest_pause(account: Account) -> sa.Select[int]:
    pauses = (Decision.account_id == account.id, Decision.kind == administration.PAUSED)
    return sa.select(sa.func.max(Decision.id)).where(*pauses)
