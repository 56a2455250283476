"""One person's way through an opening, tied to its columns in every state."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class ApplicationState(StrEnum):
    """Where an application stands. Only a person moves one to NOT_ACCEPTED."""

    STARTED = "started"  # the screening questions are not answered yet
    SCREENED = "screened"  # the person goes through the other tasks
    REVIEW = "review"  # a person of ours looks, until `review_due_at`
    APPROVED = "approved"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"


class ReviewCause(StrEnum):
    """Why a person looks."""

    REQUIREMENTS = "requirements"  # some are not met
    EXAM = "exam"  # no attempt is left


OPEN: Final = frozenset(
    {ApplicationState.STARTED, ApplicationState.SCREENED, ApplicationState.REVIEW}
)
_ENDS: Final = {ApplicationState.NOT_ACCEPTED, ApplicationState.WITHDRAWN}
_TRANSITIONS: Final = {
    ApplicationState.STARTED: {
        ApplicationState.SCREENED,
        ApplicationState.REVIEW,
        ApplicationState.WITHDRAWN,
    },
    ApplicationState.SCREENED: {
        ApplicationState.REVIEW,
        ApplicationState.APPROVED,
        ApplicationState.WITHDRAWN,
    },
    ApplicationState.REVIEW: {ApplicationState.SCREENED, ApplicationState.APPROVED, *_ENDS},
    ApplicationState.NOT_ACCEPTED: {ApplicationState.SCREENED},  # an appeal was upheld
}


class Application(Base):
    """One person's application, with the requirements as they stood when it began."""

    __tablename__ = "application"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint("(screened_at IS NULL) = (answers IS NULL)", name="screened_by_answers"),
        sa.CheckConstraint("(screened_at IS NULL) = (unmet IS NULL)", name="screened_says_unmet"),
        sa.CheckConstraint(
            "state <> 'started' OR screened_at IS NULL", name="started_is_unscreened"
        ),
        sa.CheckConstraint(
            "state IN ('started', 'withdrawn') OR screened_at IS NOT NULL", name="later_is_screened"
        ),
        sa.CheckConstraint(
            "(state = 'review') = (review_due_at IS NOT NULL)", name="review_has_clock"
        ),
        sa.CheckConstraint(
            "(state = 'review') = (review_cause IS NOT NULL)", name="review_has_cause"
        ),
        sa.CheckConstraint(
            "state = 'review' OR reviewer_id IS NULL", name="reviewer_only_in_review"
        ),
        sa.CheckConstraint("reviewer_id IS DISTINCT FROM account_id", name="nobody_reviews_own"),
        sa.CheckConstraint(
            "(state IN ('approved', 'not_accepted', 'withdrawn')) = (decided_at IS NOT NULL)",
            name="decided_at_iff_decided",
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'not_accepted')) = (decision_id IS NOT NULL)",
            name="decided_by_a_decision",
        ),
        sa.Index(
            "uq_application_open",
            "opening_id",
            "account_id",
            unique=True,
            postgresql_where=sa.text("state IN ('started', 'screened', 'review')"),
        ),
        sa.Index("ix_application_account_id", "account_id"),
        sa.Index(
            "ix_application_review_due_at",
            "review_due_at",
            postgresql_where=sa.text("state = 'review'"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    opening_id: Mapped[int] = mapped_column(sa.ForeignKey("opening.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    country: Mapped[str]
    """Where they are to be paid, as the opening's page told them before they began."""
    requirements: Mapped[list[Any]]
    started_at: Mapped[datetime]
    state: Mapped[ApplicationState] = mapped_column(default=ApplicationState.STARTED, init=False)
    answers: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), default=None, init=False
    )
    unmet: Mapped[list[str] | None] = mapped_column(
        JSONB(none_as_null=True), default=None, init=False
    )
    """Slugs of the requirements that the answers do not meet."""
    explanation: Mapped[str | None] = mapped_column(default=None, init=False)
    screened_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    review_cause: Mapped[ReviewCause | None] = mapped_column(default=None, init=False)
    review_due_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    reviewer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state in OPEN

    def screen(
        self, *, answers: dict[str, Any], unmet: list[str], explanation: str | None, now: datetime
    ) -> None:
        """The screening questions were answered: write down what they met."""
        self.answers, self.unmet = answers, unmet
        self.explanation, self.screened_at = explanation, now

    def go_on(self) -> None:
        """The other tasks are theirs to do."""
        self._go(ApplicationState.SCREENED)

    def ask(self, *, cause: ReviewCause, reviewer_id: int | None, due_at: datetime) -> None:
        """A person of ours is to look, by then."""
        self._go(ApplicationState.REVIEW)
        self.review_cause = cause
        self.hand_over(reviewer_id=reviewer_id, due_at=due_at)

    def hand_over(self, *, reviewer_id: int | None, due_at: datetime) -> None:
        """Name who looks, and until when."""
        self.reviewer_id, self.review_due_at = reviewer_id, due_at

    def approve(self, *, decision_id: int, now: datetime) -> None:
        """They are an expert."""
        self._go(ApplicationState.APPROVED)
        self.decision_id, self.decided_at = decision_id, now

    def refuse(self, *, decision_id: int, now: datetime) -> None:
        """A person decided: not accepted this time."""
        self._go(ApplicationState.NOT_ACCEPTED)
        self.decision_id, self.decided_at = decision_id, now

    def withdraw(self, *, now: datetime) -> None:
        """The person no longer wants it."""
        self._go(ApplicationState.WITHDRAWN)
        self.decided_at = now

    def reopen(self) -> None:
        """An appeal was upheld: it goes on where it stood."""
        self._go(ApplicationState.SCREENED)
        self.decision_id, self.decided_at = None, None

    def _go(self, target: ApplicationState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.review_cause, self.review_due_at, self.reviewer_id = None, None, None
