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

_MADE: Final = """Hello {name},

A decision about you was made. What was seen, why a person agreed, and how you can appeal is here:

{link}
"""


def made(session: Session, decision: Decision, *, now: datetime) -> None:
    """Something was decided against the person."""
    _send(session, decision, "A decision about you", _MADE, now)


def settled(session: Session, decision: Decision, *, now: datetime) -> None:
    """An appeal was answered, by a person or by the clock."""
    _send(session, decision, "Your appeal was answered", _SETTLED, now)


def _send(session: Session, decision: Decision, subject: str, text: str, now: datetime) -> None:
    who = sa.select(Account.email, Account.display_name).where(Account.id == decision.account_id)
    email, name = session.execute(who).one()
    link = f"{settings.load().base_url.rstrip('/')}/decisions/{decision.public_id}"
    mail.send(session, to=email, subject=subject, body=text.format(name=name, link=link), now=now)
