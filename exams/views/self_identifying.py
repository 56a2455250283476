"""A person's own page about who they are, if they want to say: given, changed, taken back."""

from typing import Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from exams import fairness_words
from exams.queries import applications as queries
from exams.service import self_identification as service
from exams.service.self_identification import ATTRIBUTES, NOT_SAID
from portal import clock
from portal.access import Role, person, requires
from portal.db import reading, transaction
from portal.errors import NotFound

bp = Blueprint(
    "self_identifying",
    __name__,
    url_prefix="/applications/about-you",
    template_folder="../templates",
)

_PEOPLE: Final = (Role.APPLICANT, Role.EXPERT)


@bp.get("")
@requires(*_PEOPLE)
def show() -> str:
    """What it is for, and what the person said so far."""
    with reading() as session:
        return _page(session, None)


@bp.post("")
@requires(*_PEOPLE)
def give() -> Response | tuple[str, int]:
    """Keep what they say, instead of what they said before."""
    me = person().account_id
    form = _form({})
    with transaction() as session:
        _applied(session)
        complete = form.validate()
        if complete:
            answers = {name: str(form[name].data) for name in ATTRIBUTES}
            service.say(session, me, answers, now=clock.now(session))
    if not complete:
        with reading() as session:
            return _page(session, form), 422
    flash(
        _("Kept. It changes nothing for you, and you can change it or take it back here."), "good"
    )
    return redirect(url_for("self_identifying.show"), 303)


@bp.post("/take-back")
@requires(*_PEOPLE)
def take_back() -> Response:
    """Delete all of it."""
    with transaction() as session:
        _applied(session)
        service.take_back(session, person().account_id)
    flash(_("Deleted. It changes nothing for you."), "good")
    return redirect(url_for("self_identifying.show"), 303)


def _page(session: Session, form: FlaskForm | None) -> str:
    _applied(session)
    said = service.own(session, person().account_id)
    return render_template(
        "exams/about_you.html", form=form or _form(said or {}), said=said is not None
    )


def _applied(session: Session) -> None:
    """It is asked of people who applied, and of nobody else."""
    query = queries.applications_of(person().account_id)
    if session.scalar(query.limit(1)) is None:
        raise NotFound


def _form(said: dict[str, str]) -> FlaskForm:
    """A question an attribute, each with a way not to say."""
    fields = {
        name: RadioField(
            words,
            [InputRequired(_("Choose one; “Prefer not to say” is one of them"))],
            choices=[
                *(
                    SelectChoice(value, fairness_words.values(name)[value])
                    for value in ATTRIBUTES[name]
                ),
                SelectChoice(NOT_SAID, _("Prefer not to say")),
            ],
            default=said.get(name, NOT_SAID),
        )
        for name, words in fairness_words.attributes().items()
    }
    return type("AboutYouForm", (FlaskForm,), fields)()
