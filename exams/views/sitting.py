"""Sitting an exam: how it works, one question a page, looking over it, the result."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.drawings import drawing
from exams.models import Attempt, AttemptState, EventKind, Exam, Qualification
from exams.queries import applications as application_queries
from exams.queries import attempts as queries
from exams.service import attempts, sheet
from exams.views.questions import inline, page_of
from portal import clock
from portal.access import Role, person, requires
from portal.db import lock, one_or_404, reading, transaction
from portal.decisions import Decision
from portal.errors import Conflict, Invalid
from portal.ids import random_id

bp = Blueprint("sitting", __name__, url_prefix="/exams", template_folder="../templates")

_PEOPLE: Final = (Role.APPLICANT, Role.EXPERT)


@bp.get("/mine")
@requires(*_PEOPLE)
def mine() -> str:
    """The person's attempts, and the exams they may sit."""
    who = person()
    with reading() as session:
        found = list(session.scalars(queries.attempts_of(who.account_id)))
        exams = {exam.id: exam for exam in session.scalars(queries.exams())}
        return render_template("exams/mine.html", attempts=found, exams=exams)


@bp.get("/about/<slug>")
@requires(*_PEOPLE)
def about(slug: str) -> str:
    """How this exam works, before anything starts."""
    who = person()
    with reading() as session:
        exam = one_or_404(session, queries.exam_by_slug(slug))
        now = clock.now(session)
        underway = queries.at_exam(who.account_id, exam.id).where(
            Attempt.state == AttemptState.OPEN
        )
        form = session.scalar(queries.newest_form(exam.id))
        return render_template(
            "exams/about.html",
            exam=exam,
            qualification=session.get_one(Qualification, exam.qualification_id),
            verdict=attempts.may_start(session, exam, who.account_id, now=now),
            underway=session.scalar(underway),
            length=queries.length(session, form.id) if form else 0,
        )


@bp.post("/about/<slug>")
@requires(*_PEOPLE)
def start(slug: str) -> Response:
    """Begin; the clock starts here."""
    with transaction() as session:
        exam = one_or_404(session, queries.exam_by_slug(slug))
        now = clock.now(session)
        attempt = attempts.start(session, exam, account_id=person().account_id, now=now)
    return redirect(url_for("sitting.resume", public_id=attempt.public_id), 303)


@bp.get("/<uuid:public_id>")
@requires(*_PEOPLE)
def resume(public_id: UUID) -> Response:
    """To the question where the person was, on whichever device."""
    with reading() as session:
        attempt = _mine(session, public_id)
        if _ended(attempt, clock.now(session)):
            return redirect(url_for("sitting.result", public_id=public_id))
        place = sheet.read(list(session.scalars(queries.events(attempt.id)))).resume
        if place > queries.length(session, attempt.form_id):
            return redirect(url_for("sitting.look_over", public_id=public_id))
    return redirect(url_for("sitting.question", public_id=public_id, position=place))


@bp.get("/<uuid:public_id>/<int:position>")
@requires(*_PEOPLE)
def question(public_id: UUID, position: int) -> str | Response:
    """One question."""
    return _page(public_id, position)


@bp.post("/<uuid:public_id>/<int:position>")
@requires(*_PEOPLE)
def save(public_id: UUID, position: int) -> Response:
    """Keep the answer and go on; a page's script gets the acknowledgement as JSON."""
    quiet = request.form.get("go") == "stay"
    try:
        nonce = UUID(request.form.get("nonce", ""))
    except ValueError:
        raise Invalid(_("Please load the page again and answer once more.")) from None
    with transaction() as session:
        attempt = lock(session, _mine(session, public_id))
        now = clock.now(session)
        if attempt.state is AttemptState.OPEN and attempts.over(attempt, now=now):
            attempts.finish(session, attempt, now=now)
            told = None
        else:
            told = _keep(session, attempt, position, nonce, now)
        length = queries.length(session, attempt.form_id)
    if told is None:
        return _too_late(public_id, quiet=quiet)
    if quiet:
        return jsonify(saved=told.at.isoformat(), late=told.late)
    return _onwards(public_id, position, length)


