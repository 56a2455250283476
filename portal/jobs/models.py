"""The outbox: one row for each thing that must still happen."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move

MAX_TRIES: Final = 8


class OutboxState(StrEnum):
    """Where a row stands. DEAD waits for a person, who can send it round again."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


_TRANSITIONS: Final = {
    OutboxState.WAITING: {OutboxState.DONE, OutboxState.DEAD},
    OutboxState.DEAD: {OutboxState.WAITING},
}


class OutboxRow(Base):
    """A job by name and the id of the row it is about.

    `not_before` is when it may next be tried: a worker that takes the row moves it ahead by the
    lease, so that a worker that dies leaves a row which is found again by itself.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("tries >= 0", name="tries_not_negative"),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended_at_iff_ended"),
        sa.CheckConstraint("state <> 'dead' OR error IS NOT NULL", name="dead_says_why"),
        sa.UniqueConstraint("slot"),
        sa.Index("ix_outbox_due", "not_before", postgresql_where=sa.text("state = 'waiting'")),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    name: Mapped[str]
    row_id: Mapped[int]
    not_before: Mapped[datetime]
    created_at: Mapped[datetime]
    slot: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[OutboxState] = mapped_column(default=OutboxState.WAITING, init=False)
    tries: Mapped[int] = mapped_column(default=0, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    error: Mapped[str | None] = mapped_column(default=None, init=False)

    def finish(self, *, now: datetime) -> None:
        """It happened."""
        self._end(OutboxState.DONE, now)
        self.error = None

    def bury(self, *, error: str, now: datetime) -> None:
        """It failed for good: a person looks."""
        self.error = error
        self._end(OutboxState.DEAD, now)

    def revive(self, *, now: datetime) -> None:
        """A person sends it round again."""
        self.state = move(_TRANSITIONS, self.state, OutboxState.WAITING)
        self.ended_at = None
        self.tries = 0
        self.not_before = now

    def _end(self, target: OutboxState, now: datetime) -> None:
        self.state = move(_TRANSITIONS, self.state, target)
        self.ended_at = now
