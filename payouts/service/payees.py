"""A payee's account at the rail: asked for, seen again, and what that sets free."""

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from payouts.models import JobName, PayoutAccount
from payouts.queries import runs as queries
from portal import audit
from portal.accounts.models import Account
from portal.db import lock
from portal.errors import Invalid
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
    """Keep what Stripe says about the account now; once it is ready, send what was held for it."""
    payee = lock(session, session.get_one(PayoutAccount, account_id))
    was_ready = payee.ready
    payee.seen(stripe_id=recipient.id, transfers=recipient.transfers, now=now)
    if payee.ready == was_ready:
        return
    details = {"ready": payee.ready}
    subject = ("account", account_id)
    audit.record(
        session, actor=None, action="payee.changed", subject=subject, now=now, details=details
    )
    if payee.ready:
        for payout_id in session.scalars(queries.held_of(account_id)):
            enqueue(session, JobName.SEND_PAYOUT, payout_id, now=now)
