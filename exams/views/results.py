"""An attempt's result: the score with its margin and the pass mark, what follows, and a fresh sitting."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from exams.drawings import drawing
from exams.models import Exam
from exams.queries import applications as application_queries
from exams.queries import attempts as queries
from exams.service import outages, starting
from exams.views.places import ended, own
from exams.views.sitting import PEOPLE
from portal import clock
from portal.access import person, requires
from portal.db import reading, transaction
from portal.decisions import Decision

bp = Blueprint("exam_results", __name__, url_prefix="/exams", template_folder="../templates")


@bp.get("/<uuid:public_id>/result")
@requires(*PEOPLE)
def result(public_id: UUID) -> str | Response:
    """The score with its margin and the pass mark, and what follows."""
    who = person()
    with reading() as session:
        attempt = own(session, public_id)
        now = clock.now(session)
        if not ended(session, attempt, now):
            return redirect(url_for("sitting.resume", public_id=public_id))
        exam = session.get_one(Exam, attempt.exam_id)
        score = queries.score(session, attempt.id)
        decision = session.get(Decision, attempt.decision_id) if attempt.decision_id else None
        return render_template(
            "exams/result.html",
            attempt=attempt,
            exam=exam,
            score=score,
            drawing=drawing(score.share, score.margin, score.cut) if score else None,
            decision=decision,
            verdict=starting.may_start(session, exam, who.account_id, now=now),
            fresh=outages.fresh_sitting(session, attempt, now=now),
            areas={area["slug"]: area["title"] for area in exam.areas},
            application=session.scalar(
                application_queries.applications_of(who.account_id).limit(1)
            ),
        )


@bp.post("/<uuid:public_id>/fresh")
@requires(*PEOPLE)
def fresh(public_id: UUID) -> Response:
    """Their line was away: this attempt no longer counts, and a fresh one uses up nothing."""
    with transaction() as session:
        attempt = own(session, public_id)
        outages.ask_fresh_sitting(session, attempt, now=clock.now(session))
        slug = session.get_one(Exam, attempt.exam_id).slug
    flash(_("That attempt no longer counts. You can begin afresh whenever you like."), "good")
    return redirect(url_for("sitting.about", slug=slug), 303)
