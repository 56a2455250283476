"""Scoring again: asking for it, the difference before anything changes, and a second person's act."""

from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from exams.models import (
    Exam,
    Form,
    FormQuestion,
    Question,
    QuestionVersion,
    Rescoring,
    RescoringCause,
)
from exams.queries import attempts as queries
from exams.queries import reach
from exams.service import rescoring as service
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction

bp = Blueprint("rescoring", __name__, url_prefix="/exams", template_folder="../templates")

_PEOPLE: Final = (Role.MANAGER, Role.REVIEWER)
Page = str | tuple[str, int] | Response


class AskForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Which question, and what is wrong with it."""

    version = SelectField(
        lazy_gettext("Which question?"), [InputRequired(lazy_gettext("Choose a question"))]
    )
    cause = RadioField(
        lazy_gettext("What is to be done?"),
        [InputRequired(lazy_gettext("Choose what is to be done"))],
        choices=[
            SelectChoice(
                RescoringCause.VOIDED.value,
                lazy_gettext("It counts for nobody: everyone who had it gets its points"),
            ),
            SelectChoice(
                RescoringCause.KEY_MENDED.value,
                lazy_gettext("Its key was mended: score its answers by the newest one"),
            ),
        ],
    )
    reason = TextAreaField(
        lazy_gettext("Why?"),
        [InputRequired(lazy_gettext("Say why: everybody concerned reads it")), Length(max=2000)],
        render_kw={"rows": 4},
    )


@bp.get("/manage/<slug>/rescoring")
@requires(*_PEOPLE)
def overview(slug: str) -> str:
    """What was scored again, what waits, and asking for it."""
    with reading() as session:
        exam = _exam(session, slug)
        return _overview(session, exam, _form(session, exam))


@bp.post("/manage/<slug>/rescoring")
@requires(*_PEOPLE)
def ask(slug: str) -> Page:
    """Have the difference worked out."""
    with transaction() as session:
        exam = _exam(session, slug)
        form = _form(session, exam)
        if not form.validate():
            return _overview(session, exam, form), 422
        version = session.get_one(QuestionVersion, int(form.version.data))
        cause, by = RescoringCause(form.cause.data), person().account_id
        now = clock.now(session)
        made = service.ask(session, version, cause=cause, reason=form.reason.data, by=by, now=now)
    return redirect(url_for("rescoring.show", public_id=made.public_id), 303)


@bp.get("/rescoring/<uuid:public_id>")
@requires(*_PEOPLE)
def show(public_id: UUID) -> str:
    """The difference; for a second person, the button."""
    with reading() as session:
        found = _found(session, public_id)
        version = session.get_one(QuestionVersion, found.question_version_id)
        approver = found.approved_by_id
        return render_template(
            "exams/rescoring.html",
            rescoring=found,
            exam=session.get_one(Exam, found.exam_id),
            question=session.get_one(Question, version.question_id),
            version=version,
            asked_by=session.get_one(Account, found.asked_by_id),
            approved_by=session.get_one(Account, approver) if approver else None,
            mine=found.asked_by_id == person().account_id,
        )


@bp.post("/rescoring/<uuid:public_id>/approve")
@requires(*_PEOPLE)
def approve(public_id: UUID) -> Response:
    """A second person has seen the difference: do it."""
    with transaction() as session:
        found, by = _found(session, public_id), person().account_id
        service.approve(session, found, by=by, now=clock.now(session))
    flash(_("Approved. Every attempt concerned is scored again in one go."), "good")
    return redirect(url_for("rescoring.show", public_id=public_id), 303)


@bp.post("/rescoring/<uuid:public_id>/drop")
@requires(*_PEOPLE)
def drop(public_id: UUID) -> Response:
    """Leave everything as it is."""
    with transaction() as session:
        found, by = _found(session, public_id), person().account_id
        service.drop(session, found, by=by, now=clock.now(session))
    flash(_("Nothing was changed."), "good")
    return redirect(url_for("rescoring.show", public_id=public_id), 303)


def _exam(session: Session, slug: str) -> Exam:
    mine = queries.exam_by_slug(slug).where(reach.exams_for(person().account_id))
    return one_or_404(session, mine)


def _found(session: Session, public_id: UUID) -> Rescoring:
    mine = sa.select(Rescoring).join(Exam, Exam.id == Rescoring.exam_id)
    mine = mine.where(reach.exams_for(person().account_id), Rescoring.public_id == public_id)
    return one_or_404(session, mine)


def _form(session: Session, exam: Exam) -> AskForm:
    """The form, with every version that stands on a form of the exam."""
    shown = (
        sa.select(QuestionVersion, Question.slug)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(
            QuestionVersion.id.in_(
                sa.select(FormQuestion.question_version_id)
                .join(Form, Form.id == FormQuestion.form_id)
                .where(Form.exam_id == exam.id)
            )
        )
        .order_by(Question.slug, QuestionVersion.number.desc())
    )
    form = AskForm()
    form.version.choices = [SelectChoice("", _("Choose a question"))] + [
        SelectChoice(str(version.id), _("%(slug)s, version %(n)s", slug=slug, n=version.number))
        for version, slug in session.execute(shown)
    ]
    return form


def _overview(session: Session, exam: Exam, form: AskForm) -> str:
    rows = session.execute(
        sa.select(Rescoring, Question.slug)
        .join(QuestionVersion, QuestionVersion.id == Rescoring.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Rescoring.exam_id == exam.id)
        .order_by(Rescoring.id.desc())
        .limit(100)
    ).all()
    return render_template("exams/rescorings.html", exam=exam, form=form, rows=rows)
