"""An application as its person sees it: the task list, the status, and each task of its own."""

from typing import Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams import forms
from exams.models import Application, ApplicationState, Exam, Opening
from exams.queries import applications as queries
from exams.service import applications, progress, screening
from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from portal.decisions import Decision
from portal.errors import Conflict

bp = Blueprint("applying", __name__, url_prefix="/applications", template_folder="../templates")

_PEOPLE: Final = (Role.APPLICANT, Role.EXPERT)


@bp.get("/mine")
@requires(*_PEOPLE)
def mine() -> str:
    """The person's applications."""
    with reading() as session:
        query = queries.applications_of(person().account_id)
        openings = {one.id: one for one in session.scalars(queries.readable_openings())}
        return render_template(
            "exams/applications.html",
            applications=list(session.scalars(query)),
            openings=openings,
        )


@bp.get("/<uuid:public_id>")
@requires(*_PEOPLE)
def show(public_id: UUID) -> str:
    """Where the application stands, and what is next."""
    with reading() as session:
        application = _mine(session, public_id)
        opening = session.get_one(Opening, application.opening_id)
        decided = application.decision_id
        return render_template(
            "exams/application.html",
            application=application,
            opening=opening,
            exam=session.get_one(Exam, opening.exam_id),
            progress=progress.of(session, application, now=clock.now(session)),
            unmet=[rule for rule in application.requirements if rule["slug"] in application.unmet]
            if application.unmet
            else [],
            decision=session.get_one(Decision, decided) if decided else None,
        )


@bp.get("/<uuid:public_id>/screening")
@requires(*_PEOPLE)
def questions(public_id: UUID) -> str:
    """The screening questions."""
    with reading() as session:
        application = _unscreened(session, public_id)
        form = forms.screening_form(application.requirements)
        return render_template("exams/screening.html", application=application, form=form, unmet=[])


@bp.post("/<uuid:public_id>/screening")
@requires(*_PEOPLE)
def answer(public_id: UUID) -> Response | tuple[str, int]:
    """Take the answers; what they do not meet is shown at once, with room to explain."""
    with transaction() as session:
        application = _unscreened(session, public_id)
        form = forms.screening_form(application.requirements)
        complete = form.validate()
        given = forms.answers(form, application.requirements) if complete else {}
        unmet = screening.unmet(application.requirements, given) if complete else []
        words = (form.explanation.data or "").strip()
        if not complete or (unmet and not words):
            page = render_template(
                "exams/screening.html", application=application, form=form, unmet=unmet
            )
            return page, 422
        now = clock.now(session)
        applications.answer_screening(
            session, application, answers=given, explanation=words, now=now
        )
    return redirect(url_for("applying.show", public_id=public_id), 303)


@bp.get("/<uuid:public_id>/agreement")
@requires(*_PEOPLE)
def agreement(public_id: UUID) -> str:
    """What is to be read and accepted before the exam."""
    return _agreement(public_id, forms.AgreementForm())


@bp.post("/<uuid:public_id>/agreement")
@requires(*_PEOPLE)
def accept(public_id: UUID) -> Response | tuple[str, int]:
    """Record the acceptance of what is in force."""
    form = forms.AgreementForm()
    if not form.validate():
        return _agreement(public_id, form), 422
    with transaction() as session:
        application = _mine(session, public_id)
        applications.accept_agreements(session, application, now=clock.now(session))
    flash(_("Accepted and recorded."), "good")
    return redirect(url_for("applying.show", public_id=public_id), 303)


@bp.post("/<uuid:public_id>/withdraw")
@requires(*_PEOPLE)
def withdraw(public_id: UUID) -> Response:
    """The person no longer wants it."""
    with transaction() as session:
        applications.withdraw(session, _mine(session, public_id), now=clock.now(session))
    flash(_("Your application is withdrawn. You can apply again at any time."), "good")
    return redirect(url_for("applying.show", public_id=public_id), 303)


def _agreement(public_id: UUID, form: forms.AgreementForm) -> str:
    with reading() as session:
        application = _mine(session, public_id)
        versions = progress.outstanding(session, application.account_id)
        return render_template(
            "exams/agreement.html", application=application, versions=versions, form=form
        )


def _unscreened(session: Session, public_id: UUID) -> Application:
    application = _mine(session, public_id)
    if application.state is not ApplicationState.STARTED:
        raise Conflict(_("You have answered these questions already."))
    return application


def _mine(session: Session, public_id: UUID) -> Application:
    query = queries.applications_of(person().account_id)
    return one_or_404(session, query.where(Application.public_id == public_id))
