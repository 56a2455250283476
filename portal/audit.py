"""The append-only record of who did what to what, kept in the transaction that did it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.db import Base, Serial


class AuditEvent(Base):
    """One act. UPDATE, DELETE and TRUNCATE are refused by trigger and by grant.

    Partitioned by ranges of the ever-growing id, so old ranges can be moved away whole.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("action ~ '^[a-z_]+\\.[a-z_]+$'", name="action_is_thing_dot_verb"),
        sa.Index("ix_audit_event_subject", "subject_type", "subject_id"),
        sa.Index("ix_audit_event_actor_id", "actor_id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[int]
    details: Mapped[dict[str, Any]]


def record(
    session: Session,
    *,
    actor: int | None,
    action: str,
    subject: tuple[str, int],
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one act down. `actor` is an account's id, or None where the system acted by rule.

    `action` reads `thing.verb` ("account.suspended"); details hold ids and numbers, never secrets
    or personal data.
    """
    subject_type, subject_id = subject
    session.add(
        AuditEvent(
            at=now,
            actor_id=actor,
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            details=details or {},
        )
    )
