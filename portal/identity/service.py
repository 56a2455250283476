"""An identity check's way: consent, what Stripe says, and who looks where the machine can't say yes."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit
from portal.access import Role
from portal.accounts.models import Account
from portal.accounts.queries import holders
from portal.contributions import installed
from portal.db import lock
from portal.errors import Conflict
from portal.identity import consent, letters, queries, working_days
from portal.identity.last_errors import NextAction, explain
from portal.identity.models import CheckState, IdentityCheck, JobName
from portal.ids import random_id
from portal.jobs import enqueue
from portal.stripe.verifications import Verification, VerificationStatus

REVIEW_DAYS: Final = 2
"""Working days until a case is decided or goes to a named second person."""
MOST_FAILURES: Final = 3
"""After as many failed attempts a person looks, whatever the code."""
POLL: Final = {
    CheckState.STARTING: timedelta(minutes=1),
    CheckState.WAITING: timedelta(hours=6),
    CheckState.PROCESSING: timedelta(minutes=5),
    CheckState.REVIEW: timedelta(hours=6),
}
"""How long a check may stand still before the sweep asks Stripe about it."""


def start(session: Session, *, account_id: int, now: datetime) -> IdentityCheck:
    """Record the consent and make the check, or give the one that is open already.

    The lock on the account lets one person's tabs in one at a time. Raises `Conflict` where their
    identity is verified.
    """
    if found := _open_check(session, account_id):
        return found
    version = consent.record(session, account_id=account_id, now=now)
    check = _new(account_id, consent_id=version.id, now=now)
    check.poll_at = now + POLL[CheckState.STARTING]
    session.add(check)
    session.flush()
    _note(session, check, "started", actor=account_id, now=now)
    enqueue(session, JobName.BEGIN, check.id, now=now)
    return check


def start_with_person(session: Session, *, account_id: int, now: datetime) -> IdentityCheck:
    """The person does not want Stripe's check: nothing is sent, a human finds another way with them.

    Gives the check that is open already, where there is one. Raises `Conflict` where their identity
    is verified.
    """
    if found := _open_check(session, account_id):
        return found
    check = _new(account_id, consent_id=None, now=now)
    open_case(session, check, now=now)
    return check


def _open_check(session: Session, account_id: int) -> IdentityCheck | None:
    lock(session, session.get_one(Account, account_id))
    if queries.verified_check(session, account_id) is not None:
        raise Conflict("Your identity is verified already.")
    return session.scalar(queries.open_check(account_id))


def _new(account_id: int, *, consent_id: int | None, now: datetime) -> IdentityCheck:
    return IdentityCheck(
        public_id=random_id(),
        account_id=account_id,
        consent_id=consent_id,
        idempotency_key=random_id(),
        started_at=now,
    )


def record(session: Session, check: IdentityCheck, found: Verification, *, now: datetime) -> None:
    """Bring a locked check to what Stripe says now.

    Safe to repeat and in any order: what has ended stays, and an attempt that failed is counted
    once. Verified is the only verdict that a machine gives.
    """
    if check.settled:
        return
    check.session_id = found.id
    if found.status is VerificationStatus.VERIFIED:
        verify(session, check, country=found.country, now=now)
    elif found.status is VerificationStatus.CANCELED:
        _canceled(session, check, now=now)
    elif check.state is CheckState.REVIEW:
        _failed_again(check, found)
    elif found.status is VerificationStatus.PROCESSING:
        check.process(poll_at=now + POLL[CheckState.PROCESSING])
    elif found.last_error is None:
        check.wait(poll_at=now + POLL[CheckState.WAITING])
    else:
        _failed(session, check, found, now=now)


def verify(
    session: Session,
    check: IdentityCheck,
    *,
    country: str | None,
    now: datetime,
    actor: int | None = None,
) -> None:
    """The person is who they say: by Stripe's verdict, or by a decision of a person of ours."""
    check.verify(country=country, now=now)
    letters.verified(session, _person(session, check), now=now)
    settle(session, check, actor=actor, now=now)


def settle(session: Session, check: IdentityCheck, *, actor: int | None, now: datetime) -> None:
    """Tell whoever waits for the end of checks."""
    _note(session, check, check.state.value, actor=actor, now=now)
    for listener in installed().identity_listeners:
        enqueue(session, listener, check.id, now=now)


