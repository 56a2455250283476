"""An identity check's way: consent, what Stripe says, and who looks where the machine can't say yes."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from portal import settings
from portal.accounts.models import Account
from portal.contributions import installed
from portal.db import lock
from portal.errors import Conflict
from portal.identity import cases, consent, letters, queries, same_person
from portal.identity.cases import POLL
from portal.identity.last_errors import NextAction, explain
from portal.identity.models import (
    BY_MACHINE,
    CaseReason,
    CheckState,
    IdentityCheck,
    JobName,
    Route,
)
from portal.identity.signals import Signals
from portal.ids import random_id
from portal.jobs import enqueue
from portal.stripe.verifications import Verification, VerificationStatus

MOST_FAILURES: Final = 3
"""After as many failed attempts a person looks, whatever the code."""
UNKNOWN: Final = Signals()
_NO_MACHINE: Final = {
    "consent_declined": CaseReason.DECLINED,
    "country_not_supported": CaseReason.UNSUPPORTED,
    "device_not_supported": CaseReason.UNSUPPORTED,
}


def start(session: Session, *, account_id: int, now: datetime) -> IdentityCheck:
    """Record the consent and make the check, or give the one that is open already.

    A check by people for which nothing has been handed in yet makes way.

    The lock on the account lets one person's tabs in one at a time. Raises `Conflict` where their
    identity is verified and need not be checked again yet.
    """
    if found := _open_check(session, account_id, now=now):
        if not found.expects_nothing:
            return found
        found.cancel(now=now)
        settle(session, found, actor=account_id, now=now)
    version = consent.record(session, consent.STRIPE, account_id=account_id, now=now)
    check = _new(account_id, consent_id=version.id, now=now)
    check.poll_at = now + POLL[CheckState.STARTING]
    session.add(check)
    session.flush()
    cases.note(session, check, "started", actor=account_id, now=now)
    enqueue(session, JobName.BEGIN, check.id, now=now)
    return check


def start_with_person(session: Session, *, account_id: int, now: datetime) -> IdentityCheck:
    """The person does not want Stripe's check: nothing is sent, they show people of ours something.

    Gives the check that is open already, where there is one. Raises `Conflict` where their identity
    is verified and need not be checked again yet.
    """
    if found := _open_check(session, account_id, now=now):
        return found
    check = _new(account_id, consent_id=None, now=now)
    cases.ask_for_evidence(session, check, CaseReason.ASKED, now=now)
    return check


def _open_check(session: Session, account_id: int, *, now: datetime) -> IdentityCheck | None:
    lock(session, session.get_one(Account, account_id))
    if found := session.scalar(queries.open_check(account_id)):
        return found
    verified = queries.verified_check(session, account_id)
    if verified is not None and not verified.may_be_renewed(now=now):
        raise Conflict("Your identity is verified already.")
    return None


def _new(account_id: int, *, consent_id: int | None, now: datetime) -> IdentityCheck:
    return IdentityCheck(
        public_id=random_id(),
        account_id=account_id,
        consent_id=consent_id,
        idempotency_key=random_id(),
        started_at=now,
    )


def record(
    session: Session,
    check: IdentityCheck,
    found: Verification,
    *,
    now: datetime,
    signals: Signals = UNKNOWN,
) -> None:
    """Bring a locked check to what Stripe says now; `signals` come with its yes.

    Safe to repeat and in any order: what has ended stays, and an attempt that failed is counted
    once. Verified is the only verdict that a machine gives.
    """
    if check.settled:
        return
    check.session_id = found.id
    if found.status is VerificationStatus.VERIFIED:
        _said_yes(session, check, found, signals, now=now)
    elif found.status is VerificationStatus.CANCELED:
        _canceled(session, check, now=now)
    elif check.state in {CheckState.REVIEW, CheckState.EVIDENCE}:
        _failed_again(check, found)
    elif found.status is VerificationStatus.PROCESSING:
        check.process(poll_at=now + POLL[CheckState.PROCESSING])
    elif found.last_error is None:
        check.wait(poll_at=now + POLL[CheckState.WAITING])
    else:
        _failed(session, check, found, now=now)


def _said_yes(
    session: Session, check: IdentityCheck, found: Verification, signals: Signals, *, now: datetime
) -> None:
    """Stripe's yes settles the check, unless there is something that only a person can settle."""
    if check.case_reason in BY_MACHINE:
        return  # known already: only whoever looks can lift it
    check.name_match, check.of_age = signals.name_match, signals.of_age
    check.country, check.report_id = found.country or check.country, found.report_id
    same_person.keep(session, check, signals, now=now)
    doubt = _doubt(session, check, signals)
    if doubt is None:
        check.rely_on_stripe()
        verify(session, check, country=found.country, now=now)
        return
    if check.state is not CheckState.REVIEW:
        cases.open_case(session, check, doubt, now=now)
        check.rely_on_stripe()
    check.doubt(doubt)


