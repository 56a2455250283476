"""Queueing a letter, and handing it over once the transaction has been committed."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import settings
from portal.ids import random_id
from portal.jobs import enqueue
from portal.mail.models import JobName, MailMessage
from portal.sealing import seal, unseal


def send(session: Session, *, to: str, subject: str, body: str, now: datetime) -> MailMessage:
    """Queue a plain-text letter; part of the caller's transaction, sent after its commit."""
    if "\n" in subject or "\r" in subject:
        raise ValueError("a subject is one line")
    message_id = random_id()
    sealed = seal(body.encode(), key=settings.load().personal_key, row=f"mail:{message_id}")
    message = MailMessage(
        message_id=message_id, recipient=to, subject=subject, queued_at=now, sealed=sealed
    )
    session.add(message)
    session.flush()
    enqueue(session, JobName.SEND, message.id, now=now)
    return message


def forget(session: Session, addresses: Collection[str]) -> None:
    """Delete every letter to these addresses, sent or not: also that one was ever sent."""
    session.execute(sa.delete(MailMessage).where(MailMessage.recipient.in_(list(addresses))))


def text_of(message: MailMessage) -> str:
    """What an unsent letter says."""
    if message.sealed is None:
        raise ValueError("the letter has been sent and its text wiped")
    row = f"mail:{message.message_id}"
    return unseal(message.sealed, key=settings.load().personal_key, row=row).decode()
