"""What the worker does about scores: scoring again, putting reports on paper, studying subscores."""

from datetime import datetime
from typing import Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from exams import score_paper
from exams.models import (
    Attempt,
    AttemptState,
    FormQuestion,
    JobName,
    QuestionVersion,
    Rescoring,
    ResponseScore,
    ScoreReport,
    ScoreReportState,
    SubscoreStudy,
)
from exams.psychometrics import subscores
from exams.service import rescoring, score_reports
from portal import clock
from portal.db import lock, reading, transaction
from portal.errors import Unavailable
from portal.jobs import job
from portal.reports.document import resources
from portal.reports.engine import to_pdf

MOST_ATTEMPTS: Final = 20_000


@job(JobName.RESCORE)
def rescore(rescoring_id: int) -> None:
    """Work out a difference, or do what was approved, in one transaction. Safe to run twice."""
    with transaction() as session:
        found = session.get_one(Rescoring, rescoring_id)
        rescoring.run(session, found, now=clock.now(session))


@job(JobName.SCORE_REPORT)
def score_report(report_id: int) -> None:
    """Put one score on paper, outside any transaction. Safe to run twice: an issued one stays."""
    with reading() as session:
        report = session.get_one(ScoreReport, report_id)
        if report.state is not ScoreReportState.WAITING:
            return
        document = score_paper.compose(session, report, now=clock.now(session))
    try:
        pdf = to_pdf(document.html, resources())
    except Unavailable as reason:
        with transaction() as session:
            lock(session, session.get_one(ScoreReport, report_id)).fail(error=reason.message)
        return
    with transaction() as session:
        report = lock(session, session.get_one(ScoreReport, report_id))
        now = clock.now(session)
        score_reports.issue(session, report, pdf=pdf, snapshot=document.snapshot, now=now)


@job(JobName.SUBSCORES)
def study_subscores(_slot: int) -> None:
    """Find out, form by form, which areas say something by themselves. Safe to run twice."""
    with transaction() as session:
        enough = (
            sa.select(Attempt.form_id)
            .where(_counted())
            .group_by(Attempt.form_id)
            .having(sa.func.count() >= subscores.FEWEST)
        )
        forms = list(session.scalars(enough.order_by(Attempt.form_id)))
    for form_id in forms:
        with transaction() as session:
            _study(session, form_id, now=clock.now(session))


def _study(session: Session, form_id: int, *, now: datetime) -> None:
    places = session.execute(
        sa.select(FormQuestion.position, QuestionVersion.area)
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .where(FormQuestion.form_id == form_id, FormQuestion.scored)
        .order_by(FormQuestion.position)
    ).all()
    points = _points(session, form_id, [position for position, _ in places])
    if len(points) < subscores.FEWEST:
        return
    for one in subscores.study(points, [area for _, area in places]):
        values = {
            "form_id": form_id,
            "area": one.name,
            "attempts": one.persons,
            "reliability": one.reliability,
            "prmse_subscore": one.prmse_subscore,
            "prmse_total": one.prmse_total,
            "standard_error": one.standard_error,
            "computed_at": now,
        }
        written = insert(SubscoreStudy).values(**values)
        changed = {name: written.excluded[name] for name in values if name not in _KEY}
        session.execute(written.on_conflict_do_update(index_elements=_KEY, set_=changed))


_KEY: Final = ["form_id", "area"]


def _points(session: Session, form_id: int, positions: list[int]) -> np.ndarray:
    """The (attempts, positions) points of the newest scores on a form, whole rows only."""
    mine = sa.select(Attempt.id).where(Attempt.form_id == form_id, _counted())
    newest = (
        sa.select(ResponseScore.attempt_id, sa.func.max(ResponseScore.score_number).label("number"))
        .where(ResponseScore.attempt_id.in_(mine.order_by(Attempt.id.desc()).limit(MOST_ATTEMPTS)))
        .group_by(ResponseScore.attempt_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(ResponseScore.attempt_id, ResponseScore.position, ResponseScore.earned).join(
            newest,
            sa.and_(
                newest.c.attempt_id == ResponseScore.attempt_id,
                newest.c.number == ResponseScore.score_number,
            ),
        )
    ).all()
    column = {position: number for number, position in enumerate(positions)}
    row = {attempt: number for number, attempt in enumerate(sorted({one[0] for one in rows}))}
    points = np.full((len(row), len(column)), np.nan)
    for attempt, position, earned in rows:
        if position in column:
            points[row[attempt], column[position]] = earned
    whole: np.ndarray = points[np.isfinite(points).all(axis=1)]
    return whole


def _counted() -> sa.ColumnElement[bool]:
    """Attempts whose scores say how the form does: the first of each person, not voided."""
    ended = (AttemptState.PASSED, AttemptState.BELOW, AttemptState.NOT_PASSED)
    return sa.and_(Attempt.state.in_(ended), Attempt.number == 1)
