"""The gate before a question that may hurt to read: nobody sees it who has not said so."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.models import Attempt, QuestionVersion
from exams.queries import attempts as queries
from exams.service import consent
from exams.views.places import around, own, past
from portal import clock
from portal.access import Role, requires
from portal.db import lock, one_or_404, transaction

bp = Blueprint("exam_gates", __name__, url_prefix="/exams", template_folder="../templates")

_PEOPLE: Final = (Role.APPLICANT, Role.EXPERT)


def closed(
    session: Session, attempt: Attempt, version: QuestionVersion, position: int
) -> str | None:
    """The page shown instead of the question until its person wants to see it."""
    if version.warning is None:
        return None
    said = consent.given(session, attempt.id, position)
    if said:
        return None
    return render_template(
        "exams/gate.html",
        position=position,
        length=queries.length(session, attempt.form_id),
        warning=version.warning,
        declined=said is False,
        **around(session, attempt),
    )


@bp.post("/<uuid:public_id>/<int:position>/gate")
@requires(*_PEOPLE)
def answer(public_id: UUID, position: int) -> str | Response:
    """Keep what they said: to see it, or to leave it out."""
    agreed = request.form.get("agreed") == "yes"
    with transaction() as session:
        attempt = lock(session, own(session, public_id))
        now = clock.now(session)
        elsewhere = past(session, attempt, now)
        if elsewhere is not None:
            return elsewhere
        version = one_or_404(session, queries.question_at(attempt.form_id, position))
        if version.warning is not None:
            consent.give(session, attempt, position, agreed=agreed, now=now)
        last = queries.length(session, attempt.form_id)
    if not agreed and position >= last:
        return redirect(url_for("sitting.look_over", public_id=public_id), 303)
    following = position if agreed else position + 1
    return redirect(url_for("sitting.question", public_id=public_id, position=following), 303)
