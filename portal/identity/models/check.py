"""An identity check: a few states, a country, an error code, and nothing else about the person."""

from datetime import datetime, timedelta
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
    KEEP_SHORT = "identity.keep_short"  # erase evidence whose time is over, remind before expiry
    ERASE = "identity.erase"  # a check: have Stripe redact it, then forget it here


class CheckState(StrEnum):
    """Where a check stands. Only a person moves one to NOT_ACCEPTED."""

    STARTING = "starting"  # consent given; Stripe has not been asked yet
    WAITING = "waiting"  # for the person to go to Stripe's page, or to go again
    PROCESSING = "processing"  # Stripe is looking
    EVIDENCE = "evidence"  # for the person to hand something to people of ours
    REVIEW = "review"  # a person of ours is looking
    VERIFIED = "verified"
    NOT_ACCEPTED = "not_accepted"
    CANCELED = "canceled"


class Route(StrEnum):
    """Who finds out: Stripe, with a person where the machine can't say yes, or people alone."""

    STRIPE = "stripe"
    PEOPLE = "people"


class CaseReason(StrEnum):
    """Why a person of ours looks, or has to be shown something."""

    ERROR = "error"  # the machine could not say yes
    ATTEMPTS = "attempts"  # too many attempts failed
    DECLINED = "declined"  # the person does not want Stripe to have their document
    UNSUPPORTED = "unsupported"  # Stripe does not serve their country or device
    NO_SESSION = "no_session"  # Stripe would not begin
    ASKED = "asked"  # the person asked for a human
    TWICE = "twice"  # it looks like somebody we know by another account
    AGE = "age"  # by the document they are not of age
    EXPIRED = "expired"  # the last check is too old, and no new one was begun


class NameMatch(StrEnum):
    """How the name on the document compares with the account's. Nothing follows from it by itself."""

    SAME = "same"
    SIMILAR = "similar"  # at least one part is the same
    DIFFERENT = "different"


OPEN: Final = frozenset(
    {
        CheckState.STARTING,
        CheckState.WAITING,
        CheckState.PROCESSING,
        CheckState.EVIDENCE,
        CheckState.REVIEW,
    }
)
RENEWAL: Final = timedelta(days=30)
"""So long before it is too old, a verified identity may be checked again."""
BY_MACHINE: Final = frozenset({CaseReason.TWICE, CaseReason.AGE})
"""Doubts that a machine has although Stripe said yes: only a person can lift them."""
_FROM_STRIPE: Final = {
    CheckState.WAITING,
    CheckState.PROCESSING,
    CheckState.EVIDENCE,
    CheckState.REVIEW,
    CheckState.VERIFIED,
    CheckState.CANCELED,
}
_TRANSITIONS: Final = {
    CheckState.STARTING: _FROM_STRIPE,
    CheckState.WAITING: _FROM_STRIPE,
    CheckState.PROCESSING: _FROM_STRIPE,
    CheckState.EVIDENCE: {CheckState.REVIEW, CheckState.VERIFIED, CheckState.CANCELED},
    CheckState.REVIEW: {
        CheckState.STARTING,
        CheckState.WAITING,
        CheckState.EVIDENCE,
        CheckState.VERIFIED,
        CheckState.NOT_ACCEPTED,
        CheckState.CANCELED,
    },
    CheckState.NOT_ACCEPTED: {CheckState.VERIFIED},  # an appeal was upheld
}


