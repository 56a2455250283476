"""An attempt's result on paper, and which parts of it mean something by themselves."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class ScoreReportState(StrEnum):
    """A score report is asked for, then issued, or failed with its reason."""

    WAITING = "waiting"
    ISSUED = "issued"
    FAILED = "failed"


_TRANSITIONS: Final = {
    ScoreReportState.WAITING: {ScoreReportState.ISSUED, ScoreReportState.FAILED},
    ScoreReportState.FAILED: {ScoreReportState.WAITING},
}


class ScoreReport(Base):
    """One score of an attempt as a PDF for its person; a new score makes a new one."""

    __tablename__ = "score_report"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("attempt_id", "score_number", "attempt_state"),
        sa.ForeignKeyConstraint(
            ["attempt_id", "score_number"], ["attempt_score.attempt_id", "attempt_score.number"]
        ),
        sa.CheckConstraint(
            "(state = 'issued') = (file_id IS NOT NULL AND snapshot IS NOT NULL"
            " AND issued_at IS NOT NULL)",
            name="issued_has_file",
        ),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="failed_says_why"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    score_number: Mapped[int]
    attempt_state: Mapped[str]
    """Where the attempt stood: confirmed or appealed, it is another paper."""
    asked_at: Mapped[datetime]
    state: Mapped[ScoreReportState] = mapped_column(default=ScoreReportState.WAITING, init=False)
    snapshot: Mapped[bytes | None] = mapped_column(default=None, init=False)
    """SHA-256 of the document before it was set, printed on it."""
    file_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("stored_file.id"), default=None, init=False
    )
    issued_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    error: Mapped[str | None] = mapped_column(default=None, init=False)

    def issue(self, *, file_id: int, snapshot: bytes, now: datetime) -> None:
        """It is on paper."""
        self.state = move(_TRANSITIONS, self.state, ScoreReportState.ISSUED)
        self.file_id, self.snapshot, self.issued_at = file_id, snapshot, now

    def fail(self, *, error: str) -> None:
        """It could not be set; the person reads why."""
        self.state = move(_TRANSITIONS, self.state, ScoreReportState.FAILED)
        self.error = error

    def retry(self) -> None:
        """Asked for once more."""
        self.state = move(_TRANSITIONS, self.state, ScoreReportState.WAITING)
        self.error = None


class SubscoreStudy(Base):
    """Whether an area's score says more than the total does, as the worker last found (Haberman 2008)."""

    __tablename__ = "subscore_study"
    __table_args__ = (
        sa.PrimaryKeyConstraint("form_id", "area"),
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        sa.CheckConstraint("reliability <= 1", name="reliability_at_most_one"),
        sa.CheckConstraint(
            "0 <= prmse_subscore AND prmse_subscore <= 1", name="subscore_is_a_share"
        ),
        sa.CheckConstraint("0 <= prmse_total AND prmse_total <= 1", name="total_is_a_share"),
        sa.CheckConstraint("standard_error >= 0", name="error_not_negative"),
    )

    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    area: Mapped[str]
    attempts: Mapped[int]
    reliability: Mapped[float] = mapped_column(sa.Double)
    """Cronbach's alpha; may be negative."""
    prmse_subscore: Mapped[float] = mapped_column(sa.Double)
    prmse_total: Mapped[float] = mapped_column(sa.Double)
    standard_error: Mapped[float] = mapped_column(sa.Double)
    """Of the area's points, in points."""
    computed_at: Mapped[datetime]
