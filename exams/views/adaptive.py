"""Adaptive designs: whether one can be had, asking for one, what it would do, taking it into use."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams import design_drawings
from exams.design_forms import design_form, document
from exams.models import AdaptiveDesign, Exam
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.queries import reach
from exams.service import adaptive, designs
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction

bp = Blueprint(
    "exam_adaptive",
    __name__,
    url_prefix="/exams/manage/<slug>/adaptive",
    template_folder="../templates",
)

_PEOPLE: Final = (Role.MANAGER, Role.REVIEWER)
"""Who may see what a design would do, and approve one that somebody else asked for."""


@bp.get("")
@requires(*_PEOPLE)
def overview(slug: str) -> str:
    """Whether the exam can adapt to its taker, why not if so, and the designs there are."""
    with reading() as session:
        exam = _exam(session, slug)
        return _overview(session, exam, design_form(exam))


@bp.post("")
@requires(Role.MANAGER)
def ask(slug: str) -> Response | tuple[str, int]:
    """Have a design worked out."""
    with transaction() as session:
        exam = _managed(session, slug)
        form = design_form(exam)
        if not form.validate():
            return _overview(session, exam, form), 422
        rules, by = document(form, exam), person().account_id
        asked = designs.ask(session, exam, rules, by=by, now=clock.now(session))
    return redirect(url_for("exam_adaptive.show", slug=slug, public_id=asked.public_id), 303)


@bp.get("/<uuid:public_id>")
@requires(*_PEOPLE)
def show(slug: str, public_id: UUID) -> str:
    """What a design would do; for a second person, the button."""
    with reading() as session:
        exam = _exam(session, slug)
        design = _design(session, exam, public_id)
        approver = design.approver_id
        return render_template(
            "exams/adaptive_design.html",
            exam=exam,
            design=design,
            rules=adaptive.rules_of(design),
            measured=design.measured or {},
            asked_by=session.get_one(Account, design.asked_by_id),
            approver=session.get_one(Account, approver) if approver else None,
            mine=design.asked_by_id == person().account_id,
            manages=_manages(session, exam),
            sat=session.scalar(attempt_queries.at_exam(person().account_id, exam.id).limit(1)),
            attempts=designs.attempts_by(session, design),
            areas={area["slug"]: area["title"] for area in exam.areas},
            **_drawings(design),
        )


@bp.post("/<uuid:public_id>/approve")
@requires(*_PEOPLE)
def approve(slug: str, public_id: UUID) -> Response:
    """A second person takes it into use."""
    with transaction() as session:
        design, by = _design(session, _exam(session, slug), public_id), person().account_id
        designs.approve(session, design, by=by, now=clock.now(session))
    flash(_("In use: attempts that begin from now on adapt to their taker."), "good")
    return redirect(url_for("exam_adaptive.show", slug=slug, public_id=public_id), 303)


@bp.post("/<uuid:public_id>/drop")
@requires(Role.MANAGER)
def drop(slug: str, public_id: UUID) -> Response:
    """Leave it unused."""
    with transaction() as session:
        design, by = _design(session, _managed(session, slug), public_id), person().account_id
        designs.drop(session, design, by=by, now=clock.now(session))
    flash(_("It is not used. Nothing has changed for anybody."), "good")
    return redirect(url_for("exam_adaptive.overview", slug=slug), 303)


@bp.post("/<uuid:public_id>/retire")
@requires(Role.MANAGER)
def retire(slug: str, public_id: UUID) -> Response:
    """Back to fixed forms for attempts that begin from now on."""
    with transaction() as session:
        design, by = _design(session, _managed(session, slug), public_id), person().account_id
        designs.retire(session, design, by=by, now=clock.now(session))
    flash(_("Attempts that begin from now on get a fixed form; those under way go on."), "good")
    return redirect(url_for("exam_adaptive.show", slug=slug, public_id=public_id), 303)


def _overview(session: Session, exam: Exam, form: FlaskForm) -> str:
    return render_template(
        "exams/adaptive.html",
        exam=exam,
        form=form,
        manages=_manages(session, exam),
        calibrated=session.scalar(queries.calibrated(exam.id)) or 0,
        needed=queries.ENOUGH_QUESTIONS,
        answers=queries.ENOUGH_ANSWERS,
        designs=list(session.scalars(queries.designs_of(exam.id).limit(50))),
    )


def _drawings(design: AdaptiveDesign) -> dict[str, Any]:
    if design.measured is None or "length" not in design.measured:
        return {}
    return {
        "lengths": design_drawings.lengths(design.measured["length"]["counts"]),
        "exposure": design_drawings.exposure(design.measured["exposure"]["shares"]),
    }


def _design(session: Session, exam: Exam, public_id: UUID) -> AdaptiveDesign:
    mine = queries.designs_of(exam.id).where(AdaptiveDesign.public_id == public_id)
    return one_or_404(session, mine)


def _manages(session: Session, exam: Exam) -> bool:
    mine = reach.exams_measured_by(person().account_id)
    return session.scalar(sa.select(Exam.id).where(Exam.id == exam.id, mine)) is not None


def _managed(session: Session, slug: str) -> Exam:
    mine = reach.exams_measured_by(person().account_id)
    return one_or_404(session, attempt_queries.exam_by_slug(slug).where(mine))


def _exam(session: Session, slug: str) -> Exam:
    mine = reach.exams_for(person().account_id)
    return one_or_404(session, attempt_queries.exam_by_slug(slug).where(mine))
