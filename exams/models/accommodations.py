"""More time and more breaks for someone: asked for, granted, answered in time. Kept with personal data."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class AccommodationState(StrEnum):
    """Where it stands. Silence grants what needs no proof, and else names a second person."""

    ASKED = "asked"
    GRANTED = "granted"
    DECLINED = "declined"
    ENDED = "ended"  # taken back by its person, or replaced by another


_TRANSITIONS: Final = {
    AccommodationState.ASKED: {
        AccommodationState.GRANTED,
        AccommodationState.DECLINED,
        AccommodationState.ENDED,
    },
    AccommodationState.GRANTED: {AccommodationState.ENDED},
    AccommodationState.DECLINED: {AccommodationState.GRANTED},  # an appeal was upheld
}


class Accommodation(Base):
    """What somebody needs to sit exams on equal terms; neither graders nor managers read this table.

    What they wrote about it is sealed: reading it is an act with a reason.
    """

    __tablename__ = "accommodation"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("factor >= 1 AND factor <= 2", name="factor_from_one_to_two"),
        sa.CheckConstraint("break_minutes >= 0", name="break_not_negative"),
        sa.CheckConstraint("factor > 1 OR untimed OR break_minutes > 0", name="gives_something"),
        sa.CheckConstraint("NOT untimed OR factor = 1", name="untimed_has_no_factor"),
        sa.CheckConstraint("(state = 'asked') = (answer_by IS NOT NULL)", name="asked_has_clock"),
        sa.CheckConstraint("state = 'asked' OR reviewer_id IS NULL", name="reviewer_only_asked"),
        sa.CheckConstraint("reviewer_id IS DISTINCT FROM account_id", name="nobody_answers_own"),
        sa.CheckConstraint("decided_by_id IS DISTINCT FROM account_id", name="nobody_grants_own"),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'declined') OR decided_at IS NOT NULL", name="decided_when"
        ),
        sa.CheckConstraint("state <> 'declined' OR decision_id IS NOT NULL", name="human_declines"),
        sa.Index(
            "uq_accommodation_asked",
            "account_id",
            unique=True,
            postgresql_where=sa.text("state = 'asked'"),
        ),
        sa.Index(
            "uq_accommodation_granted",
            "account_id",
            unique=True,
            postgresql_where=sa.text("state = 'granted'"),
        ),
        {"schema": "personal"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    factor: Mapped[float] = mapped_column(sa.Double)
    untimed: Mapped[bool]
    break_minutes: Mapped[int]
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime | None]
    words: Mapped[bytes | None] = mapped_column(default=None)
    """Sealed; bound to this row's public id."""
    state: Mapped[AccommodationState] = mapped_column(default=AccommodationState.ASKED, init=False)
    reviewer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decided_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )

    def hand_over(self, *, reviewer_id: int | None, answer_by: datetime) -> None:
        """Name who answers, and until when."""
        self.reviewer_id, self.answer_by = reviewer_id, answer_by

    def grant(self, *, by: int | None, now: datetime) -> None:
        """It holds from now on; by None where nobody answered in time."""
        self._go(AccommodationState.GRANTED)
        self.decided_at, self.decided_by_id = now, by

    def decline(self, *, by: int, decision_id: int, now: datetime) -> None:
        """A person decided: not this time."""
        self._go(AccommodationState.DECLINED)
        self.decided_at, self.decided_by_id, self.decision_id = now, by, decision_id

    def end(self) -> None:
        """It no longer holds for what begins from now on."""
        self._go(AccommodationState.ENDED)

    def _go(self, target: AccommodationState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.answer_by, self.reviewer_id = None, None
