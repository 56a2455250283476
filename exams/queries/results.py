"""What an exam shows in sum: how far people come, how they score, how the questions do."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptScore,
    AttemptState,
    Exam,
    FormQuestion,
    Question,
    QuestionStatistic,
    QuestionVersion,
)


def funnel(session: Session, exam_id: int) -> tuple[int, int, int]:
    """How many people began, finished, passed."""
    people = sa.func.count(sa.distinct(Attempt.account_id))
    finished = people.filter(Attempt.finished_at.is_not(None))
    passed = people.filter(Attempt.state == AttemptState.PASSED)
    counted = sa.select(people, finished, passed).where(Attempt.exam_id == exam_id)
    began, ended, through = session.execute(counted).one()
    return began, ended, through


def shares(session: Session, exam_id: int) -> list[float]:
    """The newest score of each attempt as a share, without names."""
    newest = (
        sa.select(AttemptScore.raw / AttemptScore.maximum)
        .join(Attempt, Attempt.id == AttemptScore.attempt_id)
        .where(Attempt.exam_id == exam_id)
        .ext(distinct_on(AttemptScore.attempt_id))
        .order_by(AttemptScore.attempt_id, AttemptScore.number.desc())
    )
    return list(session.scalars(newest))


def question_table(
    session: Session, form_id: int
) -> list[tuple[int, Question, QuestionVersion, QuestionStatistic | None]]:
    """Each place of a form with how it did so far."""
    query = (
        sa.select(FormQuestion.position, Question, QuestionVersion, QuestionStatistic)
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .outerjoin(QuestionStatistic, QuestionStatistic.question_version_id == QuestionVersion.id)
        .where(FormQuestion.form_id == form_id)
        .order_by(FormQuestion.position)
    )
    return [(place, one, version, stat) for place, one, version, stat in session.execute(query)]


def results_of(
    session: Session, account_id: int, *, before: datetime | None = None
) -> list[tuple[Attempt, Exam, AttemptScore]]:
    """The person's scored attempts with their newest scores, newest first."""
    query = (
        sa.select(Attempt, Exam, AttemptScore)
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(AttemptScore, AttemptScore.attempt_id == Attempt.id)
        .where(Attempt.account_id == account_id)
        .ext(distinct_on(Attempt.id))
        .order_by(Attempt.id.desc(), AttemptScore.number.desc())
    )
    if before is not None:
        query = query.where(Attempt.finished_at < before)
    return [(attempt, exam, score) for attempt, exam, score in session.execute(query)]
