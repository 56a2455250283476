"""What the worker measures: a panel's round, and how surely pass marks decide."""

from datetime import datetime
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptScore,
    AttemptState,
    CutQuality,
    Exam,
    Form,
    JobName,
    StandardJudge,
    StandardStudy,
    StudyState,
)
from exams.psychometrics.classification import rudner
from exams.psychometrics.standard_setting import angoff
from exams.queries import standards as queries
from exams.service import standards
from portal import clock
from portal.db import lock, transaction
from portal.jobs import job

FEWEST_ATTEMPTS: Final = 50
"""With fewer, how surely a cut decides is not told."""


@job(JobName.STANDARD_ROUND)
def standard_round(study_id: int) -> None:
    """Sum up a round that every judge has handed in. Safe to run twice: the second finds it shown."""
    with transaction() as session:
        study = lock(session, session.get_one(StandardStudy, study_id))
        out = sa.select(StandardJudge).where(
            StandardJudge.study_id == study.id, StandardJudge.handed_in < study.round
        )
        if study.state is StudyState.RATING and session.scalar(out.limit(1)) is None:
            study.show(_summed_up(session, study))


def _summed_up(session: Session, study: StandardStudy) -> dict[str, Any]:
    places = session.execute(queries.rated_versions(study.form_id)).all()
    column = {position: number for number, (position, _) in enumerate(places)}
    given = session.scalars(queries.ratings(study, study.round)).all()
    row = {judge: number for number, judge in enumerate(sorted({one.account_id for one in given}))}
    table = np.full((len(row), len(column)), np.nan)
    for one in given:
        table[row[one.account_id], column[one.position]] = one.share
    points = np.array([version.points for _, version in places], dtype=np.float64)
    found, most = angoff(table, points), float(points.sum())
    return {
        "round": study.round,
        "cut": found.panel.cut / most,
        "standard_error": found.panel.se / most,
        "judges": len(row),
        "cuts": sorted((found.panel.of_judge / most).tolist()),
        "questions": {
            str(position): {
                "mean": float(table[:, number].mean()),
                "low": float(table[:, number].min()),
                "high": float(table[:, number].max()),
            }
            for position, number in column.items()
        },
    }


@job(JobName.CUT_QUALITY)
def cut_quality(_slot: int) -> None:
    """Find out, form by form, how surely the pass mark decides. Safe to run twice."""
    with transaction() as session:
        enough = (
            sa.select(Attempt.form_id)
            .where(_counted())
            .group_by(Attempt.form_id)
            .having(sa.func.count() >= FEWEST_ATTEMPTS)
        )
        forms = list(session.scalars(enough.order_by(Attempt.form_id)))
    for form_id in forms:
        with transaction() as session:
            _measure(session, form_id, now=clock.now(session))


def _measure(session: Session, form_id: int, *, now: datetime) -> None:
    form = session.get_one(Form, form_id)
    cut = standards.cut_of(session, session.get_one(Exam, form.exam_id), form_id)
    newest = (
        sa.select(AttemptScore)
        .join(Attempt, Attempt.id == AttemptScore.attempt_id)
        .where(Attempt.form_id == form_id, _counted(), AttemptScore.standard_error > 0)
        .ext(distinct_on(AttemptScore.attempt_id))
        .order_by(AttemptScore.attempt_id, AttemptScore.number.desc())
    )
    scores = session.scalars(newest).all()
    if len(scores) < FEWEST_ATTEMPTS:
        return
    share = np.array([score.share for score in scores])
    error = np.array([score.standard_error / score.maximum for score in scores])
    found = rudner(share, error, np.array([cut]))
    values = {
        "form_id": form_id,
        "cut": cut,
        "attempts": len(scores),
        "accuracy": found.accuracy,
        "consistency": found.consistency,
        "false_pass": found.false_pass,
        "false_fail": found.false_fail,
        "computed_at": now,
    }
    written = insert(CutQuality).values(**values)
    changed = {name: written.excluded[name] for name in values if name not in _KEY}
    session.execute(written.on_conflict_do_update(index_elements=_KEY, set_=changed))


_KEY: Final = ["form_id", "cut"]


def _counted() -> sa.ColumnElement[bool]:
    """Attempts whose scores say how the form does: the first of each person, not voided."""
    ended = (AttemptState.PASSED, AttemptState.BELOW, AttemptState.NOT_PASSED)
    return sa.and_(Attempt.state.in_(ended), Attempt.number == 1)
