"""Letters to people, kept sealed until they are sent."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class JobName(StrEnum):
    """Jobs of the mail package."""

    SEND = "mail.send"


class MailMessage(Base):
    """One letter. Its sealed text (it may hold a sign-in link) is wiped when it has been sent."""

    __tablename__ = "mail_message"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
        sa.CheckConstraint("(sent_at IS NULL) = (sealed IS NOT NULL)", name="sealed_until_sent"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    message_id: Mapped[UUID]
    """Becomes the Message-ID header: a letter sent twice is recognised as the same."""
    recipient: Mapped[str]
    subject: Mapped[str]
    queued_at: Mapped[datetime]
    sealed: Mapped[bytes | None]
    sent_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def sent(self, *, now: datetime) -> None:
        """It went out; what it said is forgotten."""
        self.sent_at = now
        self.sealed = None