@bp.get("/<uuid:public_id>/overview")
@requires(*_PEOPLE)
def look_over(public_id: UUID) -> str | Response:
    """What is answered and what is marked, before finishing."""
    with reading() as session:
        attempt = _mine(session, public_id)
        if _ended(attempt, clock.now(session)):
            return redirect(url_for("sitting.result", public_id=public_id))
        length = queries.length(session, attempt.form_id)
        return render_template("exams/look_over.html", length=length, **_around(session, attempt))


@bp.post("/<uuid:public_id>/finish")
@requires(*_PEOPLE)
def finish(public_id: UUID) -> Response:
    """Hand it in."""
    with transaction() as session:
        attempt = _mine(session, public_id)
        attempts.finish(session, attempt, now=clock.now(session))
    return redirect(url_for("sitting.result", public_id=public_id), 303)


@bp.get("/<uuid:public_id>/result")
@requires(*_PEOPLE)
def result(public_id: UUID) -> str | Response:
    """The score with its margin and the pass mark, and what follows."""
    who = person()
    with reading() as session:
        attempt = _mine(session, public_id)
        now = clock.now(session)
        if not _ended(attempt, now):
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
            verdict=attempts.may_start(session, exam, who.account_id, now=now),
            areas={area["slug"]: area["title"] for area in exam.areas},
            application=session.scalar(
                application_queries.applications_of(who.account_id).limit(1)
            ),
        )


def _mine(session: Session, public_id: UUID) -> Attempt:
    mine = queries.attempts_of(person().account_id).where(Attempt.public_id == public_id)
    return one_or_404(session, mine)


def _ended(attempt: Attempt, now: datetime) -> bool:
    return attempt.state is not AttemptState.OPEN or attempts.over(attempt, now=now)


def _page(public_id: UUID, position: int) -> str | Response:
    with reading() as session:
        attempt = _mine(session, public_id)
        if _ended(attempt, clock.now(session)):
            return redirect(url_for("sitting.result", public_id=public_id))
        version = one_or_404(session, queries.question_at(attempt.form_id, position))
        around = _around(session, attempt)
        given: sheet.Sheet = around["sheet"]
        return render_template(
            "exams/question.html",
            position=position,
            length=queries.length(session, attempt.form_id),
            page=page_of(attempt, version, position, given.answer(position)),
            saved=given.saved.get(position),
            marked=position in given.marked,
            nonce=random_id(),
            inline=inline,
            areas={area["slug"]: area["title"] for area in around["exam"].areas},
            **around,
        )


def _around(session: Session, attempt: Attempt) -> dict[str, Any]:
    """What every page of an attempt shows: how far, how long."""
    now = clock.now(session)
    zone = str(g.get("time_zone", "UTC"))
    return {
        "attempt": attempt,
        "exam": session.get_one(Exam, attempt.exam_id),
        "sheet": sheet.read(list(session.scalars(queries.events(attempt.id)))),
        "now": now,
        "minutes_left": max(0, int((attempt.deadline - now).total_seconds() // 60)),
        "until": f"{attempt.deadline.astimezone(ZoneInfo(zone)):%H:%M}",
        "place": zone.rsplit("/", maxsplit=1)[-1].replace("_", " "),
    }


def _keep(
    session: Session, attempt: Attempt, position: int, nonce: UUID, now: datetime
) -> attempts.Acknowledged:
    go = request.form.get("go", "next")
    following = {"previous": position - 1, "next": position + 1}.get(go, position)
    told = attempts.save(
        session,
        attempt,
        position=position,
        values=request.form.getlist("answer"),
        nonce=nonce,
        following=max(1, following),
        now=now,
    )
    if go in {"mark", "unmark"}:
        kind = EventKind.MARKED if go == "mark" else EventKind.UNMARKED
        attempts.mark(session, attempt, position=position, kind=kind, nonce=random_id(), now=now)
    return told


def _onwards(public_id: UUID, position: int, length: int) -> Response:
    go = request.form.get("go", "next")
    following = {"previous": max(1, position - 1), "next": position + 1}.get(go, position)
    if following > length:
        return redirect(url_for("sitting.look_over", public_id=public_id), 303)
    return redirect(url_for("sitting.question", public_id=public_id, position=following), 303)


def _too_late(public_id: UUID, *, quiet: bool) -> Response:
    words = _(
        "The time was over before that answer reached us. Everything you had saved by then counts."
    )
    if quiet:
        raise Conflict(words)
    flash(words, "warning")
    return redirect(url_for("sitting.result", public_id=public_id), 303)
