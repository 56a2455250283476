"""Sitting an exam: how it works, one question a page, looking over it."""

from typing import Final
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.models import AdaptiveDesign, Attempt, AttemptState, Exam, Form, Qualification
from exams.queries import attempts as queries
from exams.service import (
    accommodations,
    adaptive,
    attempts,
    form_choice,
    outages,
    pauses,
    sections,
    sheet,
    standards,
    starting,
)
from exams.service.sections import Spot
from exams.views import gates, sending
from exams.views.places import around, ended, own, own_locked, past, where
from exams.views.questions import inline, page_of, stimulus_of
from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from portal.errors import Conflict
from portal.ids import random_id

bp = Blueprint("sitting", __name__, url_prefix="/exams", template_folder="../templates")

PEOPLE: Final = (Role.APPLICANT, Role.EXPERT)


@bp.get("/mine")
@requires(*PEOPLE)
def mine() -> str:
    """The person's attempts, and the exams they may sit."""
    with reading() as session:
        found = list(session.scalars(queries.attempts_of(person().account_id)))
        exams = {exam.id: exam for exam in session.scalars(queries.exams())}
        return render_template("exams/mine.html", attempts=found, exams=exams)


@bp.get("/about/<slug>")
@requires(*PEOPLE)
def about(slug: str) -> str:
    """How this exam works, before anything starts."""
    who = person()
    with reading() as session:
        exam = one_or_404(session, queries.exam_by_slug(slug))
        now = clock.now(session)
        underway = queries.open_of(who.account_id).where(Attempt.exam_id == exam.id)
        begun = session.scalar(underway)
        design = adaptive.design_of(session, exam.id, begun)
        form = form_choice.choose(session, exam, who.account_id, seed=0) or session.scalar(
            queries.newest_form(exam.id)
        )
        return render_template(
            "exams/about.html",
            exam=exam,
            cut=_cut(session, exam, form, design),
            adapts=adaptive.rules_of(design) if design else None,
            qualification=session.get_one(Qualification, exam.qualification_id),
            verdict=starting.may_start(session, exam, who.account_id, now=now),
            underway=begun,
            length=queries.length(session, form.id) if form else 0,
            sections=sections.parts(session, form.id) if form and not design else [],
            allowance=accommodations.allowance(session, who.account_id),
        )


@bp.post("/about/<slug>")
@requires(*PEOPLE)
def start(slug: str) -> Response:
    """Begin; the clock starts here."""
    with transaction() as session:
        exam = one_or_404(session, queries.exam_by_slug(slug))
        account_id, now = person().account_id, clock.now(session)
        attempt = starting.start(session, exam, account_id=account_id, where=where(), now=now)
    return redirect(url_for("sitting.resume", public_id=attempt.public_id), 303)


@bp.get("/<uuid:public_id>")
@requires(*PEOPLE)
def resume(public_id: UUID) -> Response:
    """To the question where the person was, on whichever device."""
    with reading() as session:
        attempt = own(session, public_id)
        if ended(session, attempt, clock.now(session)):
            return redirect(url_for("exam_results.result", public_id=public_id))
        if attempt.design_id is not None:
            newest = queries.length(session, attempt.form_id)
            return redirect(url_for("sitting.question", public_id=public_id, position=newest))
        place = sheet.read(list(session.scalars(queries.events(attempt.id)))).resume
        part = sections.current(session, attempt)
        last = part.last if part else queries.length(session, attempt.form_id)
        if place > last:
            return redirect(url_for("sitting.look_over", public_id=public_id))
    return redirect(url_for("sitting.question", public_id=public_id, position=place))


@bp.get("/<uuid:public_id>/<int:position>")
@requires(*PEOPLE)
def question(public_id: UUID, position: int) -> str | Response:
    """One question, where this device sits the attempt and no break is on."""
    with reading() as session:
        attempt = own(session, public_id)
        elsewhere = past(session, attempt, clock.now(session))
        if elsewhere is not None:
            return elsewhere
        spot = sections.at(session, attempt.form_id, position)
        part = spot.part(attempt)
        left = attempt.design_id is not None and position < spot.length
        if left or (part is not None and not part.holds(position)):
            return redirect(url_for("sitting.resume", public_id=public_id))
        gate = gates.closed(session, attempt, spot.version, position)
        return gate or _page(session, attempt, spot, position)


@bp.post("/<uuid:public_id>/<int:position>")
@requires(*PEOPLE)
def save(public_id: UUID, position: int) -> Response:
    """Keep the answer and go on; a page's script gets the acknowledgement as JSON."""
    sent = sending.read(where())
    with transaction() as session:
        attempt = own_locked(session, public_id)
        now = clock.now(session)
        told: attempts.Acknowledged | None = None
        holds = attempts.holds(attempt, sent.context.where)
        if not holds and attempt.state is AttemptState.OPEN:
            attempts.note_parallel(session, attempt, position=position, now=now)
        elif attempt.state is AttemptState.OPEN and ended(session, attempt, now):
            attempts.finish(session, attempt, now=now)
        elif adaptive.left(session, attempt, position, sent.nonce):
            return _left(public_id, quiet=sent.quiet)
        else:
            told = sending.keep(session, attempt, position, sent, now)
        spot = told.spot if told else None
        spot = spot or sections.at(session, attempt.form_id, position)
    if told is None:
        return _not_kept(public_id, quiet=sent.quiet, here=holds)
    if sent.quiet:
        ends = sending.ends(attempt)
        return jsonify(saved=told.at.isoformat(), late=told.late, ends=ends)
    if attempt.design_id is not None:
        return redirect(url_for("sitting.resume", public_id=public_id), 303)
    part = spot.part(attempt)
    first, last = (part.first, part.last) if part else (1, spot.length)
    return sending.onwards(public_id, max(first, sent.following(position)), last)


