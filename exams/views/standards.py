"""Pass marks: where each comes from, a panel's rounds, and the judge's own pages."""

from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from exams.models import Exam, Form, StandardJudge, StandardStudy
from exams.queries import attempts as attempt_queries
from exams.queries import reach
from exams.queries import standards as queries
from exams.service import standards as service
from exams.views.questions import inline, laid_out, stimulus_of
from portal import clock
from portal.access import Role, holds, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.errors import NotFound

bp = Blueprint("exam_standards", __name__, url_prefix="/exams", template_folder="../templates")

_PEOPLE: Final = (Role.MANAGER, Role.REVIEWER)
Page = str | tuple[str, int] | Response


class PanelForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Who judges, and whom they are to think of."""

    borderline = TextAreaField(
        lazy_gettext("Who just passes?"),
        [InputRequired(lazy_gettext("Describe who just passes")), Length(max=4000)],
        render_kw={"rows": 6},
    )
    judges = SelectMultipleField(
        lazy_gettext("Who judges?"),
        [Length(min=2, message=lazy_gettext("Choose at least two judges"))],
        coerce=int,
        option_widget=CheckboxInput(),
        widget=ListWidget(),
    )


class AdoptForm(FlaskForm):  # type: ignore[misc]
    """Why this cut."""

    reason = TextAreaField(
        lazy_gettext("Why this pass mark?"),
        [InputRequired(lazy_gettext("Say why: whoever asks later reads it")), Length(max=2000)],
        render_kw={"rows": 4},
    )


class RatingForm(FlaskForm):  # type: ignore[misc]
    """One question's rating."""

    of_hundred = IntegerField(
        lazy_gettext("Of 100 people who just pass, how many get this right?"),
        [
            InputRequired(lazy_gettext("Write a number from 0 to 100")),
            NumberRange(0, 100, lazy_gettext("Write a number from 0 to 100")),
        ],
        render_kw={"inputmode": "numeric"},
    )


@bp.get("/manage/<slug>/pass-mark")
@requires(*_PEOPLE)
def overview(slug: str) -> str:
    """The pass mark that holds, where it comes from, and how surely it decides."""
    with reading() as session:
        exam = _exam(session, slug)
        return _overview(session, exam, _panel_form(session, exam))


@bp.post("/manage/<slug>/pass-mark")
@requires(Role.MANAGER)
def open_panel(slug: str) -> Page:
    """Call a panel together."""
    with transaction() as session:
        exam = _exam(session, slug)
        form = _panel_form(session, exam)
        if not form.validate():
            return _overview(session, exam, form), 422
        study = service.open_study(
            session,
            exam,
            one_or_404(session, attempt_queries.newest_form(exam.id)),
            borderline=form.borderline.data,
            judges=form.judges.data,
            by=person().account_id,
            now=clock.now(session),
        )
    flash(_("The panel is called together. Judges find it on the exam's page."), "good")
    return redirect(url_for("exam_standards.study", public_id=study.public_id), 303)


@bp.get("/pass-mark/<uuid:public_id>")
@requires(*_PEOPLE)
def study(public_id: UUID) -> str:
    """One panel: who has handed in, and what the round came to."""
    with reading() as session:
        return _study_page(session, _study(session, public_id), AdoptForm())


@bp.post("/pass-mark/<uuid:public_id>/again")
@requires(Role.MANAGER)
def again(public_id: UUID) -> Response:
    """Another round."""
    with transaction() as session:
        found = _study(session, public_id)
        service.again(session, found, by=person().account_id, now=clock.now(session))
    flash(_("The next round is open."), "good")
    return redirect(url_for("exam_standards.study", public_id=public_id), 303)


@bp.post("/pass-mark/<uuid:public_id>/adopt")
@requires(Role.MANAGER)
def adopt(public_id: UUID) -> Page:
    """Set the pass mark."""
    with transaction() as session:
        found, form = _study(session, public_id), AdoptForm()
        if not form.validate():
            return _study_page(session, found, form), 422
        by, now = person().account_id, clock.now(session)
        service.adopt(session, found, by=by, reason=form.reason.data, now=now)
    flash(_("The pass mark is set for attempts that begin from now on."), "good")
    return redirect(url_for("exam_standards.study", public_id=public_id), 303)


@bp.post("/pass-mark/<uuid:public_id>/drop")
@requires(Role.MANAGER)
def drop(public_id: UUID) -> Response:
    """Leave the pass mark as it is."""
    with transaction() as session:
        found = _study(session, public_id)
        service.drop(session, found, by=person().account_id, now=clock.now(session))
    flash(_("The pass mark stays as it is."), "plain")
    return redirect(url_for("exam_standards.study", public_id=public_id), 303)


@bp.get("/pass-mark/<uuid:public_id>/mine")
@requires(*_PEOPLE)
def mine(public_id: UUID) -> str:
    """A judge's round: every question with the judge's own rating."""
    with reading() as session:
        found, seat, exam = _seat(session, public_id)
        me = person().account_id
        return render_template(
            "exams/pass_mark_mine.html",
            study=found,
            exam=exam,
            open=found.state == "rating" and seat.handed_in < found.round,
            places=session.execute(queries.rated_versions(found.form_id)).all(),
            now_rated=_shares(session, found, found.round, me),
            before=_shares(session, found, found.round - 1, me),
            panel=(found.result or {}).get("questions", {}),
            areas={area["slug"]: area["title"] for area in exam.areas},
        )


@bp.post("/pass-mark/<uuid:public_id>/mine")
@requires(*_PEOPLE)
def hand_in(public_id: UUID) -> Response:
    """End the round for this judge."""
    with transaction() as session:
        found, _seat_taken, _of = _seat(session, public_id)
        service.hand_in(session, found, judge=person().account_id, now=clock.now(session))
    flash(_("Your round is handed in."), "good")
    return redirect(url_for("exam_standards.mine", public_id=public_id), 303)


