"""Whether an exam has what an adaptive test needs."""

from typing import Final

import sqlalchemy as sa

from exams.models import Question, QuestionVersion
from exams.models.measurement import ItemCalibration

ENOUGH_QUESTIONS: Final = 300
"""With fewer, the most informative ones would be asked of nearly everybody and soon be known."""


def calibrated(exam_id: int) -> sa.Select[int]:
    """How many of an exam's question versions have parameters of their own."""
    return (
        sa.select(sa.func.count(sa.distinct(ItemCalibration.question_version_id)))
        .join(QuestionVersion, QuestionVersion.id == ItemCalibration.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == exam_id, ItemCalibration.slope.is_not(None))
    )
