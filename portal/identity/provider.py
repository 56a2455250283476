"""Asking Stripe about one check: between transactions, under the key that was stored before."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import clock, settings
from portal.accounts.models import Account
from portal.db import lock, reading, transaction
from portal.errors import Unavailable
from portal.identity import cases, erasure, same_person, service, signals
from portal.identity.models import CaseReason, CheckState, IdentityCheck
from portal.identity.signals import Signals
from portal.ids import random_id
from portal.stripe import verifications
from portal.stripe.errors import Refused, StripeFault
from portal.stripe.verifications import Shown, Verification, VerificationStatus


def begin(check_id: int) -> None:
    """Ask Stripe for the check's session.

    Safe to run twice or to die anywhere: the same key gives the same session. Where Stripe refuses,
    a person of ours takes the case. Raises `OutcomeUnknown` where it must be tried again.
    """
    with reading() as session:
        check = session.get_one(IdentityCheck, check_id)
        if check.state is not CheckState.STARTING:
            return
        reference, key = str(check.public_id), str(check.idempotency_key)
    back = f"{settings.load().base_url}/identity/return"
    try:
        found = verifications.create(reference=reference, return_url=back, idempotency_key=key)
    except Refused:
        _to_a_person(check_id)
        return
    _record(check_id, found)


def refresh(check_id: int) -> None:
    """Ask Stripe how the check stands, and record it. Safe to run twice and at any time."""
    with reading() as session:
        check = session.get_one(IdentityCheck, check_id)
        session_id = None if check.settled else check.session_id
    if session_id is None:
        return
    found = verifications.retrieve(session_id)
    verified = found.status is VerificationStatus.VERIFIED
    _record(check_id, found, verifications.look(session_id) if verified else None)


def erase(check_id: int) -> None:
    """Have Stripe redact what it has, then forget it here. Safe to run twice and at any time.

    Stripe may take days, and will not begin while it still looks: then the sweep asks again.
    """
    with reading() as session:
        check = session.get_one(IdentityCheck, check_id)
        if check.erase_asked_at is None or check.erased_at is not None:
            return
        session_id = check.session_id
    if session_id is None or _redacted(session_id):
        with transaction() as session:
            check, now = _locked(session, check_id)
            erasure.forget(session, check, now=now)


def _redacted(session_id: str) -> bool:
    """Whether Stripe has redacted it by now; asked for where it was not.

    A key of its own each time: Stripe would repeat a refusal under the old one for a day, and
    redacting twice does no harm.
    """
    found = verifications.retrieve(session_id)
    if not found.redacting:
        try:
            found = verifications.redact(session_id, idempotency_key=str(random_id()))
        except Refused:
            return False
    return found.redacted


def try_to_begin(check_id: int) -> None:
    """The same at once for someone who waits at the page; the outbox tries again if it fails."""
    try:
        begin(check_id)
    except StripeFault:
        return


def hosted_url(session_id: str) -> str | None:
    """The address of Stripe's page, or None where nothing more is asked. Raises `Unavailable`."""
    try:
        return verifications.hosted_url(session_id)
    except StripeFault as fault:
        raise Unavailable(
            "Stripe does not answer just now. Nothing is lost; please try again in a minute."
        ) from fault


def _record(check_id: int, found: Verification, shown: Shown | None = None) -> None:
    with transaction() as session:
        check, now = _locked(session, check_id)
        made = _signals(session, check, shown, now) if shown else service.UNKNOWN
        service.record(session, check, found, signals=made, now=now)


def _signals(session: Session, check: IdentityCheck, shown: Shown, now: datetime) -> Signals:
    """The three answers; what they were made of ends with this call."""
    return signals.derive(
        shown,
        account_name=session.get_one(Account, check.account_id).display_name,
        today=now.date(),
        keys=same_person.keys(settings.load()),
    )


def _to_a_person(check_id: int) -> None:
    with transaction() as session:
        check, now = _locked(session, check_id)
        if check.state is CheckState.STARTING:
            cases.ask_for_evidence(session, check, CaseReason.NO_SESSION, now=now)


def _locked(session: Session, check_id: int) -> tuple[IdentityCheck, datetime]:
    check = lock(session, session.get_one(IdentityCheck, check_id))
    return check, clock.now(session)
