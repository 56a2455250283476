"""Where the rail's list, our payouts and the ledger do not agree."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class FindingKind(StrEnum):
    """What does not agree."""

    UNKNOWN_TRANSFER = "unknown_transfer"  # the rail has one that we never asked for
    DUPLICATE_TRANSFER = "duplicate_transfer"  # the rail has two for one payout
    MISSING_TRANSFER = "missing_transfer"  # we say paid, the rail has none
    DIFFERENT_TRANSFER = "different_transfer"  # other amount, currency or destination
    RETURNED_TRANSFER = "returned_transfer"  # money came back that we still count as paid
    LATE_TRANSFER = "late_transfer"  # on its way for more than 48 hours
    LEDGER_DIFFERS = "ledger_differs"  # the ledger's sums are not those of the payouts


FREEZING: Final = frozenset(
    set(FindingKind) - {FindingKind.RETURNED_TRANSFER, FindingKind.LATE_TRANSFER}
)
"""While one of these is open nothing is sent."""


class Finding(Base):
    """One disagreement, open until a person says what it was.

    A person's word explains what was there when it was given: while the same disagreement lasts it
    is not reported again. Once a whole comparison no longer met it (`gone_at`), or where its details
    are other ones, it is a new finding, which freezes as the first did.
    """

    __tablename__ = "reconciliation_finding"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index(
            "uq_reconciliation_finding_open",
            "kind",
            "subject",
            unique=True,
            postgresql_where=sa.text("settled_at IS NULL"),
        ),
        sa.Index(
            "uq_reconciliation_finding_present",
            "kind",
            "subject",
            unique=True,
            postgresql_where=sa.text("gone_at IS NULL"),
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by_id IS NULL) AND (settled_at IS NULL) = (note IS NULL)",
            name="settled_by_somebody",
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    kind: Mapped[FindingKind]
    subject: Mapped[str]
    """The transfer or the payout's reference it is about."""
    details: Mapped[dict[str, Any]]
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When it was last met."""
    gone_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    """When a whole comparison no longer met it."""
    settled_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    settled_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    note: Mapped[str | None] = mapped_column(default=None, init=False)

    def meet(self, details: dict[str, Any], *, now: datetime) -> None:
        """It is there, still or again."""
        self.details, self.seen_at, self.gone_at = details, now, None

    def leave(self, *, now: datetime) -> None:
        """It is not there any more."""
        self.gone_at = now

    def settle(self, *, by: int, note: str, now: datetime) -> None:
        """A person has found out what it was."""
        self.settled_at, self.settled_by_id, self.note = now, by, note
