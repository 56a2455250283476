"""Papers about pay: a statement, a year's summary; asked for, set in the background, kept by hash."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move


class PaperState(StrEnum):
    """FAILED says why; asking again makes another."""

    WAITING = "waiting"
    ISSUED = "issued"
    FAILED = "failed"


_TRANSITIONS: Final = {PaperState.WAITING: {PaperState.ISSUED, PaperState.FAILED}}


class PayPaper(Base):
    """One PDF about a person's pay: of one statement, or of one year."""

    __tablename__ = "pay_paper"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index("ix_pay_paper_account_id", "account_id"),
        sa.Index(
            "uq_pay_paper_statement",
            "statement_id",
            unique=True,
            postgresql_where=sa.text("state <> 'failed'"),
        ),
        sa.CheckConstraint("(statement_id IS NULL) <> (year IS NULL)", name="statement_or_year"),
        sa.CheckConstraint("year BETWEEN 2000 AND 2999", name="year_sensible"),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="failed_says_why"),
        sa.CheckConstraint(
            "(state = 'issued') = (file_id IS NOT NULL AND issued_at IS NOT NULL)",
            name="issued_has_file",
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    statement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("statement.id"), default=None)
    year: Mapped[int | None] = mapped_column(default=None)
    state: Mapped[PaperState] = mapped_column(default=PaperState.WAITING, init=False)
    file_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("stored_file.id"), default=None, init=False
    )
    issued_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    error: Mapped[str | None] = mapped_column(default=None, init=False)

    def issue(self, *, file_id: int, now: datetime) -> None:
        """It is on paper; the file's name is its SHA-256."""
        self.state = move(_TRANSITIONS, self.state, PaperState.ISSUED)
        self.file_id, self.issued_at = file_id, now

    def fail(self, *, error: str) -> None:
        """It could not be set."""
        self.state = move(_TRANSITIONS, self.state, PaperState.FAILED)
        self.error = error
