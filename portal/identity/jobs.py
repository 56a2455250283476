"""The identity package's jobs: beginning, refreshing, being woken, sweeping."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import clock
from portal.db import lock, reading, transaction
from portal.identity import (
    cases,
    erasure,
    evidence,
    expiry,
    provider,
    queries,
    verdicts,
)
from portal.identity.models import IdentityCheck, JobName
from portal.jobs import enqueue, job
from portal.stripe.models import StripeEvent


@job(JobName.BEGIN)
def begin(check_id: int) -> None:
    """Ask Stripe for the session of a check. Safe to run twice: the key is stored with the check."""
    provider.begin(check_id)


@job(JobName.REFRESH)
def refresh(check_id: int) -> None:
    """Ask Stripe how a check stands. Safe to run twice: it records what is true now."""
    provider.refresh(check_id)


@job(JobName.WOKEN)
def woken(event_id: int) -> None:
    """An event came: ask Stripe about the check it names, whatever the event itself says.

    Safe to run twice. Events about sessions that we do not know are left alone.
    """
    with reading() as session:
        event = session.get_one(StripeEvent, event_id)
        known = queries.by_session(event.object_id or "").with_only_columns(IdentityCheck.id)
        check_id = session.scalar(known)
    if check_id is not None:
        provider.refresh(check_id)


@job(JobName.SWEEP)
def sweep(_slot: int) -> None:
    """Find checks whose event never came, cases that nobody decided, appeals that nobody answered.

    Safe to run twice: what it finds it moves ahead.
    """
    with transaction() as session:
        now = clock.now(session)
        _ask_about_the_silent(session, now)
        for check in session.scalars(queries.overdue(now=now)):
            cases.hand_over(session, check, now=now)
        for check in session.scalars(verdicts.contested(until=now)):
            _uphold_unanswered(session, check.id, now)


@job(JobName.KEEP_SHORT)
def keep_short(_slot: int) -> None:
    """Erase evidence whose time is over, write before a check is too old, chase erasures.

    Safe to run twice: each thing is done once.
    """
    with transaction() as session:
        now = clock.now(session)
        evidence.erase_due(session, now=now)
        expiry.remind(session, now=now)
        expiry.open_cases(session, now=now)
        erasure.chase(session, now=now)


@job(JobName.ERASE)
def erase(check_id: int) -> None:
    """Have Stripe redact a check, then forget it here. Safe to run twice."""
    provider.erase(check_id)


def _ask_about_the_silent(session: Session, now: datetime) -> None:
    for check in session.scalars(queries.to_poll(now=now)):
        name = JobName.BEGIN if check.session_id is None else JobName.REFRESH
        enqueue(session, name, check.id, now=now)
        check.poll_at = now + cases.POLL[check.state]


def _uphold_unanswered(session: Session, check_id: int, now: datetime) -> None:
    check = lock(session, session.get_one(IdentityCheck, check_id))
    words = "Nobody answered within 14 days, so your appeal is upheld."
    verdicts.answer(session, check, uphold=True, by=None, words=words, now=now)
