"""The question bank: exams, immutable question versions, their keys apart, forms in order."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class Exam(Base):
    """An instrument. An attempt keeps its own copy of what applied when it began."""

    __tablename__ = "exam"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name="cut_is_a_share"),
        sa.CheckConstraint("allowed_minutes > 0", name="time_is_allowed"),
        sa.CheckConstraint("cool_down_days >= 0", name="cool_down_not_negative"),
        sa.CheckConstraint("maximum_attempts >= 1", name="one_attempt_at_least"),
        sa.CheckConstraint("valid_months >= 1", name="valid_a_month_at_least"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    slug: Mapped[str]
    title: Mapped[str]
    purpose: Mapped[str]
    instructions: Mapped[str]
    qualification_id: Mapped[int] = mapped_column(sa.ForeignKey("qualification.id"))
    valid_months: Mapped[int]
    allowed_minutes: Mapped[int]
    cut: Mapped[float] = mapped_column(sa.Double)
    """The pass mark as a share of the maximum."""
    cool_down_days: Mapped[int]
    maximum_attempts: Mapped[int]
    areas: Mapped[list[Any]]
    created_at: Mapped[datetime]
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), default=None
    )


class QuestionType(StrEnum):
    """The kinds of question; each has its file in `exams/questions/`."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    NUMERIC = "numeric"
    FAULTY_STEP = "faulty_step"
    PREFERENCE = "preference"


class Question(Base):
    """One thing asked, whatever its wording; its versions hold the words."""

    __tablename__ = "question"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("exam_id", "slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    slug: Mapped[str]


class QuestionVersion(Base):
    """What is shown, never edited. Nothing in it tells the answer."""

    __tablename__ = "question_version"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("question_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"))
    number: Mapped[int]
    type: Mapped[QuestionType]
    area: Mapped[str]
    points: Mapped[int]
    content: Mapped[dict[str, Any]]
    sha256: Mapped[bytes]
    created_at: Mapped[datetime]


class QuestionKey(Base):
    """The answer to a version, and why: written by whoever imports, read by the worker only."""

    __tablename__ = "question_key"
    __table_args__ = (
        sa.PrimaryKeyConstraint("question_version_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
        {"schema": "keys"},
    )

    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    number: Mapped[int]
    key: Mapped[dict[str, Any]]
    rationale: Mapped[str]
    difficulty: Mapped[float] = mapped_column(sa.Double)
    """An author's guess until it is calibrated: -2 easy to 2 hard."""
    sha256: Mapped[bytes]
    created_at: Mapped[datetime]


class Form(Base):
    """One assembled set; never edited."""

    __tablename__ = "form"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("exam_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    number: Mapped[int]
    created_at: Mapped[datetime]


class FormQuestion(Base):
    """Which version stands at which place of a form."""

    __tablename__ = "form_question"
    __table_args__ = (
        sa.PrimaryKeyConstraint("form_id", "position"),
        sa.UniqueConstraint("form_id", "question_version_id"),
        sa.CheckConstraint("position >= 1", name="position_from_one"),
    )

    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    position: Mapped[int]
    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
