"""What people apply to, and what we can pay in which country."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.money import Money

ANY_OTHER_COUNTRY: Final = "ZZ"
"""ISO 3166's code for a country nobody named: its row speaks for every country without one."""


class OpeningState(StrEnum):
    """Only an OPEN opening takes applications; a CLOSED one can still be read."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


_TRANSITIONS: Final = {
    OpeningState.DRAFT: {OpeningState.OPEN},
    OpeningState.OPEN: {OpeningState.CLOSED},
    OpeningState.CLOSED: {OpeningState.OPEN},
}


class Opening(Base):
    """A role people apply to. An application keeps its own copy of the requirements."""

    __tablename__ = "opening"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
        sa.CheckConstraint("0 < pay_minimum AND pay_minimum <= pay_maximum", name="pay_is_a_range"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
        sa.CheckConstraint("state = 'draft' OR opened_at IS NOT NULL", name="opened_at_iff_opened"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_iff_ended"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    slug: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    currency: Mapped[str]
    pay_minimum: Mapped[int]
    """Minor units an hour."""
    pay_maximum: Mapped[int]
    place: Mapped[str]
    countries: Mapped[str]
    hours: Mapped[str]
    engagement: Mapped[str]
    equal_opportunity: Mapped[str]
    responsibilities: Mapped[list[str]]
    requirements: Mapped[list[Any]]
    """Structured screening rules, as `exams.service.screening` reads them."""
    steps: Mapped[list[Any]]
    """What follows in which order, how long each takes, and whether it is paid."""
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), default=None
    )
    state: Mapped[OpeningState] = mapped_column(default=OpeningState.DRAFT, init=False)
    opened_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    closed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def pay(self) -> tuple[Money, Money]:
        """The least and the most an hour pays."""
        return Money(self.pay_minimum, self.currency), Money(self.pay_maximum, self.currency)

    def open(self, *, now: datetime) -> None:
        """People may apply from now on."""
        self.state = move(_TRANSITIONS, self.state, OpeningState.OPEN)
        self.opened_at, self.closed_at = self.opened_at or now, None

    def close(self, *, now: datetime) -> None:
        """No new applications; those begun go on."""
        self.state = move(_TRANSITIONS, self.state, OpeningState.CLOSED)
        self.closed_at = now


class PayCountry(Base):
    """Whether and how we can pay someone who lives there: told before anything is asked."""

    __tablename__ = "pay_country"
    __table_args__ = (
        sa.PrimaryKeyConstraint("country"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint(
            "payable = (currency IS NOT NULL AND method IS NOT NULL AND fee IS NOT NULL"
            " AND delay_least IS NOT NULL AND delay_most IS NOT NULL)",
            name="payable_says_how",
        ),
        sa.CheckConstraint("payable OR length(trim(reason)) > 0", name="not_payable_says_why"),
        sa.CheckConstraint(
            "0 <= delay_least AND delay_least <= delay_most", name="delay_is_a_range"
        ),
    )

    country: Mapped[str]
    name: Mapped[str]
    payable: Mapped[bool]
    currency: Mapped[str | None] = mapped_column(default=None)
    method: Mapped[str | None] = mapped_column(default=None)
    fee: Mapped[str | None] = mapped_column(default=None)
    delay_least: Mapped[int | None] = mapped_column(default=None)
    """Working days."""
    delay_most: Mapped[int | None] = mapped_column(default=None)
    documents: Mapped[list[str]] = mapped_column(default_factory=list)
    """Plain names of the identity documents that work."""
    reason: Mapped[str | None] = mapped_column(default=None)