def ask_person(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """The person would rather have a human look. Raises `Conflict` where one looks already."""
    lock(session, check)
    if check.state is not CheckState.WAITING:
        raise Conflict("This is not waiting for you.")
    open_case(session, check, now=now)


def try_once_more(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """It is the person's turn again: in the same session, or in a first one if there was none.

    Where they never agreed to Stripe's check it ends here, and they may begin one if they want to.
    """
    check.failures = 0
    if check.consent_id is None:
        check.cancel(now=now)
        settle(session, check, actor=None, now=now)
    elif check.session_id is None:
        check.restart(idempotency_key=random_id(), poll_at=now + POLL[CheckState.STARTING])
        enqueue(session, JobName.BEGIN, check.id, now=now)
    else:
        check.wait(poll_at=now + POLL[CheckState.WAITING])


def open_case(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """Name a person of ours who looks, and start their clock."""
    reviewer = _next_reviewer(session, check, besides=None)
    check.open_case(
        reviewer_id=reviewer.id if reviewer else None,
        due_at=working_days.later(now, REVIEW_DAYS),
        poll_at=now + POLL[CheckState.REVIEW] if check.session_id else None,
    )
    session.add(check)
    session.flush()
    letters.being_looked_at(session, _person(session, check), now=now)
    _call(session, check, reviewer, now=now)
    _note(session, check, "case_opened", actor=None, now=now)


def hand_over(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """The clock ran out: a second person is named, and gets a clock of their own."""
    reviewer = _next_reviewer(session, check, besides=check.reviewer_id)
    check.hand_over(
        reviewer_id=reviewer.id if reviewer else check.reviewer_id,
        due_at=working_days.later(now, REVIEW_DAYS),
    )
    _call(session, check, reviewer, now=now)
    _note(session, check, "handed_over", actor=None, now=now)


def _failed(session: Session, check: IdentityCheck, found: Verification, *, now: datetime) -> None:
    if _seen(check, found) and check.state is CheckState.WAITING:
        check.wait(poll_at=now + POLL[CheckState.WAITING])
        return
    _failed_again(check, found)
    _note(session, check, "failed", actor=None, now=now)
    code = found.last_error or ""
    if explain(code).action is NextAction.PERSON or check.failures >= MOST_FAILURES:
        open_case(session, check, now=now)
        return
    check.wait(poll_at=now + POLL[CheckState.WAITING])
    letters.try_again(session, _person(session, check), now=now)


def _failed_again(check: IdentityCheck, found: Verification) -> None:
    """Keep what the last failed attempt said; the same one counts once."""
    if found.last_error is not None and not _seen(check, found):
        check.last_error, check.report_id = found.last_error, found.report_id
        check.failures += 1


def _seen(check: IdentityCheck, found: Verification) -> bool:
    return (check.last_error, check.report_id) == (found.last_error, found.report_id)


def _canceled(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """Ended without a verdict; a case that a person looks at does not end by itself."""
    if check.state is CheckState.REVIEW:
        return
    check.cancel(now=now)
    settle(session, check, actor=None, now=now)


def _next_reviewer(
    session: Session, check: IdentityCheck, *, besides: int | None
) -> Account | None:
    """Whoever of compliance has the fewest cases, then an administrator; never the person themself."""
    for role in (Role.COMPLIANCE, Role.ADMIN):
        load = (
            sa.select(sa.func.count())
            .select_from(queries.cases().order_by(None).subquery("open_case"))
            .where(sa.text("open_case.reviewer_id = account.id"))
            .correlate(Account)
            .scalar_subquery()
        )
        query = holders(role).where(Account.id != check.account_id)
        if besides is not None:
            query = query.where(Account.id != besides)
        if found := session.scalar(query.order_by(None).order_by(load, Account.id).limit(1)):
            return found
    return None


def _call(
    session: Session, check: IdentityCheck, reviewer: Account | None, *, now: datetime
) -> None:
    if reviewer is not None:
        letters.please_look(session, reviewer, public_id=str(check.public_id), now=now)


def _person(session: Session, check: IdentityCheck) -> Account:
    return session.get_one(Account, check.account_id)


def _note(
    session: Session, check: IdentityCheck, what: str, *, actor: int | None, now: datetime
) -> None:
    audit.record(
        session,
        actor=actor,
        action=f"identity_check.{what}",
        subject=("identity_check", check.id),
        now=now,
        details={"last_error": check.last_error} if check.last_error else {},
    )
