"""What accounts do in the background: forget old sign-ins, open what an appeal reopens."""

import sqlalchemy as sa

from portal import clock
from portal.accounts import administration, sign_ins
from portal.accounts.models import Account, AccountState, JobName
from portal.db import lock, transaction
from portal.decisions import Appeal, AppealState, Decision
from portal.jobs import job


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


def _newest_pause(account: Account) -> sa.Select[int]:
    pauses = (Decision.account_id == account.id, Decision.kind == administration.PAUSED)
    return sa.select(sa.func.max(Decision.id)).where(*pauses)
