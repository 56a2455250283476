"""Exams as their managers see them: how far people come, how they score, how the questions do."""

from flask import Blueprint, render_template
from flask_babel import gettext as _

from exams import measured
from exams.queries import adaptive, measurement, results, standards
from exams.queries import attempts as queries
from exams.queries.reach import exams_for
from exams.service import standards as pass_mark
from portal import charts
from portal.access import Role, person, requires
from portal.charts import Bar
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
        )


@bp.get("/manage/<slug>")
@requires(Role.MANAGER, Role.REVIEWER)
def show(slug: str) -> str:
    """One exam in sum. Answers and keys are not here: the worker alone reads them."""
    with reading() as session:
        mine = queries.exam_by_slug(slug).where(exams_for(person().account_id))
        exam = one_or_404(session, mine)
        form = one_or_404(session, queries.newest_form(exam.id))
        began, finished, passed = results.funnel(session, exam.id)
        steps = [(_("Began"), began), (_("Finished"), finished), (_("Passed"), passed)]
        shares = results.shares(session, exam.id)
        calibration = measurement.newest_calibration(session, form.id)
        return render_template(
            "exams/exam.html",
            exam=exam,
            form=form,
            calibrated=session.scalar(adaptive.calibrated(exam.id)) or 0,
            needed=adaptive.ENOUGH_QUESTIONS,
            began=began,
            shares=shares,
            funnel=charts.funnel(
                [Bar(label, count) for label, count in steps],
                title=_("How far people come"),
                headings=(_("Step"), _("People"), _("Of the step before")),
            ),
            scores=charts.distribution(
                shares,
                title=_("Scores"),
                ends=(0.0, 1.0),
                needed=pass_mark.cut_of(session, exam, form.id),
                needed_text=_("pass mark"),
                headings=(_("Up to"), _("People")),
            ),
            questions=results.question_table(session, form.id),
            calibration=calibration,
            measured=measurement.questions_of(session, calibration) if calibration else {},
            remarks=measured.remarks,
            information=measured.information(calibration, exam.cut)
            if calibration and calibration.curve
            else None,
            areas={area["slug"]: area["title"] for area in exam.areas},
        )
