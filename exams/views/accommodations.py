"""More time and breaks: the person's own page, and the desk of compliance, who alone see it."""

from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.accommodation_forms import AnswerForm, AskForm, GrantForm, ReadForm
from exams.models import Accommodation
from exams.queries import accommodations as queries
from exams.service import accommodations as service
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.decisions import Decision
from portal.errors import Invalid

bp = Blueprint("exam_time", __name__, url_prefix="/exams", template_folder="../templates")
desk = Blueprint(
    "exam_time_desk",
    __name__,
    url_prefix="/compliance/accommodations",
    template_folder="../templates",
)

_PEOPLE: Final = (Role.APPLICANT, Role.EXPERT)
Page = str | tuple[str, int] | Response


@bp.get("/time")
@requires(*_PEOPLE)
def show() -> str:
    """What holds, what waits, and asking for more."""
    return _own_page(AskForm())


@bp.post("/time")
@requires(*_PEOPLE)
def ask() -> Page:
    """Ask."""
    form = AskForm()
    if not form.validate():
        return _own_page(form), 422
    with transaction() as session:
        wanted, words = form.wanted(), form.words.data or ""
        account_id, now = person().account_id, clock.now(session)
        service.ask(session, account_id=account_id, wanted=wanted, words=words, now=now)
    flash(_("Asked. You get an answer within two working days."), "good")
    return redirect(url_for("exam_time.show"), 303)


@bp.post("/time/end")
@requires(*_PEOPLE)
def end() -> Response:
    """It is no longer wanted."""
    account_id = person().account_id
    with transaction() as session:
        held = queries.asked(account_id), queries.granted(account_id)
        found = [one for query in held if (one := session.scalar(query))]
        for one in found:
            service.end(session, one, now=clock.now(session))
    flash(_("Noted. Attempts under way keep what they have."), "good")
    return redirect(url_for("exam_time.show"), 303)


@desk.get("")
@requires(Role.COMPLIANCE)
def overview() -> str:
    """What waits, the most urgent first, and arranging it for somebody."""
    return _desk_page(GrantForm())


@desk.post("")
@requires(Role.COMPLIANCE)
def grant() -> Page:
    """Arrange it for somebody who asked in another way."""
    form = GrantForm()
    if not form.validate():
        return _desk_page(form), 422
    with transaction() as session:
        address = (form.email.data or "").strip().lower()
        found = sa.select(Account).where(sa.func.lower(Account.email) == address)
        account = session.scalar(found.where(Account.id != person().account_id))
        if account is None:
            raise Invalid(_("There is no account of somebody else with this e-mail address."))
        by, now = person().account_id, clock.now(session)
        wanted = form.wanted()
        service.grant_unasked(session, account_id=account.id, wanted=wanted, by=by, now=now)
    flash(_("Arranged; the person has been told."), "good")
    return redirect(url_for("exam_time_desk.overview"), 303)


@desk.get("/<uuid:public_id>")
@requires(Role.COMPLIANCE)
def one(public_id: UUID) -> str:
    """One request, and the answer to give."""
    return _case_page(public_id, AnswerForm())


@desk.post("/<uuid:public_id>")
@requires(Role.COMPLIANCE)
def answer(public_id: UUID) -> Page:
    """Arrange it, or say why not."""
    form = AnswerForm()
    if not form.validate():
        return _case_page(public_id, form), 422
    with transaction() as session:
        asked, by = _case(session, public_id), person().account_id
        now = clock.now(session)
        if form.verdict.data == "for":
            service.grant(session, asked, by=by, now=now)
        else:
            service.decline(session, asked, by=by, reason=form.reason.data, now=now)
    flash(_("Recorded; the person has been told."), "good")
    return redirect(url_for("exam_time_desk.overview"), 303)


@desk.post("/<uuid:public_id>/words")
@requires(Role.COMPLIANCE)
def words(public_id: UUID) -> Page:
    """Read what they wrote: an act that is kept with its reason."""
    form = ReadForm()
    if not form.validate():
        return _case_page(public_id, AnswerForm()), 422
    with transaction() as session:
        asked, by = _case(session, public_id), person().account_id
        now = clock.now(session)
        read = service.read_words(session, asked, by=by, reason=form.why.data, now=now)
    return _case_page(public_id, AnswerForm(), words=read)


def _own_page(form: AskForm) -> str:
    with reading() as session:
        mine = list(session.scalars(queries.of(person().account_id).limit(20)))
        decided = {one.decision_id for one in mine if one.decision_id}
        decisions = sa.select(Decision).where(Decision.id.in_(decided))
        return render_template(
            "exams/time.html",
            form=form,
            mine=mine,
            decisions={one.id: one for one in session.scalars(decisions)},
        )


def _desk_page(form: GrantForm) -> str:
    with reading() as session:
        query = queries.waiting(viewer_id=person().account_id)
        joined = query.join(Account, Account.id == Accommodation.account_id).add_columns(Account)
        rows = [(asked, account) for asked, account in session.execute(joined.limit(200))]
        return render_template("exams/time_desk.html", form=form, rows=rows, now=clock.now(session))


def _case_page(public_id: UUID, form: AnswerForm, words: str | None = None) -> str:
    with reading() as session:
        asked = _case(session, public_id)
        return render_template(
            "exams/time_case.html",
            asked=asked,
            subject=session.get_one(Account, asked.account_id),
            reviewer=session.get(Account, asked.reviewer_id) if asked.reviewer_id else None,
            form=form,
            read_form=ReadForm(formdata=None),
            words=words,
        )


def _case(session: Session, public_id: UUID) -> Accommodation:
    others = queries.others(person().account_id)
    return one_or_404(session, others.where(Accommodation.public_id == public_id))
