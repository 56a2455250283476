"""Adaptive designs, the questions that one can be drawn from, and what the next choice rests on."""

from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    BASE_LOCALE,
    AdaptiveDesign,
    Attempt,
    DesignQuestion,
    DesignState,
    FormCalibration,
    FormQuestion,
    ItemCalibration,
    KeyStanding,
    Question,
    QuestionState,
    QuestionType,
    QuestionVersion,
    QuestionVoid,
    Standing,
)
from exams.queries import bank

ENOUGH_QUESTIONS: Final = 300
"""With fewer, the most informative ones would be asked of nearly everybody and soon be known."""
ENOUGH_ANSWERS: Final = 200
"""Answers from which a question's calibration is trusted."""
SCORED_AT_ONCE: Final = (
    QuestionType.SINGLE,
    QuestionType.MULTIPLE,
    QuestionType.NUMERIC,
    QuestionType.FAULTY_STEP,
    QuestionType.PREFERENCE,
    QuestionType.ORDER,
    QuestionType.MATCH,
    QuestionType.POLICY_CASE,
)
"""Kinds whose answers the database scores by itself (`keys.credit`)."""
_MODELS: Final = ("1pl", "2pl", "gpcm")
"""Calibrated models that share the scale on which people are N(0, 1)."""


def eligible(exam_id: int) -> sa.Select[Any]:
    """Every question that an adaptive test may ask, with its newest parameters, in a fixed order.

    In use, in the base language, scored by its key at once, behind no gate, and calibrated from enough
    answers. Columns: `QuestionVersion`, `ItemCalibration`, the model, the newest approved key's number.
    """
    newest = (
        sa.select(
            ItemCalibration.question_version_id,
            sa.func.max(ItemCalibration.calibration_id).label("calibration_id"),
        )
        .join(FormCalibration, FormCalibration.id == ItemCalibration.calibration_id)
        .where(_usable())
        .group_by(ItemCalibration.question_version_id)
        .subquery()
    )
    key = (
        sa.select(sa.func.max(KeyStanding.number))
        .where(KeyStanding.question_version_id == QuestionVersion.id, bank.counted_keys())
        .scalar_subquery()
    )
    return (
        sa.select(QuestionVersion, ItemCalibration, FormCalibration.model, key.label("key_number"))
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(Standing, Standing.question_version_id == QuestionVersion.id)
        .join(newest, newest.c.question_version_id == QuestionVersion.id)
        .join(
            ItemCalibration,
            sa.and_(
                ItemCalibration.question_version_id == newest.c.question_version_id,
                ItemCalibration.calibration_id == newest.c.calibration_id,
            ),
        )
        .join(FormCalibration, FormCalibration.id == ItemCalibration.calibration_id)
        .where(Question.exam_id == exam_id, _askable(), key.is_not(None))
        .order_by(QuestionVersion.id)
    )


def _usable() -> sa.ColumnElement[bool]:
    steps = sa.func.jsonb_array_length(ItemCalibration.intercepts)
    return sa.and_(
        ItemCalibration.slope > 0,
        ItemCalibration.answers >= ENOUGH_ANSWERS,
        steps >= 1,
        sa.func.jsonb_array_length(ItemCalibration.levels) == steps + 1,
        FormCalibration.model.in_(_MODELS),
        FormCalibration.converged,
    )


def _askable() -> sa.ColumnElement[bool]:
    return sa.and_(
        Standing.state == QuestionState.LIVE,
        QuestionVersion.locale == BASE_LOCALE,
        QuestionVersion.type.in_(SCORED_AT_ONCE),
        QuestionVersion.warning.is_(None),
        QuestionVersion.id.not_in(sa.select(QuestionVoid.question_version_id)),
    )


def calibrated(exam_id: int) -> sa.Select[int]:
    """How many questions of an exam an adaptive test could ask."""
    return sa.select(sa.func.count()).select_from(eligible(exam_id).order_by(None).subquery())


def designs_of(exam_id: int) -> sa.Select[AdaptiveDesign]:
    """An exam's designs, the newest first."""
    mine = sa.select(AdaptiveDesign).where(AdaptiveDesign.exam_id == exam_id)
    return mine.order_by(AdaptiveDesign.number.desc())


def in_use(exam_id: int) -> sa.Select[AdaptiveDesign]:
    """The design by which attempts begin, if there is one."""
    return designs_of(exam_id).where(AdaptiveDesign.state == DesignState.IN_USE)


def noteworthy(session: Session) -> dict[int, AdaptiveDesign]:
    """By exam the design that waits for a second person, else the one in use."""
    found = sa.select(AdaptiveDesign).where(
        AdaptiveDesign.state.in_([DesignState.SHOWN, DesignState.IN_USE])
    )
    ordered = found.order_by(AdaptiveDesign.state == DesignState.SHOWN, AdaptiveDesign.number)
    return {one.exam_id: one for one in session.scalars(ordered)}


class Drawable(NamedTuple):
    """A question of a bank, beside what the step needs of its version."""

    question: DesignQuestion
    question_id: int
    area: str
    points: int
    minutes: float


def bank_of(session: Session, design_id: int) -> list[Drawable]:
    """A design's questions, by place."""
    query = (
        sa.select(
            DesignQuestion,
            QuestionVersion.question_id,
            QuestionVersion.area,
            QuestionVersion.points,
            QuestionVersion.minutes,
        )
        .join(QuestionVersion, QuestionVersion.id == DesignQuestion.question_version_id)
        .where(DesignQuestion.design_id == design_id)
        .order_by(DesignQuestion.place)
    )
    return [Drawable(*row) for row in session.execute(query)]


def closed(session: Session, design_id: int, account_id: int) -> list[int]:
    """Places of a bank that this person is not to be asked now, in order.

    What they have seen in this exam, in whichever version, and what is no longer in use or void.
    """
    seen = (
        sa.select(QuestionVersion.question_id)
        .join(FormQuestion, FormQuestion.question_version_id == QuestionVersion.id)
        .join(Attempt, Attempt.form_id == FormQuestion.form_id)
        .join(AdaptiveDesign, AdaptiveDesign.exam_id == Attempt.exam_id)
        .where(Attempt.account_id == account_id, AdaptiveDesign.id == design_id)
    )
    query = (
        sa.select(DesignQuestion.place)
        .join(QuestionVersion, QuestionVersion.id == DesignQuestion.question_version_id)
        .join(Standing, Standing.question_version_id == QuestionVersion.id)
        .where(DesignQuestion.design_id == design_id)
        .where(sa.or_(QuestionVersion.question_id.in_(seen), ~_askable()))
        .order_by(DesignQuestion.place)
    )
    return list(session.scalars(query))


def drawn(session: Session, attempt: Attempt) -> list[int]:
    """The places of the bank that an attempt was asked, in order."""
    query = (
        sa.select(DesignQuestion.place)
        .join(FormQuestion, FormQuestion.question_version_id == DesignQuestion.question_version_id)
        .where(
            FormQuestion.form_id == attempt.form_id, DesignQuestion.design_id == attempt.design_id
        )
        .order_by(FormQuestion.position)
    )
    return list(session.scalars(query))


def credits_due(session: Session, attempt: Attempt) -> list[float]:
    """What each answer of an attempt earns, from 0 to 1: only while its next question is due.

    Through the one function that the database offers for it. It gives nothing of an attempt that is
    another person's, has ended, or whose newest question is not answered for good.
    """
    asked = sa.text("SELECT credit FROM keys.adaptive_credits(:attempt, :person)")
    given = {"attempt": attempt.id, "person": attempt.account_id}
    return list(session.scalars(asked, given))
