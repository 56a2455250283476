"""Where a person's money goes: their account at the rail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from payouts.models.ledger import Rail
from portal.db import Base
from portal.stripe.accounts import Capability

QUIET_AFTER_CHANGE: Final = timedelta(hours=72)
"""How long nothing is sent once somebody's bank details have changed."""


class PayoutAccount(Base):
    """An expert's account at Stripe, as we last saw it there.

    `destinations` are the fingerprints of the bank accounts behind it, never their numbers: all we
    need to notice that another one was put in their place.

    `creation_key` is stored before Stripe is first asked to make the account, so that asking again
    after a crash gives the same one.
    """

    __tablename__ = "payout_account"
    __table_args__ = (
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("creation_key"),
        sa.UniqueConstraint("stripe_id"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint("returned_at IS NULL OR rail = 'manual'", name="banks_return"),
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

    destinations: Mapped[list[str] | None] = mapped_column(default=None, init=False)
    details_changed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    rail: Mapped[Rail] = mapped_column(default=Rail.STRIPE, init=False)
    at_stripe: Mapped[list[str] | None] = mapped_column(default=None, init=False)
    """The bank accounts behind the account at Stripe while the person is paid by bank transfer."""
    returned_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    """When a bank sent a payment to these details back; empty again once others are given."""
    contact: Mapped[str | None] = mapped_column(default=None, init=False)
    """The e-mail address in use when the bank details were given: it is told when they change."""

    @property
    def ready(self) -> bool:
        """Whether money could be sent when it was last looked at."""
        if self.rail is Rail.MANUAL:
            return bool(self.destinations)
        return self.transfers is Capability.ACTIVE

    @property
    def destination(self) -> str | None:
        """What the rail is told to pay to: an account's id at Stripe, a bank account's fingerprint."""
        if self.rail is Rail.STRIPE:
            return self.stripe_id
        return self.destinations[0] if self.destinations else None

    def quiet(self, *, now: datetime) -> bool:
        """Whether the bank details changed so lately that nothing is sent yet."""
        changed = self.details_changed_at
        return changed is not None and now < changed + QUIET_AFTER_CHANGE

    def seen(
        self,
        *,
        stripe_id: str,
        transfers: Capability,
        destinations: Sequence[str],
        now: datetime,
    ) -> bool:
        """Keep what Stripe says about it now; True where a bank account is another than before.

        The first bank account is no change: nobody was paid elsewhere. While the person is paid by
        bank transfer nothing leads to Stripe, so nothing changes either.
        """
        self.stripe_id, self.transfers, self.checked_at = stripe_id, transfers, now
        if self.rail is Rail.MANUAL:
            self.at_stripe = sorted(destinations)
            return False
        return self._lead_to(destinations, now)

    def pay_by_bank(self, fingerprint: str, *, now: datetime) -> bool:
        """Bank details of our own file from here on; True where money went elsewhere before."""
        if self.rail is Rail.STRIPE:
            self.at_stripe = self.destinations
        self.rail, self.returned_at = Rail.MANUAL, None
        return self._lead_to([fingerprint], now)

    @property
    def may_go_to_stripe(self) -> bool:
        """Whether the account at Stripe could be paid to, in the place of the bank account."""
        return self.rail is Rail.MANUAL and self.transfers is Capability.ACTIVE

    def pay_by_stripe(self, *, now: datetime) -> None:
        """The account at Stripe from here on: money went to a bank account before, so it waits."""
        self.rail, self.returned_at = Rail.STRIPE, None
        self.destinations = self.at_stripe or []
        self.at_stripe, self.details_changed_at = None, now

    def bounce(self, *, now: datetime) -> None:
        """A bank sent a payment to these details back: nothing goes there until they are mended."""
        self.returned_at = now

    def trust_again(self) -> None:
        """The details were right all along."""
        self.returned_at = None

    def _lead_to(self, destinations: Sequence[str], now: datetime) -> bool:
        known = set(self.destinations or [])
        changed = bool(known) and not set(destinations) <= known
        if destinations:
            self.destinations = sorted(destinations)
        if changed:
            self.details_changed_at = now
        return changed
