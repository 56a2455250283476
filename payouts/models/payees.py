"""Where a person's money goes: their account at the rail."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.stripe.accounts import Capability


class PayoutAccount(Base):
    """An expert's account at Stripe, as we last saw it there.

    `creation_key` is stored before Stripe is first asked to make the account, so that asking again
    after a crash gives the same one.
    """

    __tablename__ = "payout_account"
    __table_args__ = (
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("creation_key"),
        sa.UniqueConstraint("stripe_id"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint(
            "(stripe_id IS NULL) = (checked_at IS NULL) AND (stripe_id IS NULL) = (transfers IS NULL)",
            name="known_iff_checked",
        ),
    )

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    creation_key: Mapped[UUID]
    country: Mapped[str]
    created_at: Mapped[datetime]
    stripe_id: Mapped[str | None] = mapped_column(default=None, init=False)
    transfers: Mapped[Capability | None] = mapped_column(default=None, init=False)
    checked_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def ready(self) -> bool:
        """Whether money could be sent when it was last looked at."""
        return self.transfers is Capability.ACTIVE

    def seen(self, *, stripe_id: str, transfers: Capability, now: datetime) -> None:
        """Keep what Stripe says about it now."""
        self.stripe_id, self.transfers, self.checked_at = stripe_id, transfers, now
