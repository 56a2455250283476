"""What waits for a person of ours: applications and results, with their clocks."""

from typing import Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.drawings import drawing
from exams.forms import VerdictForm
from exams.models import Application, Attempt, Exam, Opening
from exams.queries import applications as application_queries
from exams.queries import attempts as attempt_queries
from exams.queries import reach
from exams.service import applications, consent, grading, sitting_record
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.decisions import Decision

bp = Blueprint("deciding", __name__, url_prefix="/applications", template_folder="../templates")

Row = TypeVar("Row", Application, Attempt)
_PEOPLE: Final = (Role.MANAGER, Role.REVIEWER)


@bp.get("")
@requires(*_PEOPLE)
def queue() -> str:
    """Applications and results that wait, the most urgent first."""
    with reading() as session:
        mine = person().account_id
        waiting = application_queries.waiting().where(reach.applications_for(mine))
        results = attempt_queries.waiting().where(reach.attempts_for(mine))
        return render_template(
            "exams/queue.html",
            now=clock.now(session),
            applications=_with_people(session, waiting, Application),
            results=_with_people(session, results, Attempt),
            openings={one.id: one for one in session.scalars(sa.select(Opening))},
            exams={one.id: one for one in session.scalars(attempt_queries.exams())},
        )


@bp.get("/queue/<uuid:public_id>")
@requires(*_PEOPLE)
def application(public_id: UUID) -> str:
    """One application, and the decision to take."""
    return _application_page(public_id, VerdictForm())


@bp.post("/queue/<uuid:public_id>")
@requires(*_PEOPLE)
def decide(public_id: UUID) -> Response | tuple[str, int]:
    """Decide about an application."""
    form = VerdictForm()
    if not form.validate():
        return _application_page(public_id, form), 422
    verdict = applications.let_go_on if form.verdict.data == "for" else applications.refuse
    with transaction() as session:
        found = one_or_404(session, _application(public_id))
        by = person().account_id
        verdict(session, found, by=by, reason=form.reason.data, now=clock.now(session))
    return _recorded()


@bp.get("/results/<uuid:public_id>")
@requires(*_PEOPLE)
def result(public_id: UUID) -> str:
    """One result below the pass mark, and the decision to take."""
    return _result_page(public_id, VerdictForm())


@bp.post("/results/<uuid:public_id>")
@requires(*_PEOPLE)
def confirm(public_id: UUID) -> Response | tuple[str, int]:
    """Confirm a result, or let it pass all the same."""
    form = VerdictForm()
    if not form.validate():
        return _result_page(public_id, form), 422
    verdict = grading.let_pass if form.verdict.data == "for" else grading.confirm
    with transaction() as session:
        found = one_or_404(session, _attempt(public_id))
        by = person().account_id
        verdict(session, found, by=by, reason=form.reason.data, now=clock.now(session))
    return _recorded()


def page_of(session: Session, attempt_id: int) -> str:
    """Where an attempt is looked at by whoever answers an appeal about it."""
    public_id = session.get_one(Attempt, attempt_id).public_id
    return url_for("deciding.result", public_id=public_id)


def _recorded() -> Response:
    flash(_("Recorded; the person has been told."), "good")
    return redirect(url_for("deciding.queue"), 303)


def _application_page(public_id: UUID, form: VerdictForm) -> str:
    with reading() as session:
        found = one_or_404(session, _application(public_id))
        return render_template(
            "exams/deciding_application.html",
            application=found,
            opening=session.get_one(Opening, found.opening_id),
            subject=session.get_one(Account, found.account_id),
            reviewer=session.get(Account, found.reviewer_id) if found.reviewer_id else None,
            form=form,
        )


def _result_page(public_id: UUID, form: VerdictForm) -> str:
    with reading() as session:
        found = one_or_404(session, _attempt(public_id))
        score = attempt_queries.score(session, found.id)
        decided = found.decision_id
        return render_template(
            "exams/deciding_result.html",
            left_out=consent.left_out(session, found.id),
            attempt=found,
            exam=session.get_one(Exam, found.exam_id),
            reviewer=session.get(Account, found.reviewer_id) if found.reviewer_id else None,
            score=score,
            drawing=drawing(score.share, score.margin, score.cut) if score else None,
            record=sitting_record.read(list(session.scalars(attempt_queries.events(found.id)))),
            decision=session.get_one(Decision, decided) if decided else None,
            form=form,
        )


def _application(public_id: UUID) -> sa.Select[Application]:
    mine = reach.applications_for(person().account_id)
    return sa.select(Application).where(mine, Application.public_id == public_id)


def _attempt(public_id: UUID) -> sa.Select[Attempt]:
    mine = reach.attempts_for(person().account_id)
    return sa.select(Attempt).where(mine, Attempt.public_id == public_id)


def _with_people(
    session: Session, query: sa.Select[Row], table: type[Row]
) -> list[tuple[Row, Account]]:
    joined = query.join(Account, Account.id == table.account_id).add_columns(Account)
    return [(row, account) for row, account in session.execute(joined)]
