"""Forms: which are given, asking for new ones after a blueprint, and looking at what was found."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.blueprint_forms import blueprint_form, document
from exams.models import Exam, Form, FormAssembly, FormQuestion
from exams.queries import attempts as attempt_queries
from exams.queries import bank as bank_queries
from exams.queries import reach
from exams.service import blueprints
from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction

bp = Blueprint(
    "exam_forms", __name__, url_prefix="/exams/manage/<slug>/forms", template_folder="../templates"
)

_PEOPLE: Final = (Role.MANAGER,)


@bp.get("")
@requires(*_PEOPLE)
def overview(slug: str) -> str:
    """An exam's forms, and what was asked for."""
    with reading() as session:
        exam = _exam(session, slug)
        counted = (
            sa.select(Form, sa.func.count(FormQuestion.position))
            .join(FormQuestion, FormQuestion.form_id == Form.id)
            .where(Form.exam_id == exam.id, Form.design_id.is_(None))
            .group_by(Form.id)
            .order_by(Form.number.desc(), Form.locale)
        )
        return render_template(
            "exams/forms.html",
            exam=exam,
            forms=session.execute(counted).all(),
            offered=set(session.scalars(bank_queries.offered(exam.id))),
            assemblies=list(session.scalars(blueprints.of_exam(exam.id).limit(20))),
        )


@bp.get("/new")
@requires(*_PEOPLE)
def new(slug: str) -> str:
    """A blueprint to fill in."""
    with reading() as session:
        exam = _exam(session, slug)
        return _new_page(exam, blueprint_form(_labels(exam)))


@bp.post("/new")
@requires(*_PEOPLE)
def ask(slug: str) -> Response | tuple[str, int]:
    """Have forms assembled."""
    with transaction() as session:
        exam = _exam(session, slug)
        labels = _labels(exam)
        form = blueprint_form(labels)
        if not form.validate():
            return _new_page(exam, form), 422
        asked = blueprints.ask(
            session, exam, document(form, labels), by=person().account_id, now=clock.now(session)
        )
    return redirect(url_for("exam_forms.show", slug=slug, public_id=asked.public_id), 303)


@bp.get("/<uuid:public_id>")
@requires(*_PEOPLE)
def show(slug: str, public_id: UUID) -> str:
    """What was found: the forms side by side, or what collides."""
    with reading() as session:
        exam = _exam(session, slug)
        assembly = _assembly(session, exam, public_id)
        return render_template(
            "exams/assembly.html", exam=exam, assembly=assembly, result=assembly.result or {}
        )


@bp.post("/<uuid:public_id>")
@requires(*_PEOPLE)
def make(slug: str, public_id: UUID) -> Response:
    """Make the forms that were found: from now on they are given."""
    with transaction() as session:
        assembly = _assembly(session, _exam(session, slug), public_id)
        made = blueprints.make_forms(
            session, assembly, by=person().account_id, now=clock.now(session)
        )
    flash(_("%(n)s forms are in use from now on.", n=len(made)), "good")
    return redirect(url_for("exam_forms.overview", slug=slug), 303)


def _new_page(exam: Exam, form: FlaskForm) -> str:
    return render_template("exams/blueprint.html", exam=exam, form=form, labels=_labels(exam))


def _labels(exam: Exam) -> dict[str, dict[str, Any]]:
    """What can be counted, in words."""
    return {
        "area": {area["slug"]: area["title"] for area in exam.areas},
        "type": {
            "single": _("Single choice"),
            "multiple": _("Multiple choice"),
            "numeric": _("Number"),
            "faulty_step": _("First wrong step"),
            "preference": _("Which answer"),
            "short_text": _("Short text"),
            "order": _("Order"),
            "match": _("Match"),
            "essay": _("Essay"),
            "policy_case": _("Policy case"),
            "writing_sample": _("Writing sample"),
        },
        "difficulty": {"easy": _("Easy"), "middle": _("Middle"), "hard": _("Hard")},
    }


def _assembly(session: Session, exam: Exam, public_id: UUID) -> FormAssembly:
    mine = blueprints.of_exam(exam.id).where(FormAssembly.public_id == public_id)
    return one_or_404(session, mine)


def _exam(session: Session, slug: str) -> Exam:
    mine = reach.exams_for(person().account_id)
    return one_or_404(session, attempt_queries.exam_by_slug(slug).where(mine))
