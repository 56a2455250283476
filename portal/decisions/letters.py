"""What a person is told by mail about a decision: that there is something to read, and where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import mail, settings
from portal.accounts.models import Account
from portal.decisions.models import Decision

_SETTLED: Final = "Your appeal was answered. What was decided, and why, is here:"
_MADE: Final = (
    "A decision about you was made. What was seen, why a person agreed, and how you can appeal is "
    "here:"
)


@dataclass(frozen=True)
class Letter:
    """What the person is told of a decision in the words of the package that makes it."""

    subject: str
    body: str
    path: str | None = None
    """The page of ours that says more; the decision's own where there is no better one."""


def made(session: Session, decision: Decision, letter: Letter | None, *, now: datetime) -> None:
    """Something was decided against the person: said in the letter given, else in plain words."""
    _send(session, decision, letter or Letter("A decision about you", _MADE), now)


def settled(session: Session, decision: Decision, *, now: datetime) -> None:
    """An appeal was answered, by a person or by the clock."""
    _send(session, decision, Letter("Your appeal was answered", _SETTLED), now)


def _send(session: Session, decision: Decision, letter: Letter, now: datetime) -> None:
    who = sa.select(Account.email, Account.display_name).where(Account.id == decision.account_id)
    email, name = session.execute(who).one()
    path = letter.path or f"/decisions/{decision.public_id}"
    link = f"{settings.load().base_url.rstrip('/')}{path}"
    text = f"Hello {name},\n\n{letter.body}\n\n{link}\n\nTouchstone\n"
    mail.send(session, to=email, subject=letter.subject, body=text, now=now)
