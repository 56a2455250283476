"""Grading by people: texts that wait, the grades of two people who know nothing of each other, and what came of it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial, move
from portal.errors import Conflict
from portal.ids import RandomId

GRADE_WITHIN: Final = timedelta(days=7)
"""When a text that was not graded by then goes to a named person."""
HOLD: Final = timedelta(days=2)
"""How long somebody keeps a text that they have opened."""


class CaseState(StrEnum):
    """How far a text has come."""

    OPEN = "open"  # waits for two grades
    ADJUDICATION = "adjudication"  # the two differ too much: a third person decides
    SETTLED = "settled"


_TRANSITIONS: Final = {
    CaseState.OPEN: {CaseState.ADJUDICATION, CaseState.SETTLED},
    CaseState.ADJUDICATION: {CaseState.SETTLED},
}


class GradingCase(Base):
    """One text to be graded: of an attempt, or a seed whose bands were agreed on beforehand.

    It holds all that graders see, copied when the attempt ended: nothing on it leads to a person.
    """

    __tablename__ = "grading_case"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("attempt_id", "position"),
        sa.CheckConstraint(
            "(attempt_id IS NULL) = (position IS NULL)", name="position_of_an_attempt"
        ),
        sa.CheckConstraint("attempt_id IS NOT NULL OR state = 'open'", name="seeds_stay_open"),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_at IS NOT NULL AND bands IS NOT NULL)",
            name="settled_has_bands",
        ),
        sa.CheckConstraint(
            "(attempt_id IS NULL OR state = 'settled') = (due_at IS NULL)", name="waiting_has_clock"
        ),
        sa.CheckConstraint("due_at IS NOT NULL OR named_id IS NULL", name="named_while_waiting"),
        sa.CheckConstraint("position >= 1", name="position_from_one"),
        sa.Index("ix_grading_case_exam_id", "exam_id", "state"),
        sa.Index(
            "ix_grading_case_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    key_number: Mapped[int]
    rubric: Mapped[list[Any]]
    """Criteria with their bands and anchors, as the key had them."""
    text: Mapped[str]
    opened_at: Mapped[datetime]
    attempt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attempt.id"), default=None)
    position: Mapped[int | None] = mapped_column(default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    state: Mapped[CaseState] = mapped_column(default=CaseState.OPEN, init=False)
    named_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), default=None, init=False
    )
    """With whom it waits, once its clock has run out."""
    settled_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    bands: Mapped[dict[str, Any] | None] = mapped_column(default=None, init=False)

    @property
    def seeded(self) -> bool:
        """Whether it measures graders and not a person."""
        return self.attempt_id is None

    def adjudicate(self) -> None:
        """The two differ too much."""
        self.state = move(_TRANSITIONS, self.state, CaseState.ADJUDICATION)

    def settle(self, bands: dict[str, float], *, now: datetime) -> None:
        """It is decided; the attempt's score may be computed."""
        self.state = move(_TRANSITIONS, self.state, CaseState.SETTLED)
        self.bands, self.settled_at = dict(bands), now
        self.due_at, self.named_id = None, None

    def hand_over(self, *, named_id: int | None, due_at: datetime) -> None:
        """The clock ran out: somebody is named. Nothing is decided by it."""
        self.named_id, self.due_at = named_id, due_at


class Grade(Base):
    """What one person says about one text. Given once, never changed."""

    __tablename__ = "grade"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("case_id", "grader_id"),
        sa.CheckConstraint("(given_at IS NULL) = (bands IS NULL)", name="given_has_bands"),
        sa.CheckConstraint("given_at >= taken_at", name="given_after_taken"),
        sa.Index(
            "uq_grade_one_open",
            "grader_id",
            unique=True,
            postgresql_where=sa.text("given_at IS NULL"),
        ),
        sa.Index(
            "uq_grade_one_adjudication",
            "case_id",
            unique=True,
            postgresql_where=sa.text("adjudicates"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("grading_case.id"))
    grader_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    adjudicates: Mapped[bool]
    taken_at: Mapped[datetime]
    given_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    bands: Mapped[dict[str, Any] | None] = mapped_column(default=None, init=False)
    comment: Mapped[str] = mapped_column(default="", init=False)

    def give(self, bands: dict[str, int], *, comment: str, now: datetime) -> None:
        """Say what it deserves."""
        if self.given_at is not None:
            raise Conflict("You have graded this text already.")
        self.bands, self.comment, self.given_at = dict(bands), comment, now


class SeedGrade(Base):
    """The bands agreed on for a seed: with the keys, so that no page can give them away."""

    __tablename__ = "seed_grade"
    __table_args__ = (sa.PrimaryKeyConstraint("case_id"), {"schema": "keys"})

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("grading_case.id"))
    bands: Mapped[dict[str, Any]]


class SeedDeviation(Base):
    """How far one grade of a seed lies from what was agreed, in bands; append-only."""

    __tablename__ = "seed_deviation"
    __table_args__ = (sa.PrimaryKeyConstraint("grade_id"),)

    grade_id: Mapped[int] = mapped_column(sa.ForeignKey("grade.id"))
    bands: Mapped[dict[str, Any]]
    """By criterion: above 0 the grader was kinder than agreed, below 0 stricter."""
    found_at: Mapped[datetime]


class TextSketch(Base):
    """The fingerprint of a writing sample, by which others are found to be like it."""

    __tablename__ = "text_sketch"
    __table_args__ = (
        sa.PrimaryKeyConstraint("attempt_id", "position"),
        sa.Index("ix_text_sketch_question_id", "question_id"),
    )

    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    position: Mapped[int]
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"))
    sketch: Mapped[list[int]]


class TextLikeness(Base):
    """Two people's samples say nearly the same: evidence for a person, on which nothing acts."""

    __tablename__ = "text_likeness"
    __table_args__ = (
        sa.PrimaryKeyConstraint("attempt_id", "position", "other_attempt_id"),
        sa.CheckConstraint("share > 0 AND share <= 1", name="share_is_a_share"),
        sa.CheckConstraint("attempt_id <> other_attempt_id", name="of_two_attempts"),
        sa.Index("ix_text_likeness_other_attempt_id", "other_attempt_id"),
    )

    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    position: Mapped[int]
    other_attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    share: Mapped[float] = mapped_column(sa.Double)
    passages: Mapped[list[str]]
    found_at: Mapped[datetime]