def _doubt(session: Session, check: IdentityCheck, signals: Signals) -> CaseReason | None:
    if signals.of_age is False:
        return CaseReason.AGE
    return CaseReason.TWICE if same_person.seen_before(session, check, signals) else None


def verify(
    session: Session,
    check: IdentityCheck,
    *,
    country: str | None,
    now: datetime,
    actor: int | None = None,
    valid_for: timedelta | None = None,
) -> None:
    """The person is who they say: by Stripe's verdict, or by a decision of a person of ours."""
    until = now + (valid_for or timedelta(days=settings.load().identity_valid_days))
    check.verify(country=country, expires_at=until, now=now)
    letters.verified(session, _person(session, check), now=now)
    settle(session, check, actor=actor, now=now)


def settle(session: Session, check: IdentityCheck, *, actor: int | None, now: datetime) -> None:
    """Tell whoever waits for the end of checks."""
    cases.note(session, check, check.state.value, actor=actor, now=now)
    for listener in installed().identity_listeners:
        enqueue(session, listener, check.id, now=now)


def ask_person(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """The person would rather have a human look. Raises `Conflict` where one looks already."""
    lock(session, check)
    if check.state is not CheckState.WAITING:
        raise Conflict("This is not waiting for you.")
    cases.ask_for_evidence(session, check, CaseReason.ASKED, now=now)


def try_once_more(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """It is the person's turn again: in the same session, or in a first one if there was none.

    Where they never agreed to Stripe's check, or Stripe has said its yes and has nothing more to
    ask, it ends here, and they may begin another.
    """
    check.failures = 0
    if check.route is Route.PEOPLE:
        cases.ask_for_evidence(session, check, check.case_reason or CaseReason.ASKED, now=now)
    elif check.consent_id is None or check.case_reason in BY_MACHINE:
        check.cancel(now=now)
        settle(session, check, actor=None, now=now)
    elif check.session_id is None:
        check.restart(idempotency_key=random_id(), poll_at=now + POLL[CheckState.STARTING])
        enqueue(session, JobName.BEGIN, check.id, now=now)
    else:
        check.wait(poll_at=now + POLL[CheckState.WAITING])


def _failed(session: Session, check: IdentityCheck, found: Verification, *, now: datetime) -> None:
    if _seen(check, found) and check.state is CheckState.WAITING:
        check.wait(poll_at=now + POLL[CheckState.WAITING])
        return
    _failed_again(check, found)
    cases.note(session, check, "failed", actor=None, now=now)
    action = explain(found.last_error or "").action
    if action is NextAction.PAPERS:
        cases.ask_for_evidence(session, check, _NO_MACHINE[found.last_error or ""], now=now)
        return
    if action is NextAction.PERSON or check.failures >= MOST_FAILURES:
        reason = CaseReason.ERROR if action is NextAction.PERSON else CaseReason.ATTEMPTS
        cases.open_case(session, check, reason, now=now)
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
    """Ended without a verdict; what people of ours look at does not end by itself."""
    if check.state in {CheckState.REVIEW, CheckState.EVIDENCE}:
        return
    check.cancel(now=now)
    settle(session, check, actor=None, now=now)


def _person(session: Session, check: IdentityCheck) -> Account:
    return session.get_one(Account, check.account_id)
