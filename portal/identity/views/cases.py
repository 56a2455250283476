"""Compliance: the identity checks that a person must look at, and deciding them."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import lock, one_or_404, reading, transaction
from portal.decisions import Decision
from portal.identity import queries, verdicts
from portal.identity.forms import AnswerForm, DecisionForm
from portal.identity.last_errors import explain
from portal.identity.models import IdentityCheck

bp = Blueprint("identity_cases", __name__, url_prefix="/compliance/identity")

_VERDICTS: Final[dict[str, Callable[..., Decision]]] = {
    "accept": verdicts.accept,
    "again": verdicts.ask_again,
    "refuse": verdicts.refuse,
}
_SETTLED_SHOWN: Final = 50


@bp.get("")
@requires(Role.COMPLIANCE)
def overview() -> str:
    """Open cases and appeals, the most urgent first, and what was settled lately."""
    with reading() as session:
        return render_template(
            "identity/cases.html",
            now=clock.now(session),
            cases=_with_people(session, _others(queries.cases())),
            appeals=_with_people(session, _others(verdicts.contested())),
            settled=_with_people(session, _others(_lately())),
        )


@bp.get("/<uuid:public_id>")
@requires(Role.COMPLIANCE)
def show(public_id: UUID) -> str:
    """One check: what the machine said, and the decision to take."""
    return _page(public_id, DecisionForm(), AnswerForm())


@bp.post("/<uuid:public_id>/decide")
@requires(Role.COMPLIANCE)
def decide(public_id: UUID) -> Response | tuple[str, int]:
    """Settle a case."""
    form = DecisionForm()
    if not form.validate():
        return _page(public_id, form, AnswerForm()), 422
    with transaction() as session:
        check = lock(session, one_or_404(session, _case(public_id)))
        verdict = _VERDICTS[form.verdict.data]
        by = person().account_id
        verdict(session, check, by=by, reason=form.reason.data, now=clock.now(session))
    flash(_("Recorded; the person has been told."), "good")
    return redirect(url_for("identity_cases.overview"), 303)


@bp.post("/<uuid:public_id>/answer")
@requires(Role.COMPLIANCE)
def answer(public_id: UUID) -> Response | tuple[str, int]:
    """Answer an appeal."""
    form = AnswerForm()
    if not form.validate():
        return _page(public_id, DecisionForm(), form), 422
    with transaction() as session:
        verdicts.answer(
            session,
            one_or_404(session, _case(public_id)),
            uphold=form.verdict.data == "uphold",
            by=person().account_id,
            words=form.words.data,
            now=clock.now(session),
        )
    flash(_("Recorded; the person has been told."), "good")
    return redirect(url_for("identity_cases.overview"), 303)


def _page(public_id: UUID, form: DecisionForm, answer_form: AnswerForm) -> str:
    with reading() as session:
        check = one_or_404(session, _case(public_id))
        decision = verdicts.decision_of(session, check)
        return render_template(
            "identity/case.html",
            check=check,
            subject=session.get_one(Account, check.account_id),
            reviewer=session.get(Account, check.reviewer_id) if check.reviewer_id else None,
            explanation=explain(check.last_error) if check.last_error else None,
            decision=decision,
            appeal=verdicts.appeal_of(session, decision) if decision else None,
            form=answer_form if answer_form.errors else form,
            decision_form=form,
            answer_form=answer_form,
        )


def _case(public_id: UUID) -> sa.Select[IdentityCheck]:
    """Anybody's check but one's own."""
    return _others(sa.select(IdentityCheck)).where(IdentityCheck.public_id == public_id)


def _others(query: sa.Select[IdentityCheck]) -> sa.Select[IdentityCheck]:
    return query.where(IdentityCheck.account_id != person().account_id)


def _lately() -> sa.Select[IdentityCheck]:
    query = sa.select(IdentityCheck).where(IdentityCheck.settled_at.is_not(None))
    return query.order_by(IdentityCheck.settled_at.desc()).limit(_SETTLED_SHOWN)


def _with_people(
    session: Session, query: sa.Select[IdentityCheck]
) -> list[tuple[IdentityCheck, Account]]:
    joined = query.join(Account, Account.id == IdentityCheck.account_id).add_columns(Account)
    return [(check, account) for check, account in session.execute(joined)]
