"""What pages tell of questions and forms in sum: exposure, pilots, where each stands, how forms compare."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from exams.models import (
    Attempt,
    AttemptScore,
    AttemptState,
    FairnessStudy,
    Form,
    FormCalibration,
    FormQuestion,
    ItemCalibration,
    Question,
    QuestionLeak,
    QuestionState,
    QuestionStatistic,
    QuestionStudy,
    QuestionVersion,
    Standing,
)


@dataclass(frozen=True)
class Exposure:
    """How many of the sittings that are over had a question on them."""

    seen: int
    of: int

    @property
    def share(self) -> float | None:
        """None before the first sitting."""
        return self.seen / self.of if self.of else None


def exposures(session: Session, exam_id: int, version_ids: list[int]) -> dict[int, Exposure]:
    """Of each version, on fixed forms and on forms drawn for one person alike."""
    over = sa.and_(
        Attempt.exam_id == exam_id,
        Attempt.finished_at.is_not(None),
        Attempt.state != AttemptState.VOIDED,
    )
    total = session.scalar(sa.select(sa.func.count()).select_from(Attempt).where(over)) or 0
    counted = (
        sa.select(FormQuestion.question_version_id, sa.func.count())
        .join(Attempt, Attempt.form_id == FormQuestion.form_id)
        .where(over, FormQuestion.question_version_id.in_(version_ids))
        .group_by(FormQuestion.question_version_id)
    )
    seen = dict(session.execute(counted).all())
    return {version: Exposure(seen.get(version, 0), total) for version in version_ids}


def calibrations_of(version_id: int) -> sa.Select[ItemCalibration, FormCalibration, Form]:
    """A version's newest calibration on each form, the one of most attempts first."""
    later = aliased(FormCalibration)
    newer = sa.exists().where(
        later.form_id == FormCalibration.form_id, later.id > FormCalibration.id
    )
    return (
        sa.select(ItemCalibration, FormCalibration, Form)
        .join(FormCalibration, FormCalibration.id == ItemCalibration.calibration_id)
        .join(Form, Form.id == FormCalibration.form_id)
        .where(ItemCalibration.question_version_id == version_id, ~newer)
        .order_by(FormCalibration.attempts.desc(), Form.number)
    )


def study_of(session: Session, found: ItemCalibration) -> QuestionStudy | None:
    """What lies beside a question's calibration; None of calibrations from before it was kept."""
    return session.get(QuestionStudy, (found.calibration_id, found.position))


def studies_of(session: Session, calibration: FormCalibration) -> dict[int, QuestionStudy]:
    """Of every question of a calibration, by position."""
    query = sa.select(QuestionStudy).where(QuestionStudy.calibration_id == calibration.id)
    return {one.position: one for one in session.scalars(query)}


def fixed_forms(exam_id: int) -> sa.Select[Form]:
    """Forms that many people sit, the newest first."""
    mine = sa.select(Form).where(Form.exam_id == exam_id, Form.design_id.is_(None))
    return mine.order_by(Form.number.desc(), Form.locale)


def forms_with(version_id: int) -> sa.Select[Form, FormQuestion]:
    """Where a version stands, and at which place."""
    return (
        sa.select(Form, FormQuestion)
        .join(FormQuestion, FormQuestion.form_id == Form.id)
        .where(FormQuestion.question_version_id == version_id, Form.design_id.is_(None))
        .order_by(Form.number.desc(), Form.locale)
    )


def other_versions(
    version: QuestionVersion,
) -> sa.Select[QuestionVersion, Standing, QuestionStatistic]:
    """Every version of the question in the same language with how it did."""
    return (
        sa.select(QuestionVersion, Standing, QuestionStatistic)
        .join(Standing, Standing.question_version_id == QuestionVersion.id)
        .outerjoin(QuestionStatistic, QuestionStatistic.question_version_id == QuestionVersion.id)
        .where(
            QuestionVersion.question_id == version.question_id,
            QuestionVersion.locale == version.locale,
        )
        .order_by(QuestionVersion.number.desc())
    )


def pilots(
    exam_id: int,
) -> sa.Select[Question, QuestionVersion, Standing, QuestionStatistic]:
    """Versions on trial with how they did so far, the most answered first."""
    seen = sa.func.coalesce(QuestionStatistic.seen, 0)
    return (
        sa.select(Question, QuestionVersion, Standing, QuestionStatistic)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(Standing, Standing.question_version_id == QuestionVersion.id)
        .outerjoin(QuestionStatistic, QuestionStatistic.question_version_id == QuestionVersion.id)
        .where(Question.exam_id == exam_id, Standing.state == QuestionState.PILOT)
        .order_by(seen.desc(), Question.slug, QuestionVersion.locale)
    )


def newest_calibrations(version_ids: list[int]) -> sa.Select[ItemCalibration]:
    """Of each version the newest calibration, on whichever form."""
    newest = (
        sa.select(sa.func.max(ItemCalibration.calibration_id).label("calibration_id"))
        .add_columns(ItemCalibration.question_version_id)
        .where(ItemCalibration.question_version_id.in_(version_ids))
        .group_by(ItemCalibration.question_version_id)
        .subquery()
    )
    return sa.select(ItemCalibration).join(
        newest,
        sa.and_(
            newest.c.calibration_id == ItemCalibration.calibration_id,
            newest.c.question_version_id == ItemCalibration.question_version_id,
        ),
    )


def outcomes(form_ids: list[int]) -> sa.Select[int, int, int, float]:
    """By form: first attempts that are scored, how many of them passed, and their mean share."""
    newest = (
        sa.select(AttemptScore.attempt_id, sa.func.max(AttemptScore.number).label("number"))
        .group_by(AttemptScore.attempt_id)
        .subquery()
    )
    return (
        sa.select(
            Attempt.form_id,
            sa.func.count(),
            sa.func.count().filter(AttemptScore.passed),
            sa.func.avg(AttemptScore.raw / AttemptScore.maximum),
        )
        .join(newest, newest.c.attempt_id == Attempt.id)
        .join(
            AttemptScore,
            sa.and_(
                AttemptScore.attempt_id == newest.c.attempt_id,
                AttemptScore.number == newest.c.number,
            ),
        )
        .where(
            Attempt.form_id.in_(form_ids),
            Attempt.number == 1,
            Attempt.state != AttemptState.VOIDED,
        )
        .group_by(Attempt.form_id)
    )


def leaks(question_id: int) -> sa.Select[QuestionLeak]:
    """What was said of a question being known outside, the newest first."""
    mine = sa.select(QuestionLeak).where(QuestionLeak.question_id == question_id)
    return mine.order_by(QuestionLeak.id.desc())


def known_outside() -> sa.Select[int]:
    """The questions that are held to be known outside now."""
    later = aliased(QuestionLeak)
    newer = sa.exists().where(
        later.question_id == QuestionLeak.question_id, later.id > QuestionLeak.id
    )
    return sa.select(QuestionLeak.question_id).where(QuestionLeak.known, ~newer)


def fairness_studies(exam_id: int) -> sa.Select[FairnessStudy]:
    """Every look at fairness, the newest first."""
    mine = sa.select(FairnessStudy).where(FairnessStudy.exam_id == exam_id)
    return mine.order_by(FairnessStudy.number.desc())
