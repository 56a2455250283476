"""The exam office's close looks: one question, forms side by side, questions on trial, fairness."""

from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from exams import choices, comparing, fairness_words, measured, measured_drawings
from exams.models import Exam, FairnessStudy, Question, QuestionVersion, Standing
from exams.queries import attempts as attempt_queries
from exams.queries import measuring as queries
from exams.queries import reach
from exams.queries.stages import Stage
from exams.service import leaks
from exams.views.questions import inline, laid_out, stimulus_of
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction

bp = Blueprint(
    "exam_measuring", __name__, url_prefix="/exams/manage/<slug>", template_folder="../templates"
)

ENOUGH_FOR_STATISTICS: Final = 50
ENOUGH_FOR_A_SCALE: Final = 200
"""Answers to a question on trial before it is placed on the scale with a slope of its own."""


class LeakForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Whether a question is known outside."""

    known = RadioField(
        lazy_gettext("Is it known outside?"),
        [InputRequired(lazy_gettext("Choose whether it is known outside"))],
        choices=[
            SelectChoice("yes", lazy_gettext("Yes: it was found outside, or somebody told of it")),
            SelectChoice("no", lazy_gettext("No: there is nothing to it")),
        ],
    )
    words = TextAreaField(
        lazy_gettext("What was found, and where?"),
        [InputRequired(lazy_gettext("Say what was found, and where")), Length(max=2000)],
        render_kw={"rows": 3},
    )


@bp.get("/questions/<question>/<locale>/<int:number>")
@requires(Role.MANAGER)
def question(slug: str, question: str, locale: str, number: int) -> str:
    """One version: what people of each ability did with it. The key is not here."""
    with reading() as session:
        exam = _exam(session, slug)
        found = _version(session, exam, question, locale, number)
        return _question_page(session, exam, found, LeakForm())


@bp.post("/questions/<question>/<locale>/<int:number>")
@requires(Role.MANAGER)
def say_known(slug: str, question: str, locale: str, number: int) -> Response | tuple[str, int]:
    """Say that a question is known outside, or that it is not: the daily look then compares."""
    with transaction() as session:
        exam = _exam(session, slug)
        found = _version(session, exam, question, locale, number)
        form = LeakForm()
        if not form.validate():
            return _question_page(session, exam, found, form), 422
        leaks.say(
            session,
            session.get_one(Question, found.question_id),
            known=form.known.data == "yes",
            words=form.words.data,
            by=person().account_id,
            now=clock.now(session),
        )
    flash(_("Recorded. No result changes by it."), "good")
    address = url_for(
        "exam_measuring.question", slug=slug, question=question, locale=locale, number=number
    )
    return redirect(address, 303)


@bp.get("/side-by-side")
@requires(Role.MANAGER)
def forms(slug: str) -> str:
    """The forms beside one another."""
    with reading() as session:
        exam = _exam(session, slug)
        compared = comparing.compare(session, exam)
        return render_template(
            "exams/side_by_side.html",
            exam=exam,
            compared=compared,
            figures=comparing.figures(compared.forms),
            information=measured_drawings.side_by_side(
                [(one.name, one.calibration) for one in compared.forms if one.calibration],
                exam.cut,
            ),
            areas={area["slug"]: area["title"] for area in exam.areas},
        )


@bp.get("/on-trial")
@requires(Role.MANAGER)
def pilot(slug: str) -> str:
    """Questions on trial: how far each is, and whether it can be decided about."""
    with reading() as session:
        exam = _exam(session, slug)
        rows = session.execute(queries.pilots(exam.id)).all()
        versions = [version.id for _question, version, _standing, _statistic in rows]
        found = session.scalars(queries.newest_calibrations(versions))
        return render_template(
            "exams/on_trial.html",
            exam=exam,
            rows=rows,
            calibrations={one.question_version_id: one for one in found},
            remarks=measured.remarks,
            enough=ENOUGH_FOR_STATISTICS,
            enough_for_a_scale=ENOUGH_FOR_A_SCALE,
        )


@bp.get("/fairness")
@requires(Role.MANAGER)
def fairness(slug: str) -> str:
    """How groups come through, in sums that hide: nothing here is about one person."""
    with reading() as session:
        exam = _exam(session, slug)
        studies = session.scalars(queries.fairness_studies(exam.id)).all()
        wanted = request.args.get("look", type=int)
        study = next((one for one in studies if one.number == wanted), None)
        study = study or next(iter(studies), None)
        return render_template(
            "exams/fairness.html",
            exam=exam,
            studies=studies,
            study=study,
            stages=list(Stage),
            stage_words=measured_drawings.stage_words(),
            title_of=fairness_words.title,
            group=fairness_words.group,
            difference=fairness_words.difference,
            differing=_differing(session, study) if study else [],
        )


def _differing(
    session: Session, study: FairnessStudy
) -> list[tuple[Question, QuestionVersion, dict[str, Any]]]:
    """Questions with a moderate or large difference, the large ones first."""
    told = [one for one in study.differences if one["ets"] != "A"]
    ids = {one["question_version_id"] for one in told}
    query = sa.select(Question, QuestionVersion).join(
        QuestionVersion, QuestionVersion.question_id == Question.id
    )
    found = {
        version.id: (held, version)
        for held, version in session.execute(query.where(QuestionVersion.id.in_(ids)))
    }
    order = sorted(told, key=lambda one: (one["ets"] != "C", -abs(one["delta"])))
    return [(*found[one["question_version_id"]], one) for one in order]


def _question_page(session: Session, exam: Exam, version: QuestionVersion, form: LeakForm) -> str:
    held = session.get_one(Question, version.question_id)
    looks = session.execute(queries.calibrations_of(version.id)).all()
    item, calibration, _form = looks[0] if looks else (None, None, None)
    study = queries.study_of(session, item) if item else None
    fair = session.scalar(queries.fairness_studies(exam.id).limit(1))
    said = session.scalars(queries.leaks(held.id)).all()
    names = sa.select(Account.id, Account.display_name).where(
        Account.id.in_({one.by_id for one in said})
    )
    return render_template(
        "exams/measured_question.html",
        exam=exam,
        name=held.slug,
        version=version,
        standing=session.get_one(Standing, version.id),
        page=laid_out(version, None, seed=0, position=1, stimulus=stimulus_of(session, version)),
        inline=inline,
        looks=looks,
        item=item,
        calibration=calibration,
        study=study,
        trace=measured_drawings.trace(study, item.levels) if study and item else None,
        location=measured_drawings.location(item, study),
        words={one["option"]: choices.words(version, one["option"]) for one in study.options}
        if study
        else {},
        fit=measured.fit(item),
        remarks=measured.remarks(item) if item else [],
        exposure=queries.exposures(session, exam.id, [version.id])[version.id],
        versions=session.execute(queries.other_versions(version)).all(),
        places=session.execute(queries.forms_with(version.id)).all(),
        differences=None if fair is None else fairness_words.by_version(fair).get(version.id, []),
        difference=fairness_words.difference,
        leaks=said,
        names=dict(session.execute(names).all()),
        form=form,
        areas={area["slug"]: area["title"] for area in exam.areas},
    )


def _version(session: Session, exam: Exam, name: str, locale: str, number: int) -> QuestionVersion:
    query = (
        sa.select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(
            Question.exam_id == exam.id,
            Question.slug == name,
            QuestionVersion.locale == locale,
            QuestionVersion.number == number,
        )
    )
    return one_or_404(session, query)


def _exam(session: Session, slug: str) -> Exam:
    mine = reach.exams_measured_by(person().account_id)
    return one_or_404(session, attempt_queries.exam_by_slug(slug).where(mine))
