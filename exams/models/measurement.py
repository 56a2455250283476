"""What the worker found out about a form and its questions; never changed, a new look adds a row."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class FormCalibration(Base):
    """A form's calibration from the attempts there were. The same attempts give the same row."""

    __tablename__ = "form_calibration"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("form_id", "inputs_sha256"),
        sa.CheckConstraint("attempts >= 1", name="from_attempts"),
        sa.CheckConstraint("length(inputs_sha256) = 32", name="sha256_is_32_bytes"),
        sa.CheckConstraint(
            "(model IS NULL) = (log_likelihood IS NULL)", name="likelihood_iff_a_model"
        ),
        sa.CheckConstraint("model IS NOT NULL OR NOT converged", name="only_a_model_converges"),
        sa.CheckConstraint(
            "(model IS NULL) = (reliability IS NULL)", name="reliability_iff_a_model"
        ),
        sa.CheckConstraint("(alpha IS NULL) = (alpha_se IS NULL)", name="alpha_has_its_error"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    inputs_sha256: Mapped[bytes]
    """Of the attempts and the points they earned."""
    attempts: Mapped[int]
    model: Mapped[str | None]
    converged: Mapped[bool]
    log_likelihood: Mapped[float | None] = mapped_column(sa.Double)
    alpha: Mapped[float | None] = mapped_column(sa.Double)
    alpha_se: Mapped[float | None] = mapped_column(sa.Double)
    reliability: Mapped[float | None] = mapped_column(sa.Double)
    curve: Mapped[list[Any]]
    """At each ability: expected share of the points, and information."""
    notes: Mapped[list[Any]]
    computed_at: Mapped[datetime]


class ItemCalibration(Base):
    """One question of a form's calibration."""

    __tablename__ = "item_calibration"
    __table_args__ = (
        sa.PrimaryKeyConstraint("calibration_id", "position"),
        sa.CheckConstraint("answers >= 0", name="answers_not_negative"),
        sa.CheckConstraint("0 <= share AND share <= 1", name="share_is_a_share"),
        sa.CheckConstraint(
            "-1 <= discrimination AND discrimination <= 1", name="discrimination_is_a_correlation"
        ),
        sa.CheckConstraint("0 <= fit_p AND fit_p <= 1", name="fit_p_is_a_share"),
        sa.CheckConstraint("median_seconds >= 0", name="seconds_not_negative"),
        sa.CheckConstraint("(slope IS NULL) = (left_out IS NOT NULL)", name="slope_or_why_not"),
        sa.Index("ix_item_calibration_question_version_id", "question_version_id"),
    )

    calibration_id: Mapped[int] = mapped_column(sa.ForeignKey("form_calibration.id"))
    position: Mapped[int]
    question_version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"))
    answers: Mapped[int]
    share: Mapped[float | None] = mapped_column(sa.Double)
    share_se: Mapped[float | None] = mapped_column(sa.Double)
    discrimination: Mapped[float | None] = mapped_column(sa.Double)
    discrimination_se: Mapped[float | None] = mapped_column(sa.Double)
    slope: Mapped[float | None] = mapped_column(sa.Double)
    slope_se: Mapped[float | None] = mapped_column(sa.Double)
    intercepts: Mapped[list[Any]]
    levels: Mapped[list[Any]]
    """The points of each category, lowest first."""
    fit_p: Mapped[float | None] = mapped_column(sa.Double)
    median_seconds: Mapped[float | None] = mapped_column(sa.Double)
    left_out: Mapped[str | None]


class QuestionStudy(Base):
    """How people of each ability answered one question of a calibration, beside what the model expects."""

    __tablename__ = "question_study"
    __table_args__ = (
        sa.PrimaryKeyConstraint("calibration_id", "position"),
        sa.ForeignKeyConstraint(
            ["calibration_id", "position"],
            ["item_calibration.calibration_id", "item_calibration.position"],
        ),
        sa.CheckConstraint("infit >= 0", name="infit_not_negative"),
        sa.CheckConstraint("outfit >= 0", name="outfit_not_negative"),
    )

    calibration_id: Mapped[int]
    position: Mapped[int]
    groups: Mapped[list[Any]]
    """From the weakest: mean ability, how many people, and the share of them in each category."""
    curve: Mapped[list[Any]]
    """At each ability the model's share of each category; empty where nothing was estimated."""
    options: Mapped[list[Any]]
    """Who chose what: shares by ability group, and how choosing it goes with the other questions."""
    infit: Mapped[float | None] = mapped_column(sa.Double)
    outfit: Mapped[float | None] = mapped_column(sa.Double)


class QuestionLeak(Base):
    """That a question was found outside, or that it turned out not to be; the newest row holds."""

    __tablename__ = "question_leak"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("length(trim(words)) > 0", name="says_where"),
        sa.Index("ix_question_leak_question_id", "question_id"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"))
    known: Mapped[bool]
    words: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    at: Mapped[datetime]
