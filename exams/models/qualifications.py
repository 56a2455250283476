"""What someone is shown to be able to do, since when, until when, and by what."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial
from portal.ids import RandomId


class Qualification(Base):
    """A thing people can be shown to be able to do."""

    __tablename__ = "qualification"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    slug: Mapped[str]
    title: Mapped[str]


class GrantSource(StrEnum):
    """What showed it."""

    EXAM = "exam"
    GOLD = "gold"
    MANAGER = "manager"


class QualificationGrant(Base):
    """One person holds one qualification, until it expires or is revoked by a decision."""

    __tablename__ = "qualification_grant"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("attempt_id"),
        sa.CheckConstraint("expires_at > granted_at", name="expires_later"),
        sa.CheckConstraint(
            "(source = 'exam') = (attempt_id IS NOT NULL)", name="exam_names_attempt"
        ),
        sa.CheckConstraint(
            "(source = 'manager') = (granted_by_id IS NOT NULL)", name="manager_is_named"
        ),
        sa.CheckConstraint("granted_by_id IS DISTINCT FROM account_id", name="nobody_grants_own"),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by_decision_id IS NULL)", name="revoked_by_a_decision"
        ),
        sa.Index("ix_qualification_grant_account_id", "account_id", "qualification_id"),
        sa.Index(
            "ix_qualification_grant_expires_at",
            "expires_at",
            postgresql_where=sa.text("revoked_at IS NULL AND reminded_at IS NULL"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    qualification_id: Mapped[int] = mapped_column(sa.ForeignKey("qualification.id"))
    source: Mapped[GrantSource]
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attempt.id"), default=None)
    granted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    revoked_by_decision_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("decision.id"), default=None, init=False
    )
    reminded_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def revoke(self, *, decision_id: int, now: datetime) -> None:
        """A decision takes it back; the row stays as a record."""
        self.revoked_at, self.revoked_by_decision_id = now, decision_id

    def restore(self, *, now: datetime) -> None:
        """An appeal was upheld: it holds again, and the time without it is added."""
        if self.revoked_at is not None:
            self.expires_at += now - self.revoked_at
        self.revoked_at, self.revoked_by_decision_id, self.reminded_at = None, None, None

    def remind(self, *, now: datetime) -> None:
        """They were told that it is about to expire."""
        self.reminded_at = now
