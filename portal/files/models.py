"""What is known about a stored file; its bytes lie under their hash."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class StoredFile(Base):
    """One content, stored once however often it is handed in."""

    __tablename__ = "stored_file"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
        sa.CheckConstraint("size >= 0", name="size_not_negative"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    sha256: Mapped[bytes]
    size: Mapped[int]
    media_type: Mapped[str]
    stored_at: Mapped[datetime]
