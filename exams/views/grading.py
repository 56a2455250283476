"""Grading by people: the queue, one text at a time, and how far graders agree."""

from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.grading_forms import bands, grading_form
from exams.models import Attempt, Grade, GradingCase, QuestionVersion
from exams.queries import agreement, reach
from exams.queries import grading as queries
from exams.questions import rubric
from exams.service import hand_grading
from exams.views.questions import split, stimulus_of
from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from portal.prose import markdown

bp = Blueprint(
    "exam_grading", __name__, url_prefix="/exams/grading", template_folder="../templates"
)

_GRADERS: Final = (Role.REVIEWER,)


@bp.get("")
@requires(*_GRADERS)
def queue() -> str:
    """How many texts wait, and the one that the grader has open."""
    me = person().account_id
    with reading() as session:
        reached = reach.cases_for(me)
        exams = session.scalars(agreement.exams_for(reach.exams_for(me))).all()
        return render_template(
            "exams/grading_queue.html",
            held=session.scalar(queries.open_grade(me)),
            waiting=_count(session, queries.to_grade(me).where(reached)),
            differing=_count(session, queries.to_adjudicate(me).where(reached)),
            drifts=[
                (exam, one)
                for exam in exams
                for one in agreement.of_graders(session, exam.id, grader_id=me)
            ],
        )


@bp.post("/next")
@requires(*_GRADERS)
def draw() -> Response:
    """Open a text."""
    with transaction() as session:
        grade = hand_grading.draw(session, person().account_id, now=clock.now(session))
    return _onwards(grade)


@bp.post("/differing")
@requires(*_GRADERS)
def adjudicate() -> Response:
    """Open a text on which two graders differ."""
    with transaction() as session:
        grade = hand_grading.adjudicate(session, person().account_id, now=clock.now(session))
    return _onwards(grade)


@bp.get("/texts/<uuid:public_id>")
@requires(*_GRADERS)
def text(public_id: UUID) -> str | Response:
    """One text with its rubric. Nothing on the page leads to who wrote it."""
    with reading() as session:
        grade = _mine(session, public_id)
        if grade.given_at is not None:
            return redirect(url_for("exam_grading.queue"))
        case = session.get_one(GradingCase, grade.case_id)
        form = grading_form(case.rubric, adjudicates=grade.adjudicates)
        return _page(session, grade, case, form)


@bp.post("/texts/<uuid:public_id>")
@requires(*_GRADERS)
def give(public_id: UUID) -> Response | tuple[str, int]:
    """Take the grade, and open the next text."""
    with transaction() as session:
        grade = _mine(session, public_id)
        case = session.get_one(GradingCase, grade.case_id)
        form = grading_form(case.rubric, adjudicates=grade.adjudicates)
        if not form.validate():
            return _page(session, grade, case, form), 422
        hand_grading.give(
            session,
            grade,
            bands=bands(form, case.rubric),
            comment=form.comment.data or "",
            now=clock.now(session),
        )
    flash(_("Your grade is kept."), "good")
    return redirect(url_for("exam_grading.queue"), 303)


@bp.post("/texts/<uuid:public_id>/back")
@requires(*_GRADERS)
def give_back(public_id: UUID) -> Response:
    """Leave the text to somebody else."""
    with transaction() as session:
        hand_grading.give_back(session, _mine(session, public_id))
    flash(_("Somebody else grades it."), "plain")
    return redirect(url_for("exam_grading.queue"), 303)


@bp.get("/agreement")
@requires(Role.MANAGER)
def agreed() -> str:
    """How far graders agree with each other and with the bands agreed on for seeds."""
    with reading() as session:
        exams = session.scalars(agreement.exams_for(reach.exams_for(person().account_id))).all()
        alike = session.scalars(agreement.alike([exam.id for exam in exams])).all()
        ids = {one for pair in alike for one in (pair.attempt_id, pair.other_attempt_id)}
        named = sa.select(Attempt.id, Attempt.public_id).where(Attempt.id.in_(ids))
        return render_template(
            "exams/grading_agreement.html",
            found=[
                (
                    exam,
                    agreement.on_criteria(session, exam.id),
                    agreement.of_graders(session, exam.id),
                )
                for exam in exams
            ],
            alike=alike,
            attempts=dict(session.execute(named).all()),
        )


def _page(session: Session, grade: Grade, case: GradingCase, form: FlaskForm) -> str:
    version = session.get_one(QuestionVersion, case.question_version_id)
    heading, before = split(version.content["stem"])
    others = list(session.scalars(queries.blind_grades(case.id))) if grade.adjudicates else []
    return render_template(
        "exams/grading_text.html",
        grade=grade,
        case=case,
        form=form,
        heading=heading,
        before=markdown(before),
        stimulus=stimulus_of(session, version),
        words=rubric.words(case.text),
        least=version.content.get("least_words", 0),
        most=version.content.get("most_words", 600),
        others=others,
    )


def _mine(session: Session, public_id: UUID) -> Grade:
    mine = queries.grades_of(person().account_id).where(Grade.public_id == public_id)
    return one_or_404(session, mine)


def _onwards(grade: Grade | None) -> Response:
    if grade is None:
        flash(_("No text waits for you at the moment."), "plain")
        return redirect(url_for("exam_grading.queue"), 303)
    return redirect(url_for("exam_grading.text", public_id=grade.public_id), 303)


def _count(session: Session, query: sa.Select[GradingCase]) -> int:
    counted = sa.select(sa.func.count()).select_from(query.order_by(None).subquery())
    return session.scalar(counted) or 0
