"""Papers about a project over a period: asked for by its manager or its client's reader."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from payouts.models.documents import PaperState
from portal.db import Base, Serial, move

_TRANSITIONS = {PaperState.WAITING: {PaperState.ISSUED, PaperState.FAILED}}


class ProjectReport(Base):
    """One PDF about a project over a half-open period; `snapshot` is the SHA-256 of what it says."""

    __tablename__ = "project_report"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index("ix_project_report_project_id", "project_id", "id"),
        sa.CheckConstraint("period_end > period_start", name="period_is_not_empty"),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="failed_says_why"),
        sa.CheckConstraint(
            "(state = 'issued') = (file_id IS NOT NULL AND snapshot IS NOT NULL"
            " AND issued_at IS NOT NULL)",
            name="issued_has_file",
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    state: Mapped[PaperState] = mapped_column(default=PaperState.WAITING, init=False)
    snapshot: Mapped[bytes | None] = mapped_column(default=None, init=False)
    file_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("stored_file.id"), default=None, init=False
    )
    issued_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    error: Mapped[str | None] = mapped_column(default=None, init=False)

    def issue(self, *, file_id: int, snapshot: bytes, now: datetime) -> None:
        """It is on paper."""
        self.state = move(_TRANSITIONS, self.state, PaperState.ISSUED)
        self.file_id, self.snapshot, self.issued_at = file_id, snapshot, now

    def fail(self, *, error: str) -> None:
        """It could not be set."""
        self.state = move(_TRANSITIONS, self.state, PaperState.FAILED)
        self.error = error
