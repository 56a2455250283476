"""A decision's page for the person it is about, their appeal, and the desk that answers appeals."""

from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import clock
from portal.access import person, requires, signed_in
from portal.contributions import installed
from portal.db import one_or_404, reading, transaction
from portal.decisions import appeals, evidence, queries
from portal.decisions.models import Appeal, AppealState, Decision

bp = Blueprint("decisions", __name__)

Page = str | tuple[str, int] | Response


class AppealForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """What is wrong, in the person's own words."""

    words = TextAreaField(
        lazy_gettext("What is wrong with this decision?"),
        [InputRequired(lazy_gettext("Say in your own words what is wrong")), Length(max=4000)],
        render_kw={"rows": 6},
    )


class AnswerForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """What a second person makes of it."""

    verdict = RadioField(
        lazy_gettext("Who is right?"),
        [InputRequired(lazy_gettext("Choose who is right"))],
        choices=[
            SelectChoice("upheld", lazy_gettext("The person is right: the decision is undone")),
            SelectChoice("dismissed", lazy_gettext("The decision stands")),
        ],
    )
    answer = TextAreaField(
        lazy_gettext("Your answer to the person"),
        [InputRequired(lazy_gettext("Say why: the person reads this")), Length(max=4000)],
        render_kw={"rows": 6},
    )


@bp.get("/decisions")
@signed_in
def mine() -> str:
    """The decisions about the person."""
    with reading() as session:
        found = list(session.scalars(queries.about(person().account_id).limit(200)))
        rows = [(decision, title_of(decision)) for decision in found]
        return render_template("decisions/mine.html", rows=rows)


@bp.get("/decisions/<uuid:public_id>")
@signed_in
def decision(public_id: UUID) -> str:
    """What was seen, why a person agreed, what can be done."""
    with reading() as session:
        return _decision_page(session, _seen(session, public_id), AppealForm())


@bp.post("/decisions/<uuid:public_id>/appeal")
@signed_in
def appeal(public_id: UUID) -> Page:
    """Contest it: only the person it is about can."""
    form = AppealForm()
    query = queries.about(person().account_id).where(Decision.public_id == public_id)
    with transaction() as session:
        found = one_or_404(session, query)
        if not form.validate():
            return _decision_page(session, found, form), 422
        appeals.make(session, found, words=form.words.data, now=clock.now(session))
    flash(_("Your appeal is with us. Another person answers within 14 days."), "good")
    return redirect(url_for("decisions.decision", public_id=public_id))


@bp.get("/appeals")
@requires(*queries.ANSWERS_APPEALS)
def desk() -> str:
    """The appeals that wait for this person's answer."""
    with reading() as session:
        found = session.execute(queries.open_appeals(person()).limit(200))
        rows = [(appeal, title_of(decision), name) for appeal, decision, name in found]
        return render_template("decisions/desk.html", rows=rows, now=clock.now(session))


@bp.get("/appeals/<uuid:public_id>")
@requires(*queries.ANSWERS_APPEALS)
def one_appeal(public_id: UUID) -> str:
    """One appeal: the decision, the person's words, the answer."""
    with reading() as session:
        return _appeal_page(session, _answerable(session, public_id), AnswerForm())


@bp.post("/appeals/<uuid:public_id>")
@requires(*queries.ANSWERS_APPEALS)
def answer(public_id: UUID) -> Page:
    """Uphold or dismiss it."""
    form = AnswerForm()
    with transaction() as session:
        found = _answerable(session, public_id)
        if not form.validate():
            return _appeal_page(session, found, form), 422
        settle = appeals.uphold if form.verdict.data == "upheld" else appeals.dismiss
        by = person().account_id
        settle(session, found, by=by, answer=form.answer.data, now=clock.now(session))
    flash(_("Your answer is on its way to the person."), "good")
    return redirect(url_for("decisions.desk"))


def title_of(decision: Decision) -> str:
    """The sentence that heads a decision: contributed by whoever makes decisions of its kind."""
    titles = current_app.extensions["contributions"].decision_titles
    return str(titles.get(decision.kind) or evidence.label(decision.kind.replace(".", "_")))


def _seen(session: Session, public_id: UUID) -> Decision:
    seen = queries.decisions_seen_by(person()).where(Decision.public_id == public_id)
    return one_or_404(session, seen)


def _answerable(session: Session, public_id: UUID) -> Appeal:
    return one_or_404(session, queries.appeals_for(person()).where(Appeal.public_id == public_id))


def _decision_page(session: Session, found: Decision, form: AppealForm) -> str:
    now = clock.now(session)
    made = session.scalar(queries.appeal_against(found))
    is_mine = found.account_id == person().account_id
    until = found.appeal_until
    return render_template(
        "decisions/decision.html",
        **_told(session, found),
        form=form,
        appeal=made,
        mine=is_mine,
        contestable=is_mine and made is None and until is not None and now < until,
        replacement=session.scalar(queries.replacement(found)),
    )


def _appeal_page(session: Session, found: Appeal, form: AnswerForm) -> str:
    decided = session.get_one(Decision, found.decision_id)
    page = installed().subject_pages.get(decided.subject_type)
    return render_template(
        "decisions/appeal.html",
        **_told(session, decided),
        appeal=found,
        open=found.state is AppealState.OPEN,
        subject_page=page(session, decided.subject_id) if page else None,
        form=form,
    )


def _told(session: Session, found: Decision) -> dict[str, object]:
    about, decided_by = session.execute(queries.names(found)).one()
    return {
        "decision": found,
        "title": title_of(found),
        "about": about,
        "decided_by": decided_by,
        "facts": evidence.facts(found.evidence),
        "measured": evidence.measured(found.evidence),
    }
