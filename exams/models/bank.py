"""The question bank: exams, immutable question versions, their keys apart, forms in order."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial

BASE_LOCALE: Final = "en"
"""The language in which questions are written first."""


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
        sa.CheckConstraint(
            "0 <= maximum_overlap AND maximum_overlap <= 1", name="overlap_is_a_share"
        ),
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
    maximum_overlap: Mapped[float] = mapped_column(sa.Double)
    """The share of a form's questions that somebody who sits again may have seen before."""
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
    SHORT_TEXT = "short_text"
    ORDER = "order"
    MATCH = "match"
    ESSAY = "essay"
    POLICY_CASE = "policy_case"
    WRITING_SAMPLE = "writing_sample"


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


class Stimulus(Base):
    """A text that several questions are about, whatever its wording."""

    __tablename__ = "stimulus"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("exam_id", "slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    slug: Mapped[str]


class StimulusVersion(Base):
    """The words of a stimulus, never edited."""

    __tablename__ = "stimulus_version"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stimulus_id", "locale", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    stimulus_id: Mapped[int] = mapped_column(sa.ForeignKey("stimulus.id"))
    locale: Mapped[str]
    number: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    sha256: Mapped[bytes]
    created_at: Mapped[datetime]


class QuestionVersion(Base):
    """What is shown, never edited. Nothing in it tells the answer."""

    __tablename__ = "question_version"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("question_id", "locale", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.CheckConstraint("minutes > 0", name="minutes_positive"),
        sa.CheckConstraint("locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'", name="locale_is_a_tag"),
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
    locale: Mapped[str] = mapped_column(default=BASE_LOCALE)
    """A variant says the same in another language, with the same key."""
    minutes: Mapped[float] = mapped_column(sa.Double, default=1.5)
    """The time it is expected to take."""
    warning: Mapped[str | None] = mapped_column(default=None)
    """What may hurt to read; the question then stands behind a gate."""
    stimulus_version_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("stimulus_version.id"), default=None
    )


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
        sa.UniqueConstraint("id", "design_id"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.Index(
            "uq_form_exam_id_number_locale",
            "exam_id",
            "number",
            "locale",
            unique=True,
            postgresql_where=sa.text("design_id IS NULL"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    number: Mapped[int]
    created_at: Mapped[datetime]
    locale: Mapped[str] = mapped_column(default=BASE_LOCALE)
    """Forms of one number hold the same questions in different languages."""
    design_id: Mapped[int | None] = mapped_column(sa.ForeignKey("adaptive_design.id"), default=None)
    """The adaptive design by which it is drawn, question by question, for one attempt."""


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
    scored: Mapped[bool] = mapped_column(default=True)
    """Pilot questions are answered like any other and count nothing."""
