"""Mail through the outbox: queued in the transaction that has something to say."""

from portal.mail.models import JobName, MailMessage
from portal.mail.service import forget, send

__all__ = ["JobName", "MailMessage", "forget", "send"]
