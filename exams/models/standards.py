"""Where a pass mark comes from: a panel of judges, round by round, and the cut that two people set."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.ids import RandomId


class StudyState(StrEnum):
    """Judges rate a round, its result is shown; then another round, or the end."""

    RATING = "rating"
    SHOWN = "shown"
    ADOPTED = "adopted"
    DROPPED = "dropped"


_TRANSITIONS: Final = {
    StudyState.RATING: {StudyState.SHOWN, StudyState.DROPPED},
    StudyState.SHOWN: {StudyState.RATING, StudyState.ADOPTED, StudyState.DROPPED},
}


class StandardStudy(Base):
    """One panel about one form, by the modified Angoff method."""

    __tablename__ = "standard_study"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("length(trim(borderline)) > 0", name="says_who_just_passes"),
        sa.CheckConstraint("round >= 1", name="round_from_one"),
        sa.CheckConstraint(
            "state IN ('rating', 'dropped') OR result IS NOT NULL", name="shown_has_a_result"
        ),
        sa.CheckConstraint(
            "(state IN ('adopted', 'dropped')) = (ended_at IS NOT NULL)", name="ended_iff_ended"
        ),
        sa.Index(
            "uq_standard_study_open",
            "form_id",
            unique=True,
            postgresql_where=sa.text("state IN ('rating', 'shown')"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    borderline: Mapped[str]
    """Who it is that just passes, in words that all judges have before them."""
    opened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    state: Mapped[StudyState] = mapped_column(default=StudyState.RATING, init=False)
    round: Mapped[int] = mapped_column(default=1, init=False)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None, init=False)
    """Of the last round that is complete: cut and error as shares, and the questions' spread."""
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def show(self, result: dict[str, Any]) -> None:
        """Every judge has handed the round in, and the worker has summed it up."""
        self._go(StudyState.SHOWN)
        self.result = result

    def again(self) -> None:
        """Another round: judges see how the others rated, and rate once more."""
        self._go(StudyState.RATING)
        self.round += 1

    def adopt(self, *, now: datetime) -> None:
        """The cut is set."""
        self._go(StudyState.ADOPTED)
        self.ended_at = now

    def drop(self, *, now: datetime) -> None:
        """The pass mark stays as it is."""
        self._go(StudyState.DROPPED)
        self.ended_at = now

    def _go(self, target: StudyState) -> None:
        self.state = move(_TRANSITIONS, self.state, target)


class StandardJudge(Base):
    """Somebody on a panel, and the last round they handed in."""

    __tablename__ = "standard_judge"
    __table_args__ = (
        sa.PrimaryKeyConstraint("study_id", "account_id"),
        sa.CheckConstraint("handed_in >= 0", name="handed_in_not_negative"),
        sa.Index("ix_standard_judge_account_id", "account_id"),
    )

    study_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_study.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    handed_in: Mapped[int] = mapped_column(default=0)


class StandardRating(Base):
    """How many of those who just pass get a question right, as one judge thinks in one round.

    Once its round is handed in it is never changed; the database sees to it.
    """

    __tablename__ = "standard_rating"
    __table_args__ = (
        sa.PrimaryKeyConstraint("study_id", "round", "account_id", "position"),
        sa.ForeignKeyConstraint(
            ["study_id", "account_id"], ["standard_judge.study_id", "standard_judge.account_id"]
        ),
        sa.CheckConstraint("0 <= share AND share <= 1", name="share_is_a_share"),
        sa.CheckConstraint("round >= 1", name="round_from_one"),
    )

    study_id: Mapped[int]
    round: Mapped[int]
    account_id: Mapped[int]
    position: Mapped[int]
    share: Mapped[float] = mapped_column(sa.Double)
    rated_at: Mapped[datetime]


class FormCut(Base):
    """The pass mark of a form from a moment on; append-only. Attempts keep the one they began with."""

    __tablename__ = "form_cut"
    __table_args__ = (
        sa.PrimaryKeyConstraint("form_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name="cut_is_a_share"),
        sa.CheckConstraint("standard_error >= 0", name="error_not_negative"),
        sa.CheckConstraint("judges >= 2", name="two_judges_at_least"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="says_why"),
        sa.CheckConstraint("adopted_by_id <> opened_by_id", name="two_people"),
    )

    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    number: Mapped[int]
    cut: Mapped[float] = mapped_column(sa.Double)
    """As a share of the maximum."""
    standard_error: Mapped[float] = mapped_column(sa.Double)
    """How far another panel might have put it, as a share."""
    judges: Mapped[int]
    rounds: Mapped[int]
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_study.id"))
    opened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    adopted_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    reason: Mapped[str]
    adopted_at: Mapped[datetime]


class CutQuality(Base):
    """How surely a cut decides on a form, from the scores so far: the worker writes it anew."""

    __tablename__ = "cut_quality"
    __table_args__ = (
        sa.PrimaryKeyConstraint("form_id", "cut"),
        sa.CheckConstraint("attempts >= 1", name="from_attempts"),
        sa.CheckConstraint("0 <= accuracy AND accuracy <= 1", name="accuracy_is_a_share"),
        sa.CheckConstraint("0 <= consistency AND consistency <= 1", name="consistency_is_a_share"),
        sa.CheckConstraint("0 <= false_pass AND false_pass <= 1", name="false_pass_is_a_share"),
        sa.CheckConstraint("0 <= false_fail AND false_fail <= 1", name="false_fail_is_a_share"),
    )

    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    cut: Mapped[float] = mapped_column(sa.Double)
    attempts: Mapped[int]
    accuracy: Mapped[float] = mapped_column(sa.Double)
    consistency: Mapped[float] = mapped_column(sa.Double)
    false_pass: Mapped[float] = mapped_column(sa.Double)
    false_fail: Mapped[float] = mapped_column(sa.Double)
    computed_at: Mapped[datetime]
