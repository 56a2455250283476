"""What was asked to be put on paper, and what was issued."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class JobName(StrEnum):
    """Jobs of the reports package."""

    RENDER = "reports.render"


class ReportState(StrEnum):
    """A report is asked for, then issued, or failed with its reason."""

    WAITING = "waiting"
    ISSUED = "issued"
    FAILED = "failed"


_TRANSITIONS: Final = {
    ReportState.WAITING: {ReportState.ISSUED, ReportState.FAILED},
    ReportState.FAILED: {ReportState.WAITING},
}


class Report(Base):
    """A performance report about one expert over a half-open period.

    `snapshot` is the SHA-256 of the document's text before it was set: it is printed on the paper,
    and the public page at the printed address says whether we issued it.
    """

    __tablename__ = "report"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("period_end > period_start", name="period_is_not_empty"),
        sa.CheckConstraint(
            "(state = 'issued') = (file_id IS NOT NULL AND snapshot IS NOT NULL"
            " AND issued_at IS NOT NULL)",
            name="issued_has_file",
        ),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="failed_says_why"),
        sa.Index("ix_report_account_id", "account_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    requested_at: Mapped[datetime]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    state: Mapped[ReportState] = mapped_column(default=ReportState.WAITING, init=False)
    snapshot: Mapped[bytes | None] = mapped_column(default=None, init=False)
    file_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("stored_file.id"), default=None, init=False
    )
    issued_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    error: Mapped[str | None] = mapped_column(default=None, init=False)

    def issue(self, *, file_id: int, snapshot: bytes, now: datetime) -> None:
        """It is on paper."""
        self.state = move(_TRANSITIONS, self.state, ReportState.ISSUED)
        self.file_id, self.snapshot, self.issued_at = file_id, snapshot, now

    def fail(self, *, error: str) -> None:
        """It could not be set; the reason is kept for the person who asked."""
        self.state = move(_TRANSITIONS, self.state, ReportState.FAILED)
        self.error = error

    def retry(self) -> None:
        """Asked for once more."""
        self.state = move(_TRANSITIONS, self.state, ReportState.WAITING)
        self.error = None
