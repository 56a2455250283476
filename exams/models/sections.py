"""The parts of a form that are sat one after the other, each with a clock of its own if it has one."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class FormSection(Base):
    """Consecutive places of a form; never edited, as the form is not. A form without any is one section."""

    __tablename__ = "form_section"
    __table_args__ = (
        sa.PrimaryKeyConstraint("form_id", "number"),
        sa.UniqueConstraint("form_id", "first"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("1 <= first AND first <= last", name="places_in_order"),
        sa.CheckConstraint("minutes > 0", name="time_is_allowed"),
        sa.CheckConstraint("break_minutes >= 0", name="break_not_negative"),
    )

    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    number: Mapped[int]
    title: Mapped[str]
    first: Mapped[int]
    last: Mapped[int]
    minutes: Mapped[int | None]
    """Its own time; None where only the whole has one."""
    break_minutes: Mapped[int]
    """How long a break may follow it; the clocks stand still meanwhile."""
