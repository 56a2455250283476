"""Keyed digests by which the same person is found twice, without keeping what they were made of."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class Feature(StrEnum):
    """What a digest was made of."""

    DOCUMENT = "document"  # country, kind and number
    PERSON = "person"  # name and date of birth


class IdentityIndex(Base):
    """One digest of one check. Without the key it says nothing, and it finds only what is equal."""

    __tablename__ = "identity_index"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("check_id", "feature", "key_version"),
        sa.CheckConstraint("length(digest) = 32", name="digest_is_32_bytes"),
        sa.CheckConstraint("key_version >= 0", name="key_version_not_negative"),
        sa.Index("ix_identity_index_digest", "digest", "feature", "key_version"),
        sa.Index("ix_identity_index_account_id", "account_id"),
        {"schema": "personal"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    check_id: Mapped[int] = mapped_column(sa.ForeignKey("identity_check.id"))
    feature: Mapped[Feature]
    key_version: Mapped[int]
    digest: Mapped[bytes]
    made_at: Mapped[datetime]