@bp.get("/pass-mark/<uuid:public_id>/mine/<int:position>")
@requires(*_PEOPLE)
def question(public_id: UUID, position: int) -> str:
    """One question as applicants see it. The key is not here: judges think of others, not of it."""
    with reading() as session:
        found, _taken, exam = _seat(session, public_id)
        rated = _shares(session, found, found.round, person().account_id).get(position)
        form = RatingForm(of_hundred=None if rated is None else round(rated * 100))
        return _question_page(session, found, exam, position, form)


@bp.post("/pass-mark/<uuid:public_id>/mine/<int:position>")
@requires(*_PEOPLE)
def rate(public_id: UUID, position: int) -> Page:
    """Keep the rating, and go to the next question."""
    with transaction() as session:
        found, _taken, exam = _seat(session, public_id)
        form = RatingForm()
        if not form.validate():
            return _question_page(session, found, exam, position, form), 422
        share, me = form.of_hundred.data / 100, person().account_id
        now = clock.now(session)
        service.rate(session, found, judge=me, position=position, share=share, now=now)
        later = [
            place
            for place, _version in session.execute(queries.rated_versions(found.form_id))
            if place > position
        ]
    if not later:
        return redirect(url_for("exam_standards.mine", public_id=public_id), 303)
    address = url_for("exam_standards.question", public_id=public_id, position=later[0])
    return redirect(address, 303)


def _exam(session: Session, slug: str) -> Exam:
    reached = attempt_queries.exam_by_slug(slug).where(reach.exams_for(person().account_id))
    return one_or_404(session, reached)


def _study(session: Session, public_id: UUID) -> StandardStudy:
    reached = (
        sa.select(StandardStudy)
        .join(Form, Form.id == StandardStudy.form_id)
        .join(Exam, Exam.id == Form.exam_id)
        .where(reach.exams_for(person().account_id), StandardStudy.public_id == public_id)
    )
    return one_or_404(session, reached)


def _seat(session: Session, public_id: UUID) -> tuple[StandardStudy, StandardJudge, Exam]:
    """The panel, found through the judge's seat on it."""
    me = person().account_id
    found = one_or_404(session, queries.judged_by(me).where(StandardStudy.public_id == public_id))
    form = session.get_one(Form, found.form_id)
    seat = session.get_one(StandardJudge, (found.id, me))
    return found, seat, session.get_one(Exam, form.exam_id)


def _shares(session: Session, study: StandardStudy, number: int, me: int) -> dict[int, float]:
    found = session.scalars(queries.ratings_of(study, number, me))
    return {one.position: one.share for one in found}


def _panel_form(session: Session, exam: Exam) -> PanelForm:
    form = PanelForm()
    form.judges.choices = [
        SelectChoice(one.id, one.display_name)
        for one in session.scalars(queries.possible_judges(exam))
    ]
    return form


def _overview(session: Session, exam: Exam, form: PanelForm) -> str:
    newest = session.scalar(attempt_queries.newest_form(exam.id))
    cut = service.cut_of(session, exam, newest.id) if newest else exam.cut
    studies = session.scalars(queries.studies_of(exam.id)).all()
    cuts = session.scalars(queries.cuts_of(exam.id)).all()
    people = {one.adopted_by_id for one in cuts}
    names = sa.select(Account.id, Account.display_name).where(Account.id.in_(people))
    return render_template(
        "exams/pass_mark.html",
        exam=exam,
        cut=cut,
        source=session.scalar(queries.newest_cut(newest.id)) if newest else None,
        quality=session.scalar(queries.quality(newest.id, cut)) if newest else None,
        studies=studies,
        busy=any(one.ended_at is None for one in studies),
        cuts=cuts,
        names=dict(session.execute(names).all()),
        form=form,
        manages=holds(Role.MANAGER),
    )


def _study_page(session: Session, found: StandardStudy, form: AdoptForm) -> str:
    exam_form = session.get_one(Form, found.form_id)
    exam, me = session.get_one(Exam, exam_form.exam_id), person().account_id
    seats = (
        sa.select(StandardJudge, Account.display_name)
        .join(Account, Account.id == StandardJudge.account_id)
        .where(StandardJudge.study_id == found.id)
        .order_by(Account.display_name, Account.id)
    )
    judges = session.execute(seats).all()
    return render_template(
        "exams/pass_mark_panel.html",
        study=found,
        exam=exam,
        exam_form=exam_form,
        judges=judges,
        mine=any(judge.account_id == me for judge, _name in judges),
        opened_it=found.opened_by_id == me,
        holds=service.cut_of(session, exam, found.form_id),
        places=session.execute(queries.rated_versions(found.form_id)).all(),
        areas={area["slug"]: area["title"] for area in exam.areas},
        form=form,
        manages=holds(Role.MANAGER),
    )


def _question_page(
    session: Session, found: StandardStudy, exam: Exam, position: int, form: RatingForm
) -> str:
    versions = dict(session.execute(queries.rated_versions(found.form_id)).all())
    if position not in versions:
        raise NotFound
    version = versions[position]
    return render_template(
        "exams/pass_mark_question.html",
        study=found,
        exam=exam,
        position=position,
        page=laid_out(
            version, None, seed=0, position=position, stimulus=stimulus_of(session, version)
        ),
        version=version,
        inline=inline,
        before=_shares(session, found, found.round - 1, person().account_id).get(position),
        panel=(found.result or {}).get("questions", {}).get(str(position)),
        number=sorted(versions).index(position) + 1,
        count=len(versions),
        form=form,
    )
