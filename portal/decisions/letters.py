"""What a person is told by mail about a decision: only that there is something to read."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import mail, settings
from portal.accounts.models import Account
from portal.decisions.models import Decision

_SETTLED: Final = """Hello {name},

Your appeal was answered. What was decided, and why, is here:

{link}
"""


def settled(session: Session, decision: Decision, *, now: datetime) -> None:
    """An appeal was answered, by a person or by the clock."""
    who = sa.select(Account.email, Account.display_name).where(Account.id == decision.account_id)
    email, name = session.execute(who).one()
    link = f"{settings.load().base_url.rstrip('/')}/decisions/{decision.public_id}"
    body = _SETTLED.format(name=name, link=link)
    mail.send(session, to=email, subject="Your appeal was answered", body=body, now=now)