class IdentityCheck(Base):
    """One check of one account. Kept: verdict, country, whether the name fits, whether they are of age.

    Never: name, date of birth, numbers, images. The key under which Stripe is asked is stored
    before the first send. `poll_at` is when the sweep asks Stripe how it stands, in case no event
    comes.
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
        sa.CheckConstraint(
            "state NOT IN ('evidence', 'review') OR case_reason IS NOT NULL", name="case_says_why"
        ),
        sa.CheckConstraint(
            "state <> 'evidence' OR route = 'people'", name="evidence_goes_to_people"
        ),
        sa.CheckConstraint(
            "route <> 'people' OR state NOT IN ('verified', 'not_accepted')"
            " OR (first_reviewer_id IS NOT NULL AND second_reviewer_id IS NOT NULL)",
            name="two_people_decide_by_hand",
        ),
        sa.CheckConstraint("first_reviewer_id <> second_reviewer_id", name="two_different_people"),
        sa.CheckConstraint(
            "account_id <> first_reviewer_id AND account_id <> second_reviewer_id",
            name="neither_is_the_person",
        ),
        sa.CheckConstraint("round >= 1", name="rounds_from_one"),
        sa.CheckConstraint("state <> 'verified' OR expires_at IS NOT NULL", name="yes_expires"),
        sa.CheckConstraint("reminders BETWEEN 0 AND 2", name="two_reminders_at_most"),
        sa.CheckConstraint(
            "erase_asked_at IS NULL OR settled_at IS NOT NULL", name="only_settled_is_erased"
        ),
        sa.CheckConstraint(
            "erased_at IS NULL OR (erase_asked_at IS NOT NULL AND session_id IS NULL"
            " AND report_id IS NULL AND last_error IS NULL AND country IS NULL"
            " AND name_match IS NULL AND of_age IS NULL)",
            name="erased_holds_nothing",
        ),
        sa.ForeignKeyConstraint(
            ["id", "round", "first_reviewer_id"],
            [
                "identity_opinion.check_id",
                "identity_opinion.round",
                "identity_opinion.reviewer_id",
            ],
            name="fk_identity_check_first_opinion",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["id", "round", "second_reviewer_id"],
            [
                "identity_opinion.check_id",
                "identity_opinion.round",
                "identity_opinion.reviewer_id",
            ],
            name="fk_identity_check_second_opinion",
            use_alter=True,
        ),
        sa.Index(
            "uq_identity_check_open",
            "account_id",
            unique=True,
            postgresql_where=sa.text(
                "state IN ('starting', 'waiting', 'processing', 'evidence', 'review')"
            ),
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
        sa.Index(
            "ix_identity_check_expires_at",
            "expires_at",
            postgresql_where=sa.text("state = 'verified'"),
        ),
        sa.Index(
            "ix_identity_check_to_erase",
            "erase_asked_at",
            postgresql_where=sa.text("erased_at IS NULL"),
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
    name_match: Mapped[NameMatch | None] = mapped_column(default=None, init=False)
    of_age: Mapped[bool | None] = mapped_column(default=None, init=False)
    route: Mapped[Route] = mapped_column(default=Route.STRIPE, init=False)
    case_reason: Mapped[CaseReason | None] = mapped_column(default=None, init=False)
    round: Mapped[int] = mapped_column(default=1, init=False)
    """Of opinions: a new one begins whenever the person is asked for something else."""
    review_due_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    reviewer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    settled_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )
    first_reviewer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    second_reviewer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    """The two whose opinions agreed, where people decided alone."""
    expires_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    """When it should be checked again. Nothing ends by itself then: a person looks."""
    reminders: Mapped[int] = mapped_column(default=0, init=False)
    erase_asked_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    erased_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def settled(self) -> bool:
        """Whether it has ended."""
        return self.state not in OPEN

    @property
    def expects_nothing(self) -> bool:
        """Whether it is open only for want of something better: a new check may take its place."""
        waits = self.state is CheckState.EVIDENCE or self.case_reason is CaseReason.EXPIRED
        return waits and self.consent_id is None and not self.settled

    def may_be_renewed(self, *, now: datetime) -> bool:
        """Whether it is about to be too old, or is."""
        return self.expires_at is not None and now >= self.expires_at - RENEWAL

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
        self,
        reason: CaseReason,
        *,
        reviewer_id: int | None,
        due_at: datetime,
        poll_at: datetime | None,
    ) -> None:
        """It is our turn: the machine could not say yes, or the person asked for a human."""
        self._go(CheckState.REVIEW, poll_at)
        self.case_reason = reason
        self.hand_over(reviewer_id=reviewer_id, due_at=due_at)

    def ask_for_evidence(self, reason: CaseReason, *, poll_at: datetime | None) -> None:
        """People find out, not Stripe: it is the person's turn to show them something."""
        if self.state is CheckState.REVIEW:
            self.round += 1
        self._go(CheckState.EVIDENCE, poll_at)
        self.route, self.case_reason = Route.PEOPLE, reason

    def doubt(self, reason: CaseReason) -> None:
        """Stripe said yes while somebody looks, but there is something that only they can settle."""
        self.case_reason, self.poll_at = reason, None

    def hand_over(self, *, reviewer_id: int | None, due_at: datetime) -> None:
        """Name who looks, and until when."""
        self.reviewer_id, self.review_due_at = reviewer_id, due_at

    def rely_on_stripe(self) -> None:
        """Stripe can say yes after all: nobody needs to decide by hand."""
        self.route = Route.STRIPE

    def agree(self, first_id: int, second_id: int) -> None:
        """Two people said the same, each without knowing of the other."""
        self.first_reviewer_id, self.second_reviewer_id = first_id, second_id

    def verify(self, *, country: str | None, expires_at: datetime, now: datetime) -> None:
        """The person is who they say; a good while later it should be checked again."""
        self._settle(CheckState.VERIFIED, now)
        self.country = country or self.country
        self.expires_at, self.reminders = expires_at, 0
        self.last_error = None

    def refuse(self, *, decision_id: int, now: datetime) -> None:
        """A person decided that it is not accepted this time."""
        self.decision_id = decision_id
        self._settle(CheckState.NOT_ACCEPTED, now)

    def cancel(self, *, now: datetime) -> None:
        """It ended without a verdict."""
        self._settle(CheckState.CANCELED, now)

    def extend(self, *, until: datetime) -> None:
        """There is more time to check again."""
        self.expires_at = until

    def forget(self, *, now: datetime) -> None:
        """Everything that says something about the person goes; that there was a check stays."""
        self.session_id = self.report_id = self.last_error = self.country = None
        self.name_match = self.of_age = None
        self.erased_at = now

    def _go(self, target: CheckState, poll_at: datetime | None) -> None:
        if self.state is not target:
            self.state = move(_TRANSITIONS, self.state, target)
        self.poll_at = poll_at
        self.review_due_at = self.reviewer_id = None

    def _settle(self, target: CheckState, now: datetime) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.settled_at = now
        self.poll_at = self.review_due_at = self.reviewer_id = None
