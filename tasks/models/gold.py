"""Tasks whose answer we know. The answers lie in schema `keys`, which only the worker reads."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Gold(Base):
    """Makes a task a probe: it has no open slots and is drawn on its own."""

    __tablename__ = "gold"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "task_id"),
        sa.ForeignKeyConstraint(["pool_id", "task_id"], ["task.pool_id", "task.id"]),
        sa.CheckConstraint("key_version >= 1", name="key_version_from_one"),
        sa.Index("ix_gold_ready", "pool_id", postgresql_where=sa.text("retired_at IS NULL")),
    )

    pool_id: Mapped[int]
    task_id: Mapped[int]
    key_version: Mapped[int]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None] = mapped_column(default=None)


class GoldKey(Base):
    """The right answer of a gold task; append-only. The app may add one and cannot read it back."""

    __tablename__ = "gold_key"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "task_id", "version"),
        sa.ForeignKeyConstraint(["pool_id", "task_id"], ["gold.pool_id", "gold.task_id"]),
        sa.CheckConstraint("version >= 1", name="version_from_one"),
        {"schema": "keys"},
    )

    pool_id: Mapped[int]
    task_id: Mapped[int]
    version: Mapped[int]
    answer: Mapped[dict[str, Any]]
    written_at: Mapped[datetime]
    written_by_id: Mapped[int | None] = mapped_column(default=None)


class GoldScore(Base):
    """Whether a judgment on gold was right, against which version of the key; append-only."""

    __tablename__ = "gold_score"
    __table_args__ = (
        sa.PrimaryKeyConstraint("pool_id", "judgment_id", "key_version"),
        sa.ForeignKeyConstraint(["pool_id", "judgment_id"], ["judgment.pool_id", "judgment.id"]),
        sa.Index("ix_gold_score_expert_id", "expert_id", "pool_id", "judged_at"),
    )

    pool_id: Mapped[int]
    judgment_id: Mapped[int]
    key_version: Mapped[int]
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    right: Mapped[bool]
    judged_at: Mapped[datetime]
    scored_at: Mapped[datetime]
