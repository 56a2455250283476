"""Tax forms as people gave them: sealed, one current form for each person."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial
from portal.ids import RandomId


class TaxFormKind(StrEnum):
    """Which form of the Internal Revenue Service a person gave."""

    W9 = "w9"  # for U.S. persons
    W8BEN = "w8ben"  # for individuals who are not


class TaxForm(Base):
    """What a person certified, sealed to this row: name, address's country, tax number.

    A W-8BEN holds until the last day of the third calendar year after it was signed (instructions
    for Form W-8BEN, "Expiration of Form W-8BEN"); a W-9 until it is replaced.
    """

    __tablename__ = "tax_form"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.Index(
            "uq_tax_form_current",
            "account_id",
            unique=True,
            postgresql_where=sa.text("replaced_at IS NULL"),
        ),
        sa.CheckConstraint("(kind = 'w8ben') = (expires_on IS NOT NULL)", name="w8ben_expires"),
        {"schema": "personal"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    kind: Mapped[TaxFormKind]
    sealed: Mapped[bytes]
    signed_at: Mapped[datetime]
    expires_on: Mapped[date | None]
    replaced_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def row(self) -> str:
        """What the content is sealed to: this row, and no other."""
        return f"tax_form:{self.public_id}"

    def holds(self, day: date) -> bool:
        """Whether it is good on the day."""
        return self.replaced_at is None and (self.expires_on is None or day <= self.expires_on)

    def replace(self, *, now: datetime) -> None:
        """Another form takes its place."""
        self.replaced_at = now
