"""Agreement texts in immutable versions, and who accepted which version when."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class AgreementVersion(Base):
    """One text, never edited: `kind` is "platform", "privacy", "identity" or "project:SLUG"."""

    __tablename__ = "agreement_version"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    kind: Mapped[str]
    number: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    sha256: Mapped[bytes]
    published_at: Mapped[datetime]


class Acceptance(Base):
    """A person's acceptance of one version; append-only."""

    __tablename__ = "agreement_acceptance"
    __table_args__ = (sa.PrimaryKeyConstraint("account_id", "agreement_version_id"),)

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    agreement_version_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement_version.id"))
    accepted_at: Mapped[datetime]
