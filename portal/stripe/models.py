"""Events that Stripe sent us, each once: they only wake us, so little of them is kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class StripeEvent(Base):
    """One event that a handler was woken for; append-only. Its contents are fetched, not believed."""

    __tablename__ = "stripe_event"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    event_id: Mapped[str]  # Stripe's
    type: Mapped[str]
    object_id: Mapped[str | None]  # what it is about, Stripe's id
    created_at: Mapped[datetime]  # by Stripe's clock
    received_at: Mapped[datetime]
