"""That the portal could be reached: a gap between two pulses is an outage of ours."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class ServicePulse(Base):
    """At this moment the worker, the database and, where it can be asked, the web were there."""

    __tablename__ = "service_pulse"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_service_pulse_at", "at"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    at: Mapped[datetime]
    shift_seconds: Mapped[float] = mapped_column(sa.Double)
    """How far the clock was moved: a moved clock is no outage."""
    web: Mapped[bool]
    """Whether the web answered; False where nobody could ask it from here."""
