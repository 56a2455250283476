"""Exams as their managers see them: how far people come, how they score, how the questions do."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from exams import fairness_words, measured, measured_drawings
from exams.models import AnswerFlag, Exam, FlagState, Form, FormQuestion
from exams.models.scores import NINE_IN_TEN
from exams.queries import adaptive, flags, measurement, measuring, results, stages, standards
from exams.queries import attempts as queries
from exams.queries.reach import exams_for, exams_measured_by
from exams.service import scoring
from exams.service import standards as pass_mark
from portal.access import Role, person, requires
from portal.db import one_or_404, reading

bp = Blueprint("exam_managing", __name__, url_prefix="/exams", template_folder="../templates")


@bp.get("")
@requires(Role.MANAGER, Role.REVIEWER)
def overview() -> str:
    """Every exam."""
    with reading() as session:
        return render_template(
            "exams/exams.html",
            exams=list(session.scalars(queries.exams().where(exams_for(person().account_id)))),
            rating=session.execute(standards.waiting_with_exam(person().account_id)).all(),
            designs=adaptive.noteworthy(session),
        )


@bp.get("/manage/<slug>")
@requires(Role.MANAGER, Role.REVIEWER)
def show(slug: str) -> str:
    """One exam in sum. Answers and keys are not here: the worker alone reads them."""
    me = person().account_id
    with reading() as session:
        exam = one_or_404(session, queries.exam_by_slug(slug).where(exams_for(me)))
        form = one_or_404(session, queries.newest_form(exam.id))
        sat = results.funnel(session, exam.id)
        measures = exams_measured_by(me)
        return render_template(
            "exams/exam.html",
            exam=exam,
            form=form,
            measures=session.scalar(sa.select(Exam.id).where(Exam.id == exam.id, measures)),
            calibrated=session.scalar(adaptive.calibrated(exam.id)) or 0,
            needed=adaptive.ENOUGH_QUESTIONS,
            began=sat[0],
            flagged=_flagged(session, exam, me),
            areas={area["slug"]: area["title"] for area in exam.areas},
            **_people(session, exam, form, sat),
            **_questions(session, exam, form),
        )


def _people(session: Session, exam: Exam, form: Form, sat: tuple[int, int, int]) -> dict[str, Any]:
    """How far they come and how they score."""
    applied = stages.reached(stages.ways(session, exam.id))
    shares = results.shares(session, exam.id)
    cut = pass_mark.cut_of(session, exam, form.id)
    counted = sa.select(sa.func.count()).where(FormQuestion.form_id == form.id, FormQuestion.scored)
    error = scoring.standard_error(cut, session.scalar(counted) or 0)
    return {
        "applied": applied[0],
        "funnel": measured_drawings.funnel(applied, sat),
        "shares": shares,
        "cut": cut,
        "margin": NINE_IN_TEN * error,
        "source": session.scalar(standards.newest_cut(form.id)),
        "scores": measured_drawings.scores(shares, cut, NINE_IN_TEN * error),
    }


def _questions(session: Session, exam: Exam, form: Form) -> dict[str, Any]:
    """How each question of the newest form does."""
    rows = results.question_table(session, form.id)
    calibration = measurement.newest_calibration(session, form.id)
    cut = pass_mark.cut_of(session, exam, form.id)
    fairness = session.scalar(measuring.fairness_studies(exam.id).limit(1))
    versions = [version.id for _place, _question, version, _statistic in rows]
    return {
        "questions": rows,
        "calibration": calibration,
        "measured": measurement.questions_of(session, calibration) if calibration else {},
        "studies": measuring.studies_of(session, calibration) if calibration else {},
        "exposures": measuring.exposures(session, exam.id, versions),
        "differences": fairness_words.by_version(fairness) if fairness else None,
        "remarks": measured.remarks,
        "difficulty": measured_drawings.difficulty,
        "fit": measured.fit,
        "information": measured.information(calibration, cut)
        if calibration and calibration.curve
        else None,
        "at_mark": measured.share_at(calibration, cut)
        if calibration and calibration.curve
        else None,
    }


def _flagged(session: Session, exam: Exam, me: int) -> int:
    """How many flags about sittings of this exam wait for a person."""
    mine = flags.of_exam(me, exam.id).where(AnswerFlag.state == FlagState.OPEN)
    return session.scalar(sa.select(sa.func.count()).select_from(mine.subquery())) or 0
