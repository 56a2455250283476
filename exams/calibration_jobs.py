"""What the worker measures about forms: their calibration, kept with the attempts it came from."""

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptState,
    FormCalibration,
    FormQuestion,
    ItemCalibration,
    JobName,
    QuestionVersion,
    ResponseScore,
)
from exams.psychometrics.form_analysis import FEWEST, FormAnalysis, analyse
from exams.question_studies import studies
from portal import clock
from portal.db import transaction
from portal.jobs import job

MOST_ATTEMPTS: Final = 20_000
"""The newest; more would say no more of a question."""


@job(JobName.CALIBRATE)
def calibrate_forms(_slot: int) -> None:
    """Calibrate every form that enough people have sat. Safe to run twice: the same inputs add nothing."""
    with transaction() as session:
        enough = (
            sa.select(Attempt.form_id)
            .where(_counted())
            .group_by(Attempt.form_id)
            .having(sa.func.count() >= FEWEST)
        )
        forms = list(session.scalars(enough.order_by(Attempt.form_id)))
    for form_id in forms:
        with transaction() as session:
            _calibrate(session, form_id, now=clock.now(session))


def _calibrate(session: Session, form_id: int, *, now: datetime) -> None:
    placed = (
        sa.select(FormQuestion, QuestionVersion)
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .where(FormQuestion.form_id == form_id)
        .order_by(FormQuestion.position)
    )
    places = session.execute(placed).all()
    versions = {place.position: version for place, version in places}
    attempts, earned, seconds = _answers(session, form_id, list(versions))
    told = hashlib.sha256(np.array(attempts, dtype=np.int64).tobytes() + earned.tobytes()).digest()
    before = sa.select(FormCalibration.id).where(
        FormCalibration.form_id == form_id, FormCalibration.inputs_sha256 == told
    )
    if len(attempts) < FEWEST or session.scalar(before) is not None:
        return
    points = np.array([version.points for version in versions.values()], np.float64)
    scored = np.array([place.scored for place, _version in places])
    found = analyse(earned, points, seconds, scored=scored)
    row = _row(form_id, told, found, now)
    _keep(session, row, found, versions)
    session.add_all(
        studies(
            session,
            found,
            calibration_id=row.id,
            versions=versions,
            attempts=attempts,
            earned=earned,
        )
    )


def _row(form_id: int, told: bytes, found: FormAnalysis, now: datetime) -> FormCalibration:
    return FormCalibration(
        form_id=form_id,
        inputs_sha256=told,
        attempts=found.persons,
        model=found.model,
        converged=found.converged,
        log_likelihood=found.log_likelihood,
        alpha=found.alpha,
        alpha_se=found.alpha_se,
        reliability=found.reliability,
        curve=[asdict(point) for point in found.curve],
        notes=list(found.notes),
        computed_at=now,
    )


def _answers(
    session: Session, form_id: int, positions: list[int]
) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Attempts, and (attempts, places) points and seconds of their newest scores."""
    newest = (
        sa.select(ResponseScore.attempt_id, sa.func.max(ResponseScore.score_number).label("number"))
        .join(Attempt, Attempt.id == ResponseScore.attempt_id)
        .where(Attempt.form_id == form_id, _counted())
        .group_by(ResponseScore.attempt_id)
        .order_by(ResponseScore.attempt_id.desc())
        .limit(MOST_ATTEMPTS)
        .subquery()
    )
    rows = session.execute(
        sa.select(
            ResponseScore.attempt_id,
            ResponseScore.position,
            ResponseScore.earned,
            ResponseScore.seconds,
        ).join(
            newest,
            sa.and_(
                newest.c.attempt_id == ResponseScore.attempt_id,
                newest.c.number == ResponseScore.score_number,
            ),
        )
    ).all()
    attempts = sorted({attempt for attempt, _, _, _ in rows})
    row = {attempt: number for number, attempt in enumerate(attempts)}
    column = {position: number for number, position in enumerate(positions)}
    earned = np.full((len(attempts), len(positions)), np.nan)
    seconds = np.full_like(earned, np.nan)
    for attempt, position, points, took in rows:
        cell = row[attempt], column[position]
        earned[cell], seconds[cell] = points, np.nan if took is None else took
    return attempts, earned, seconds


def _keep(
    session: Session,
    calibration: FormCalibration,
    found: FormAnalysis,
    versions: dict[int, QuestionVersion],
) -> None:
    session.add(calibration)
    session.flush()
    for (position, version), question in zip(versions.items(), found.questions, strict=True):
        values = asdict(question)
        values["intercepts"], values["levels"] = list(question.intercepts), list(question.levels)
        session.add(
            ItemCalibration(
                calibration_id=calibration.id,
                position=position,
                question_version_id=version.id,
                **values,
            )
        )
    session.flush()


def _counted() -> sa.ColumnElement[bool]:
    """Attempts whose scores say how the form does: the first of each person, not voided."""
    ended = (AttemptState.PASSED, AttemptState.BELOW, AttemptState.NOT_PASSED)
    return sa.and_(Attempt.state.in_(ended), Attempt.number == 1)
