"""A payee's account at the rail: asked for, seen again, and what that sets free."""

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from payouts.models import QUIET_AFTER_CHANGE, JobName, PayoutAccount, Rail
from payouts.queries import runs as queries
from payouts.service import letters
from portal import audit
from portal.accounts.models import Account
from portal.db import lock
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from portal.jobs import enqueue
from portal.stripe.accounts import Recipient

_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def begin(session: Session, account: Account, *, country: str, now: datetime) -> PayoutAccount:
    """The person's payout account, made where there is none: its key is stored before Stripe is asked.

    Until Stripe knows the account the country may still be changed, under a new key.
    """
    if not _COUNTRY.fullmatch(country):
        raise Invalid("Choose the country you are paid in.")
    lock(session, account)
    found = session.get(PayoutAccount, account.id)
    if found is None:
        found = PayoutAccount(
            account_id=account.id, creation_key=random_id(), country=country, created_at=now
        )
        session.add(found)
    elif found.stripe_id is None and found.country != country:
        found.country, found.creation_key = country, random_id()
    session.flush()
    return found


def seen(session: Session, account_id: int, recipient: Recipient, *, now: datetime) -> None:
    """Keep what Stripe says about the account now; once it is ready, send what was held for it.

    Where another bank account is behind it than before, nothing is sent for 72 hours and the person
    is told, at an older address too: whoever has taken an account over changes both.
    """
    payee = lock(session, session.get_one(PayoutAccount, account_id))
    was_ready = payee.ready
    changed = payee.seen(
        stripe_id=recipient.id,
        transfers=recipient.transfers,
        destinations=recipient.destinations,
        now=now,
    )
    _details(session, payee, now, changed=changed)
    if payee.ready != was_ready:
        _became(session, payee, now)


def pay_by_bank(
    session: Session, account: Account, fingerprint: str, *, country: str, now: datetime
) -> None:
    """Pay the person by bank transfer from here on, with the same care as for any change."""
    payee = begin(session, account, country=country, now=now)
    lock(session, payee)
    was_ready, had_bounced = payee.ready, payee.returned_at is not None
    changed = payee.pay_by_bank(fingerprint, now=now)
    _details(session, payee, now, changed=changed)
    if payee.ready != was_ready or changed or had_bounced:
        _became(session, payee, now)


def pay_by_stripe(
    session: Session, account_id: int, recipient: Recipient, *, now: datetime
) -> None:
    """Back from the bank to the account at Stripe, as it stands there now.

    A change of where money goes like any other: nothing is sent for 72 hours, and the person is
    told, at an older address too. What a bank file carries already is paid by the bank; what waits
    for a file goes back to approved. Raises `Conflict` where Stripe cannot pay to it yet, or does
    already.
    """
    seen(session, account_id, recipient, now=now)
    payee = lock(session, session.get_one(PayoutAccount, account_id))
    if payee.rail is not Rail.MANUAL:
        raise Conflict("You are paid through Stripe already.")
    if not payee.may_go_to_stripe:
        raise Conflict("Stripe still asks for something. Until then you are paid by bank transfer.")
    payee.pay_by_stripe(now=now)
    _details(session, payee, now, changed=True)
    _became(session, payee, now)


def bounced(session: Session, account_id: int, destination: str, *, now: datetime) -> None:
    """The bank sent a payment to these details back; nothing where others are given meanwhile."""
    payee = lock(session, session.get_one(PayoutAccount, account_id))
    if payee.rail is Rail.MANUAL and payee.destination == destination:
        payee.bounce(now=now)


def trusted(session: Session, account_id: int, *, now: datetime) -> None:
    """The details that a payment came back from are good after all: what was held is sent."""
    payee = lock(session, session.get_one(PayoutAccount, account_id))
    if payee.returned_at is not None:
        payee.trust_again()
        _became(session, payee, now)


def _details(session: Session, payee: PayoutAccount, now: datetime, *, changed: bool) -> None:
    account = session.get_one(Account, payee.account_id)
    if changed:
        _warn(session, payee, account, now)
    if changed or payee.contact is None:
        payee.contact = account.email


def _became(session: Session, payee: PayoutAccount, now: datetime) -> None:
    """It is ready, or no longer: what was held for it is sent round again."""
    details = {"ready": payee.ready}
    subject = ("account", payee.account_id)
    audit.record(
        session, actor=None, action="payee.changed", subject=subject, now=now, details=details
    )
    if payee.ready:
        for payout_id in session.scalars(queries.held_of(payee.account_id)):
            enqueue(session, JobName.SEND_PAYOUT, payout_id, now=now)


def _warn(session: Session, payee: PayoutAccount, account: Account, now: datetime) -> None:
    until = now + QUIET_AFTER_CHANGE
    letters.details_changed(session, account, old_address=payee.contact, until=until, now=now)
    subject = ("account", payee.account_id)
    audit.record(session, actor=None, action="payee.details_changed", subject=subject, now=now)
