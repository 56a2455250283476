"""A file of tasks on its way in."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class ImportState(StrEnum):
    """REFUSED and CANCELLED files left nothing behind; `problems` says why, with row and column."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


UNDER_WAY: Final = frozenset({ImportState.WAITING, ImportState.RUNNING})
_TRANSITIONS: Final = {
    ImportState.WAITING: {ImportState.RUNNING, ImportState.CANCELLED},
    ImportState.RUNNING: {
        ImportState.RUNNING,  # once more, after its worker died
        ImportState.DONE,
        ImportState.REFUSED,
        ImportState.CANCELLED,
    },
}


class TaskImport(Base):
    """One file, how its columns map to the task type's fields, and what became of it."""

    __tablename__ = "task_import"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint(
            "(state IN ('waiting', 'running')) = (ended_at IS NULL)", name="ended_iff_ended"
        ),
        sa.CheckConstraint(
            "state <> 'running' OR started_at IS NOT NULL", name="running_has_started"
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR jsonb_array_length(problems) > 0", name="refusal_says_why"
        ),
        sa.CheckConstraint(
            "added >= 0 AND already >= 0 AND total >= 0 AND checked >= 0 AND entered >= 0",
            name="counts_not_negative",
        ),
        sa.Index("ix_task_import_project_id", "project_id", "id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"))
    file_name: Mapped[str]
    mapping: Mapped[dict[str, Any]]
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    gold_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), default=None)
    gold_file_name: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[ImportState] = mapped_column(default=ImportState.WAITING, init=False)
    added: Mapped[int] = mapped_column(default=0, init=False)
    already: Mapped[int] = mapped_column(default=0, init=False)
    problems: Mapped[list[str]] = mapped_column(default_factory=list, init=False)
    total: Mapped[int] = mapped_column(default=0, init=False)
    """Rows of the file; 0 until they are counted."""
    checked: Mapped[int] = mapped_column(default=0, init=False)
    entered: Mapped[int] = mapped_column(default=0, init=False)
    """Rows that have gone in, though nobody sees them before the last has."""
    started_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def start(self, *, now: datetime) -> None:
        """A worker takes it up; once more where an earlier one died over it."""
        self.state = move(_TRANSITIONS, self.state, ImportState.RUNNING)
        self.started_at, self.total, self.checked, self.entered = now, 0, 0, 0

    def cancel(self, *, now: datetime) -> None:
        """Somebody thought better of it: nothing of it goes in."""
        self.state = move(_TRANSITIONS, self.state, ImportState.CANCELLED)
        self.ended_at = now

    def finish(self, *, added: int, already: int, now: datetime) -> None:
        """Everything is in."""
        self.state = move(_TRANSITIONS, self.state, ImportState.DONE)
        self.added, self.already, self.ended_at = added, already, now

    def refuse(self, problems: list[str], *, now: datetime) -> None:
        """Nothing went in, and why."""
        self.state = move(_TRANSITIONS, self.state, ImportState.REFUSED)
        self.problems, self.ended_at = problems, now
