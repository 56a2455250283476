"""Mail through the outbox: queued in the transaction that has something to say."""

from portal.mail.models import JobName, MailMessage
from portal.mail.service import send

__all__ = ["JobName", "MailMessage", "send"]
