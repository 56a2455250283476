"""How much may leave us at once: caps by currency, each change a row of its own."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class PayLimit(Base):
    """The velocity caps of one currency from a moment on; append-only, the newest row counts."""

    __tablename__ = "pay_limit"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_pay_limit_currency", "currency", "id"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
        sa.CheckConstraint("person_week_minor > 0 AND day_minor > 0", name="limits_positive"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    currency: Mapped[str]
    person_week_minor: Mapped[int]
    """To one person within any 7 days."""
    day_minor: Mapped[int]
    """To everybody together within any 24 hours."""
    set_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    set_at: Mapped[datetime]
    reason: Mapped[str]
