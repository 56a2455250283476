"""What a client is given: a project's judgments as they stood at a moment, numbered and kept."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class ReleaseState(StrEnum):
    """A release is being made, or ready and never changed again."""

    MAKING = "making"
    READY = "ready"


_TRANSITIONS: Final = {ReleaseState.MAKING: {ReleaseState.READY}}


class Release(Base):
    """One numbered state of a project's dataset; experts are in it by pseudonym only."""

    __tablename__ = "release"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("project_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("tasks >= 0 AND judgments >= 0", name="counts_not_negative"),
        sa.CheckConstraint(
            "(state = 'ready') = (ready_at IS NOT NULL AND csv_file_id IS NOT NULL"
            " AND jsonl_file_id IS NOT NULL)",
            name="ready_has_files",
        ),
        sa.Index(
            "uq_release_one_making",
            "project_id",
            unique=True,
            postgresql_where=sa.text("state = 'making'"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    number: Mapped[int]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    state: Mapped[ReleaseState] = mapped_column(default=ReleaseState.MAKING, init=False)
    tasks: Mapped[int] = mapped_column(default=0, init=False)
    judgments: Mapped[int] = mapped_column(default=0, init=False)
    csv_file_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("stored_file.id"), default=None, init=False
    )
    jsonl_file_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("stored_file.id"), default=None, init=False
    )
    ready_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def finish(
        self, *, tasks: int, judgments: int, csv_file_id: int, jsonl_file_id: int, now: datetime
    ) -> None:
        """Both files are kept: from now on it stays as it is."""
        self.state = move(_TRANSITIONS, self.state, ReleaseState.READY)
        self.tasks, self.judgments, self.ready_at = tasks, judgments, now
        self.csv_file_id, self.jsonl_file_id = csv_file_id, jsonl_file_id
