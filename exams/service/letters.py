"""What we write to people on their way, and to the colleague who is to look."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import mail, settings
from portal.accounts.models import Account


def to_person(
    session: Session, account_id: int, subject: str, body: str, *, path: str, now: datetime
) -> None:
    """A letter to whom it is about, with the one page that says more."""
    account = session.get_one(Account, account_id)
    text = f"Hello {account.display_name},\n\n{body}\n\n{_link(path)}\n\nTouchstone\n"
    mail.send(session, to=account.email, subject=subject, body=text, now=now)


def to_colleague(
    session: Session, reviewer: Account, *, what: str, path: str, due: datetime, now: datetime
) -> None:
    """A matter is theirs now. It says nothing about the person."""
    body = f"{what} waits for you. Please decide by {due:%d %B %Y, %H:%M} UTC:\n\n{_link(path)}\n"
    subject = f"{what} waits for you"
    mail.send(session, to=reviewer.email, subject=subject, body=body, now=now)


def _link(path: str) -> str:
    return f"{settings.load().base_url}{path}"
