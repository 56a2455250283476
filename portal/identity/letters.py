"""What we write to people about their identity check, and to the colleague who is to look."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import mail, settings
from portal.accounts.models import Account
from portal.decisions import Letter


def verified(session: Session, account: Account, *, now: datetime) -> None:
    """Good news."""
    _to_person(session, account, "Your identity is verified", "There is nothing more to do.", now)


def try_again(session: Session, account: Account, *, now: datetime) -> None:
    """Something did not work that the person can put right."""
    body = "Something did not work. Nothing is decided; the page says what helps."
    _to_person(session, account, "Please try the identity check again", body, now)


def asked_again(session: Session, account: Account, *, reason: str, now: datetime) -> None:
    """A person of ours looked, and needs something else."""
    body = f"A person has looked. Nothing is decided; this is what they need:\n\n{reason}"
    _to_person(session, account, "Please try the identity check again", body, now)


def show_us(session: Session, account: Account, *, now: datetime) -> None:
    """Stripe is out of the way: people look."""
    body = (
        "Stripe is not part of this check. On the page below you can show your document to two of"
        " our people instead, or write to us if you can't. Nothing is decided, and there is no hurry."
    )
    _to_person(session, account, "Show us your document instead", body, now)


def check_again(
    session: Session, account: Account, *, until: datetime | None, now: datetime
) -> None:
    """Before a check is too old."""
    day = f"{until:%d %B %Y}" if until else "soon"
    body = (
        f"Your identity was checked a good while ago. Please check it again before {day}; it takes"
        " about five minutes. If you don't, nothing ends by itself: your work and pay go on, and a"
        " person looks at it."
    )
    _to_person(session, account, "Please check your identity again", body, now)


def being_looked_at(session: Session, account: Account, *, now: datetime) -> None:
    """A machine could not say yes."""
    body = "A person looks at your identity check within two working days. You need do nothing now."
    _to_person(session, account, "A person looks at your identity check", body, now)


def not_accepted(reason: str) -> Letter:
    """A person decided; the reason and the way to contest it belong into the same letter."""
    body = (
        f"We could not accept your identity check this time.\n\nWhy: {reason}\n\n"
        "You can contest this within 14 days on the page below; a different person then looks."
    )
    return Letter("About your identity check", body, path="/identity")


def appeal_answered(session: Session, account: Account, *, answer: str, now: datetime) -> None:
    """A second person has looked."""
    _to_person(session, account, "The answer about your identity check", answer, now)


def please_look(session: Session, reviewer: Account, *, public_id: str, now: datetime) -> None:
    """To a colleague: a case is theirs now. It says nothing about the person."""
    address = f"{settings.load().base_url}/compliance/identity/{public_id}"
    body = f"An identity check waits for you. Please decide within two working days:\n\n{address}\n"
    mail.send(
        session, to=reviewer.email, subject="An identity check waits for you", body=body, now=now
    )


def _to_person(session: Session, account: Account, subject: str, body: str, now: datetime) -> None:
    address = f"{settings.load().base_url}/identity"
    text = f"Hello {account.display_name},\n\n{body}\n\n{address}\n\nTouchstone\n"
    mail.send(session, to=account.email, subject=subject, body=text, now=now)
