"""An attempt's result: the score with its margin and the pass mark, what follows, and a fresh sitting."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.drawings import area_drawing, scaled_drawing
from exams.models import Attempt, Exam
from exams.queries import applications as application_queries
from exams.queries import attempts as queries
from exams.queries import grading as grading_queries
from exams.service import outages, scale, score_reports, starting
from exams.service.score_reports import Told
from exams.views.places import ended, own
from exams.views.sitting import PEOPLE
from portal import clock, files
from portal.access import person, requires
from portal.db import reading, transaction
from portal.errors import NotFound
from portal.files.models import StoredFile

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
        told = score_reports.told(session, attempt)
        return render_template(
            "exams/result.html",
            attempt=attempt,
            exam=exam,
            verdict=starting.may_start(session, exam, who.account_id, now=now),
            fresh=outages.fresh_sitting(session, attempt, now=now),
            graded_by=session.scalar(grading_queries.graded_by(attempt.id)),
            application=session.scalar(
                application_queries.applications_of(who.account_id).limit(1)
            ),
            **_score(session, attempt, told),
        )


@bp.post("/<uuid:public_id>/report")
@requires(*PEOPLE)
def put_on_paper(public_id: UUID) -> Response:
    """Have the score put on paper."""
    with transaction() as session:
        attempt = own(session, public_id)
        score_reports.ask(session, attempt, now=clock.now(session))
    return redirect(url_for("exam_results.result", public_id=public_id), 303)


@bp.get("/<uuid:public_id>/report.pdf")
@requires(*PEOPLE)
def download(public_id: UUID) -> FlaskResponse:
    """The paper of the newest score."""
    with reading() as session:
        attempt = own(session, public_id)
        score = queries.score(session, attempt.id)
        paper = score_reports.paper(session, attempt, score) if score else None
        if paper is None or paper.file_id is None:
            raise NotFound
        content = files.read(session.get_one(StoredFile, paper.file_id))
        name = f"touchstone-score-report-{attempt.started_at:%Y-%m-%d}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return FlaskResponse(content, mimetype="application/pdf", headers=headers)


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


def _score(session: Session, attempt: Attempt, told: Told | None) -> dict[str, Any]:
    """What the page draws of a score; nothing before there is one."""
    if told is None:
        return {"score": None, "told": None, "decision": None}
    return {
        "score": told.score,
        "told": told,
        "decision": told.decision,
        "drawing": scaled_drawing(told.scaled),
        "areas": [(area, area_drawing(area)) for area in told.areas],
        "cut": scale.CUT,
        "ends": (scale.LOWEST, scale.HIGHEST),
        "paper": score_reports.paper(session, attempt, told.score),
    }
