"""An identity check: a few states, a country, an error code, and nothing else about the person."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class JobName(StrEnum):
    """Jobs of the identity package."""

    BEGIN = "identity.begin"  # a check: ask Stripe for its session
    REFRESH = "identity.refresh"  # a check: ask Stripe how it stands
    WOKEN = "identity.woken"  # a Stripe event: find its check and refresh it
    SWEEP = "identity.sweep"  # find checks whose event never came, and waits that ran out


class CheckState(StrEnum):
    """Where a check stands. Only a person moves one to NOT_ACCEPTED."""

    STARTING = "starting"  # consent given; Stripe has not been asked yet
    WAITING = "waiting"  # for the person to go to Stripe's page, or to go again
    PROCESSING = "processing"  # Stripe is looking
    REVIEW = "review"  # a person of ours is looking
    VERIFIED = "verified"
    NOT_ACCEPTED = "not_accepted"
    CANCELED = "canceled"


OPEN: Final = frozenset(
    {CheckState.STARTING, CheckState.WAITING, CheckState.PROCESSING, CheckState.REVIEW}
)
_FROM_STRIPE: Final = {
    CheckState.WAITING,
    CheckState.PROCESSING,
    CheckState.REVIEW,
    CheckState.VERIFIED,
    CheckState.CANCELED,
}
_TRANSITIONS: Final = {
    CheckState.STARTING: _FROM_STRIPE,
    CheckState.WAITING: _FROM_STRIPE,
    CheckState.PROCESSING: _FROM_STRIPE,
    CheckState.REVIEW: {
        CheckState.STARTING,
        CheckState.WAITING,
        CheckState.VERIFIED,
        CheckState.NOT_ACCEPTED,
        CheckState.CANCELED,
    },
    CheckState.NOT_ACCEPTED: {CheckState.VERIFIED},  # an appeal was upheld
}


class IdentityCheck(Base):
    """One check of one account. Kept: verdict, country, error code. Never: name, birth, numbers, images.

    The key under which Stripe is asked is stored before the first send. `poll_at` is when the sweep
    asks Stripe how it stands, in case no event comes.
    """

    __tablename__ = "identity_check"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("idempotency_key"),
        sa.UniqueConstraint("session_id"),
        sa.CheckConstraint(
            "(state IN ('verified', 'not_accepted', 'canceled')) = (settled_at IS NOT NULL)",
            name="settled_at_iff_settled",
        ),
        sa.CheckConstraint(
            "(state = 'review') = (review_due_at IS NOT NULL)", name="review_has_clock"
        ),
        sa.CheckConstraint(
            "state = 'review' OR reviewer_id IS NULL", name="reviewer_only_in_review"
        ),
        sa.CheckConstraint(
            "state <> 'not_accepted' OR decision_id IS NOT NULL", name="only_a_decision_refuses"
        ),
        sa.CheckConstraint(
            "state NOT IN ('waiting', 'processing') OR session_id IS NOT NULL",
            name="waits_with_a_session",
        ),
        sa.CheckConstraint(
            "consent_id IS NOT NULL OR (session_id IS NULL"
            " AND state NOT IN ('starting', 'waiting', 'processing'))",
            name="nothing_without_consent",
        ),
        sa.CheckConstraint("settled_at IS NULL OR poll_at IS NULL", name="settled_is_not_polled"),
        sa.CheckConstraint("country IS NULL OR country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint("failures >= 0", name="failures_not_negative"),
        sa.CheckConstraint("reviewer_id IS DISTINCT FROM account_id", name="nobody_reviews_own"),
        sa.Index(
            "uq_identity_check_open",
            "account_id",
            unique=True,
            postgresql_where=sa.text("state IN ('starting', 'waiting', 'processing', 'review')"),
        ),
        sa.Index("ix_identity_check_account_id", "account_id"),
        sa.Index(
            "ix_identity_check_review_due_at",
            "review_due_at",
            postgresql_where=sa.text("state = 'review'"),
        ),
        sa.Index(
            "ix_identity_check_poll_at", "poll_at", postgresql_where=sa.text("poll_at IS NOT NULL")
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    consent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agreement_version.id"))
    """The text they agreed to before anything was sent; None where they asked for a person instead."""
    idempotency_key: Mapped[UUID]
    started_at: Mapped[datetime]
    poll_at: Mapped[datetime | None] = mapped_column(default=None)
    state: Mapped[CheckState] = mapped_column(default=CheckState.STARTING, init=False)
    session_id: Mapped[str | None] = mapped_column(default=None, init=False)  # Stripe's
    report_id: Mapped[str | None] = mapped_column(default=None, init=False)  # Stripe's, the last
    last_error: Mapped[str | None] = mapped_column(default=None, init=False)
    failures: Mapped[int] = mapped_column(default=0, init=False)
    country: Mapped[str | None] = mapped_column(default=None, init=False)
    review_due_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    reviewer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    settled_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )

    @property
    def settled(self) -> bool:
        """Whether it has ended."""
        return self.state not in OPEN

    def wait(self, *, poll_at: datetime) -> None:
        """It is the person's turn."""
        self._go(CheckState.WAITING, poll_at)

    def restart(self, *, idempotency_key: UUID, poll_at: datetime) -> None:
        """Stripe is to be asked again from the beginning: it never made a session."""
        self.idempotency_key = idempotency_key
        self._go(CheckState.STARTING, poll_at)

    def process(self, *, poll_at: datetime) -> None:
        """It is Stripe's turn."""
        self._go(CheckState.PROCESSING, poll_at)

    def open_case(
        self, *, reviewer_id: int | None, due_at: datetime, poll_at: datetime | None
    ) -> None:
        """It is our turn: the machine could not say yes, or the person asked for a human."""
        self._go(CheckState.REVIEW, poll_at)
        self.hand_over(reviewer_id=reviewer_id, due_at=due_at)

    def hand_over(self, *, reviewer_id: int | None, due_at: datetime) -> None:
        """Name who looks, and until when."""
        self.reviewer_id, self.review_due_at = reviewer_id, due_at

    def verify(self, *, country: str | None, now: datetime) -> None:
        """The person is who they say."""
        self._settle(CheckState.VERIFIED, now)
        self.country = country or self.country
        self.last_error = None

    def refuse(self, *, decision_id: int, now: datetime) -> None:
        """A person decided that it is not accepted this time."""
        self.decision_id = decision_id
        self._settle(CheckState.NOT_ACCEPTED, now)

    def cancel(self, *, now: datetime) -> None:
        """It ended without a verdict."""
        self._settle(CheckState.CANCELED, now)

    def _go(self, target: CheckState, poll_at: datetime | None) -> None:
        if self.state is not target:
            self.state = move(_TRANSITIONS, self.state, target)
        self.poll_at = poll_at
        self.review_due_at = self.reviewer_id = None

    def _settle(self, target: CheckState, now: datetime) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.settled_at = now
        self.poll_at = self.review_due_at = self.reviewer_id = None