@bp.get("/<uuid:public_id>/overview")
@requires(*PEOPLE)
def look_over(public_id: UUID) -> str | Response:
    """What is answered and what is marked, before the section or the whole is finished."""
    with reading() as session:
        attempt = own(session, public_id)
        now = clock.now(session)
        elsewhere = past(session, attempt, now)
        if elsewhere is not None:
            return elsewhere
        part = sections.current(session, attempt)
        length = queries.length(session, attempt.form_id)
        return render_template(
            "exams/look_over.html",
            first=part.first if part else 1,
            last=part.last if part else length,
            following=sections.following(session, attempt),
            fresh=outages.fresh_sitting(session, attempt, now=now),
            adapts=adaptive.rules_by_which(session, attempt),
            **around(session, attempt),
        )


@bp.post("/<uuid:public_id>/finish")
@requires(*PEOPLE)
def finish(public_id: UUID) -> Response:
    """Hand it in."""
    with transaction() as session:
        attempt = own(session, public_id)
        attempts.finish(session, attempt, now=clock.now(session))
    return redirect(url_for("exam_results.result", public_id=public_id), 303)


@bp.post("/<uuid:public_id>/here")
@requires(*PEOPLE)
def go_on_here(public_id: UUID) -> Response:
    """Sit it on this device from now on; the other is told as soon as it speaks to us."""
    with transaction() as session:
        attempt = own(session, public_id)
        attempts.take_over(session, attempt, where=where(), now=clock.now(session))
    return redirect(url_for("sitting.resume", public_id=public_id), 303)


@bp.post("/<uuid:public_id>/break")
@requires(*PEOPLE)
def rest(public_id: UUID) -> Response:
    """Begin a break."""
    with transaction() as session:
        attempt = own(session, public_id)
        pauses.take(session, attempt, now=clock.now(session))
    return redirect(url_for("sitting.resume", public_id=public_id), 303)


@bp.post("/<uuid:public_id>/back")
@requires(*PEOPLE)
def come_back(public_id: UUID) -> Response:
    """End the break."""
    with transaction() as session:
        attempt = own(session, public_id)
        pauses.end(session, attempt, now=clock.now(session))
    return redirect(url_for("sitting.resume", public_id=public_id), 303)


@bp.post("/<uuid:public_id>/section")
@requires(*PEOPLE)
def next_section(public_id: UUID) -> Response:
    """Leave the section for good, with its break or without; after the last one it is over."""
    number = request.form.get("following", type=int, default=0)
    wants_rest = request.form.get("rest") == "1"
    with transaction() as session:
        attempt = own(session, public_id)
        now = clock.now(session)
        pauses.next_section(session, attempt, following=number, rest=wants_rest, now=now)
    return redirect(url_for("sitting.resume", public_id=public_id), 303)


def _page(session: Session, attempt: Attempt, spot: Spot, position: int) -> str:
    facts = around(session, attempt, spot)
    given: sheet.Sheet = facts["sheet"]
    return render_template(
        "exams/question.html",
        position=position,
        length=spot.length,
        page=page_of(
            attempt,
            spot.version,
            position,
            given.answer(position),
            stimulus=stimulus_of(session, spot.version),
        ),
        saved=given.saved.get(position),
        marked=position in given.marked,
        nonce=random_id(),
        inline=inline,
        areas={area["slug"]: area["title"] for area in facts["exam"].areas},
        adapts=adaptive.rules_by_which(session, attempt),
        **facts,
    )


def _cut(session: Session, exam: Exam, form: Form | None, design: AdaptiveDesign | None) -> float:
    """The pass mark of an attempt that begins now."""
    if design is not None and design.cut is not None:
        return design.cut
    return standards.cut_of(session, exam, form.id) if form else exam.cut


def _left(public_id: UUID, *, quiet: bool) -> Response:
    """An adaptive attempt is past that question: on to the one that follows."""
    if quiet:
        raise Conflict(attempts.LEFT)
    flash(_("You had answered that question already. This one follows from it."))
    return redirect(url_for("sitting.resume", public_id=public_id), 303)


def _not_kept(public_id: UUID, *, quiet: bool, here: bool) -> Response:
    """The time was over, or another device goes on: said as a page or, to a script, as a problem."""
    words = _(
        "The time was over before that answer reached us. Everything you had saved by then counts."
    )
    if not here:
        words = _(
            "You went on on another device, so this answer was not kept. Load this page again to go on here instead."
        )
    if quiet:
        raise Conflict(words)
    flash(words, "warning")
    following = "exam_results.result" if here else "sitting.resume"
    return redirect(url_for(following, public_id=public_id), 303)
