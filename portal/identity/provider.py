"""Asking Stripe about one check: between transactions, under the key that was stored before."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import clock, settings
from portal.db import lock, reading, transaction
from portal.errors import Unavailable
from portal.identity import service
from portal.identity.models import CheckState, IdentityCheck
from portal.stripe import verifications
from portal.stripe.errors import Refused, StripeFault
from portal.stripe.verifications import Verification


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
    if session_id is not None:
        _record(check_id, verifications.retrieve(session_id))


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


def _record(check_id: int, found: Verification) -> None:
    with transaction() as session:
        check, now = _locked(session, check_id)
        service.record(session, check, found, now=now)


def _to_a_person(check_id: int) -> None:
    with transaction() as session:
        check, now = _locked(session, check_id)
        if check.state is CheckState.STARTING:
            service.open_case(session, check, now=now)


def _locked(session: Session, check_id: int) -> tuple[IdentityCheck, datetime]:
    check = lock(session, session.get_one(IdentityCheck, check_id))
    return check, clock.now(session)
