"""What an attempt scored, per question where only the worker looks, and summed up for people."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

NINE_IN_TEN: Final = 1.645
"""Standard errors on either side that hold the true score nine times in ten."""


class AttemptScore(Base):
    """A computed result; append-only: scoring again adds a row and leaves the old one."""

    __tablename__ = "attempt_score"
    __table_args__ = (
        sa.PrimaryKeyConstraint("attempt_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("0 <= raw AND raw <= maximum AND maximum > 0", name="raw_within"),
        sa.CheckConstraint("standard_error >= 0", name="error_not_negative"),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name="cut_is_a_share"),
        sa.CheckConstraint("passed = (raw >= cut * maximum - 1e-9)", name="passed_by_the_cut"),
    )

    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    number: Mapped[int]
    raw: Mapped[float] = mapped_column(sa.Double)
    maximum: Mapped[float] = mapped_column(sa.Double)
    standard_error: Mapped[float] = mapped_column(sa.Double)
    """In points."""
    method: Mapped[str]
    """How the standard error was had, named after its source."""
    cut: Mapped[float] = mapped_column(sa.Double)
    passed: Mapped[bool]
    answered: Mapped[int]
    questions: Mapped[int]
    areas: Mapped[dict[str, Any]]
    """Points earned and possible by area."""
    scored_at: Mapped[datetime]

    @property
    def share(self) -> float:
        """The score as a share of the maximum."""
        return self.raw / self.maximum

    @property
    def margin(self) -> float:
        """Half the width of the interval that holds the true share nine times in ten."""
        return NINE_IN_TEN * self.standard_error / self.maximum


class ResponseScore(Base):
    """The points of one answer; beside the answer it would tell the key, so it lives with the keys."""

    __tablename__ = "response_score"
    __table_args__ = (
        sa.PrimaryKeyConstraint("attempt_id", "score_number", "position"),
        sa.CheckConstraint("0 <= earned AND earned <= possible", name="earned_within"),
        sa.CheckConstraint("seconds >= 0", name="seconds_not_negative"),
        sa.Index("ix_response_score_question_version_id", "question_version_id"),
        {"schema": "keys"},
    )

    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    score_number: Mapped[int]
    position: Mapped[int]
    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    key_number: Mapped[int]
    earned: Mapped[float] = mapped_column(sa.Double)
    possible: Mapped[float] = mapped_column(sa.Double)
    answered: Mapped[bool]
    seconds: Mapped[float | None] = mapped_column(sa.Double, default=None)
    """How long the question was worked at, by the attempt's events."""


class QuestionStatistic(Base):
    """How a question did so far, as the worker summed it up: all that pages learn of its key."""

    __tablename__ = "question_statistic"
    __table_args__ = (
        sa.PrimaryKeyConstraint("question_version_id"),
        sa.CheckConstraint("0 <= answered AND answered <= seen", name="answered_of_seen"),
        sa.CheckConstraint("0 <= mean AND mean <= 1", name="mean_is_a_share"),
    )

    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    seen: Mapped[int]
    answered: Mapped[int]
    mean: Mapped[float] = mapped_column(sa.Double)
    """Points earned as a share of those possible, over everyone who saw it."""
    summed_at: Mapped[datetime]
