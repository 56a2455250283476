"""What a project pays, dated and immutable, and the snapshot of it that an expert accepted."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class RateUnit(StrEnum):
    """What a rate pays for."""

    HOUR = "hour"
    TASK = "task"
    TRAINING = "training"
    BONUS = "bonus"


class RateCard(Base):
    """One version of a project's price list; never edited, a later one has the next number."""

    __tablename__ = "rate_card"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    number: Mapped[int]
    currency: Mapped[str]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), default=None)
    rules: Mapped[dict[str, Any]] = mapped_column(
        default_factory=dict, server_default=sa.text("'{}'::jsonb")
    )
    """What it says beyond its prices, as `tasks.rules` reads it."""


class Rate(Base):
    """One price of a card, for a tier and a language of work, from a moment until another.

    An exclusion constraint keeps two prices from holding at once.
    """

    __tablename__ = "rate"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("minor > 0", name="minor_positive"),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_start"),
        ExcludeConstraint(
            ("rate_card_id", "="),
            ("tier", "="),
            ("locale", "="),
            ("unit", "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_rate_one_at_a_time",
            using="gist",
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    rate_card_id: Mapped[int] = mapped_column(sa.ForeignKey("rate_card.id"))
    unit: Mapped[RateUnit]
    minor: Mapped[int]
    """Minor units of the card's currency for one unit."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(default=None)
    tier: Mapped[str] = mapped_column(default="standard")
    locale: Mapped[str] = mapped_column(default="")
    """Language of the work; empty means any."""


NOTICE: Final = timedelta(days=7)
"""How long new caps are announced before they hold."""


class CapsVersion(Base):
    """Other caps of a project, announced a week before they hold; append-only.

    They hold for a person from when they accept them. From `holds_from` on nobody is handed a new
    task under older ones; tasks that are held keep the terms they were accepted under.
    """

    __tablename__ = "caps_version"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint(
            "task_cap_seconds > 0 AND day_cap_seconds >= task_cap_seconds"
            " AND week_cap_seconds >= day_cap_seconds",
            name="caps_contain_each_other",
        ),
        sa.CheckConstraint(
            "holds_from >= announced_at + interval '7 days'", name="seven_days_notice"
        ),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    number: Mapped[int]
    task_cap_seconds: Mapped[int]
    day_cap_seconds: Mapped[int]
    week_cap_seconds: Mapped[int]
    reason: Mapped[str]
    announced_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    announced_at: Mapped[datetime]
    holds_from: Mapped[datetime]


class Terms(Base):
    """What one expert accepted for one project: the only thing their pay is computed from.

    Append-only: accepting newer terms adds a row, and what was done before stays with its own.
    `rates` is `[{"unit", "minor", "from", "until"}]`, moments in ISO 8601, None for no end.
    """

    __tablename__ = "terms"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index(
            "uq_terms_accepted",
            "expert_id",
            "rate_card_id",
            "agreement_version_id",
            "caps_version_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        sa.Index("ix_terms_current", "expert_id", "project_id", "id"),
        sa.CheckConstraint("hourly_minor >= 0", name="hourly_minor_not_negative"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
        sa.CheckConstraint("jsonb_typeof(rates) = 'array'", name="rates_is_array"),
        sa.CheckConstraint("claim_day_seconds >= 0", name="claim_day_seconds_not_negative"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    rate_card_id: Mapped[int] = mapped_column(sa.ForeignKey("rate_card.id"))
    agreement_version_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement_version.id"))
    accepted_at: Mapped[datetime]
    currency: Mapped[str]
    hourly_minor: Mapped[int]
    """The hourly rate when it was accepted; `rates` has the dated ones. 0 where only tasks pay."""
    rates: Mapped[list[Any]]
    hold_seconds: Mapped[int]
    idle_limit_seconds: Mapped[int]
    task_cap_seconds: Mapped[int]
    day_cap_seconds: Mapped[int]
    week_cap_seconds: Mapped[int]
    rules: Mapped[dict[str, Any]] = mapped_column(
        default_factory=dict, server_default=sa.text("'{}'::jsonb")
    )
    """The card's rules, as they were accepted."""
    claim_day_seconds: Mapped[int] = mapped_column(default=1800, server_default="1800")
    """Time the clock did not see that counts on one day without anybody deciding on it."""
    caps_version_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("caps_version.id"), default=None
    )
    """Which caps these are; empty for those that the project began with."""

    @property
    def hold(self) -> timedelta:
        """How long one task is held."""
        return timedelta(seconds=self.hold_seconds)
