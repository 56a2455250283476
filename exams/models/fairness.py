"""What people say of themselves, apart from everything else, and the tables that may be made of it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class SelfIdentification(Base):
    """What somebody said of themselves because they wanted to; withdrawn, the row is gone.

    Row security lets the web see the row of the person whom it names in its transaction, and no other.
    The worker reads all, and keeps only what `exams.psychometrics.fairness` lets leave.
    """

    __tablename__ = "self_identification"
    __table_args__ = (
        sa.PrimaryKeyConstraint("account_id"),
        sa.CheckConstraint("length(sealed) > 28", name="sealed_is_not_empty"),
        {"schema": "personal"},
    )

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    sealed: Mapped[bytes]
    """Bound to this row."""
    said_at: Mapped[datetime]


class FairnessStudy(Base):
    """One look at how groups come through an exam's applications: suppressed sums, and nobody in them.

    Each looks at applications that none before it looked at, and is never made again: no difference of
    two tables tells of one person. The database keeps the ranges apart.
    """

    __tablename__ = "fairness_study"
    __table_args__ = (
        sa.PrimaryKeyConstraint("exam_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("people >= 50", name="of_enough_people"),
        sa.CheckConstraint(
            "first_application_id <= last_application_id", name="applications_in_order"
        ),
        sa.CheckConstraint("began_from <= began_until", name="from_before_until"),
        ExcludeConstraint(
            (sa.column("exam_id"), "="),
            (sa.text("int8range(first_application_id, last_application_id, '[]')"), "&&"),
            name="ex_fairness_study_nobody_twice",
            using="gist",
        ),
    )

    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    number: Mapped[int]
    first_application_id: Mapped[int]
    last_application_id: Mapped[int]
    began_from: Mapped[datetime]
    began_until: Mapped[datetime]
    people: Mapped[int]
    tables: Mapped[list[Any]]
    """Stage by stage and attribute by attribute: rows that may be shown, and how many are not."""
    withheld: Mapped[list[Any]]
    """Stages that too few passed, or failed, to tell of."""
    differences: Mapped[list[Any]]
    """Questions that treat people of equal ability differently, of everybody so far."""
    computed_at: Mapped[datetime]
