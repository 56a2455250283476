"""Compliance: the identity checks that a person must look at, what was handed in, and deciding."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal import clock
from portal.access import Role, holds, person, requires
from portal.accounts.models import Account
from portal.db import lock, one_or_404, reading, transaction
from portal.decisions import Decision
from portal.identity import by_hand, evidence, queries, same_person, verdicts, words
from portal.identity.forms import AnswerForm, DecisionForm, OpinionForm, ViewForm
from portal.identity.last_errors import explain
from portal.identity.models import (
    EvidenceView,
    IdentityCheck,
    IdentityEvidence,
    IdentityOpinion,
    OpinionVerdict,
    Route,
    ViewReason,
)

bp = Blueprint("identity_cases", __name__, url_prefix="/compliance/identity")

_WHO: Final = (Role.COMPLIANCE, Role.ADMIN)
_VERDICTS: Final[dict[str, Callable[..., Decision]]] = {
    "accept": verdicts.accept,
    "again": verdicts.ask_again,
    "papers": verdicts.ask_for_evidence,
    "refuse": verdicts.refuse,
}
_SETTLED_SHOWN: Final = 50


@dataclass(frozen=True)
class _Forms:
    """The page's forms: the one that was posted, and the others empty."""

    decision: DecisionForm = field(default_factory=DecisionForm)
    opinion: OpinionForm = field(default_factory=OpinionForm)
    answer: AnswerForm = field(default_factory=AnswerForm)
    view: ViewForm = field(default_factory=ViewForm)

    @property
    def wrong(self) -> "DecisionForm | OpinionForm | AnswerForm | ViewForm":
        """The one that has errors to show in the page's title."""
        posted = (self.opinion, self.answer, self.view)
        return next((form for form in posted if form.errors), self.decision)


@bp.get("")
@requires(*_WHO)
def overview() -> str:
    """Open cases and appeals, the most urgent first, and what was settled lately."""
    with reading() as session:
        return render_template(
            "identity/cases.html",
            now=clock.now(session),
            cases=_with_people(session, _others(queries.cases())),
            appeals=_with_people(session, _others(verdicts.contested())),
            awaited=_with_people(session, _others(queries.awaited())),
            settled=_with_people(session, _others(_lately())),
            words=words,
        )


@bp.get("/<uuid:public_id>")
@requires(*_WHO)
def show(public_id: UUID) -> str:
    """One check: what the machine said, what was handed in, and the decision to take."""
    return _page(public_id, _Forms())


@bp.post("/<uuid:public_id>/decide")
@requires(*_WHO)
def decide(public_id: UUID) -> Response | tuple[str, int]:
    """Settle a case of which Stripe has seen the document."""
    form = DecisionForm()
    if not form.validate():
        return _page(public_id, _Forms(decision=form)), 422
    with transaction() as session:
        check = lock(session, one_or_404(session, _case(public_id)))
        verdict = _VERDICTS[form.verdict.data]
        by = person().account_id
        verdict(session, check, by=by, reason=form.reason.data, now=clock.now(session))
    flash(_("Recorded; the person has been told."), "good")
    return redirect(url_for("identity_cases.overview"), 303)


@bp.post("/<uuid:public_id>/opinion")
@requires(*_WHO)
def give_opinion(public_id: UUID) -> Response | tuple[str, int]:
    """Say what one thinks of a case that two people decide."""
    form = OpinionForm()
    if not form.validate():
        return _page(public_id, _Forms(opinion=form)), 422
    with transaction() as session:
        check = lock(session, one_or_404(session, _case(public_id)))
        decided = _say(session, check, form)
    told = _("Recorded; the person has been told.")
    flash(told if decided else _("Recorded; now somebody else looks."), "good")
    return redirect(url_for("identity_cases.overview"), 303)


@bp.post("/<uuid:public_id>/evidence")
@requires(*_WHO)
def look(public_id: UUID) -> str | tuple[str, int]:
    """Show one thing that was handed in, once it is written down who looks and why."""
    form = ViewForm()
    if not form.validate():
        return _page(public_id, _Forms(view=form)), 422
    with transaction() as session:
        check = one_or_404(session, _case(public_id))
        found = queries.kept_evidence(check).where(
            sa.cast(IdentityEvidence.public_id, sa.Text) == form.item.data
        )
        item = one_or_404(session, found)
        content = evidence.view(
            session,
            item,
            viewer=person().account_id,
            reason=ViewReason(form.reason.data),
            note=form.note.data,
            now=clock.now(session),
        )
        subject = session.get_one(Account, check.account_id)
        return render_template(
            "identity/evidence.html",
            check=check,
            subject=subject,
            item=item,
            words=words,
            content=_shown(item, content),
        )


@bp.post("/<uuid:public_id>/answer")
@requires(*_WHO)
def answer(public_id: UUID) -> Response | tuple[str, int]:
    """Answer an appeal."""
    form = AnswerForm()
    if not form.validate():
        return _page(public_id, _Forms(answer=form)), 422
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


def _say(session: Session, check: IdentityCheck, form: OpinionForm) -> bool:
    """Whether this settled it, or asked the person for something else."""
    by, reason, now = person().account_id, form.reason.data, clock.now(session)
    if form.verdict.data == "again":
        verdicts.ask_again(session, check, by=by, reason=reason, now=now)
        return True
    verdict = OpinionVerdict(form.verdict.data)
    said = by_hand.give_opinion(session, check, by=by, verdict=verdict, reason=reason, now=now)
    return said is not None


def _page(public_id: UUID, forms: _Forms) -> str:
    with reading() as session:
        check = one_or_404(session, _case(public_id))
        forms.view.item.choices = _choices(session, check)
        return render_template(
            "identity/case.html",
            form=forms.wrong,
            decision_form=forms.decision,
            opinion_form=forms.opinion,
            answer_form=forms.answer,
            view_form=forms.view,
            **_context(session, check),
        )


def _choices(session: Session, check: IdentityCheck) -> list[SelectChoice]:
    """What can be looked at."""
    kept = session.scalars(queries.kept_evidence(check))
    return [SelectChoice(str(item.public_id), words.KINDS[item.kind]) for item in kept]


def _context(session: Session, check: IdentityCheck) -> dict[str, Any]:
    decision = verdicts.decision_of(session, check)
    said = queries.opinions_given(session, check)
    return {
        "check": check,
        "words": words,
        "subject": session.get_one(Account, check.account_id),
        "reviewer": session.get(Account, check.reviewer_id) if check.reviewer_id else None,
        "explanation": explain(check.last_error) if check.last_error else None,
        "decision": decision,
        "appeal": verdicts.appeal_of(session, decision) if decision else None,
        "by_hand": check.route is Route.PEOPLE,
        "said": len(said),
        "spoken": person().account_id in said,
        "opinions": _opinions(session, check) if check.settled else [],
        "concerned": _concerned(check, decision),
        "twins": list(session.scalars(same_person.others(check))),
        "items": list(session.scalars(queries.evidence_of(check))),
        "views": _views(session, check),
    }


def _concerned(check: IdentityCheck, decision: Decision | None) -> bool:
    """Whether whoever asks decided before, and so does not answer the appeal."""
    before = {check.first_reviewer_id, check.second_reviewer_id}
    return person().account_id in before | {decision.decided_by_id if decision else None}


def _opinions(session: Session, check: IdentityCheck) -> list[tuple[IdentityOpinion, Account]]:
    """What the people said: shown only once it is settled, so that nobody follows another."""
    joined = queries.opinions_of(check).join(Account, Account.id == IdentityOpinion.reviewer_id)
    return [(said, by) for said, by in session.execute(joined.add_columns(Account))]


def _views(session: Session, check: IdentityCheck) -> list[Any]:
    query = evidence.views_of(check).join(Account, Account.id == EvidenceView.viewer_id)
    return list(session.execute(query.add_columns(Account.display_name)))


def _shown(item: IdentityEvidence, content: bytes) -> str:
    """Words as they are, a photo as an address that holds it: nothing of it is kept anywhere."""
    if item.media_type == "text/plain":
        return content.decode(errors="replace")
    return f"data:{item.media_type};base64,{base64.b64encode(content).decode()}"


def _case(public_id: UUID) -> sa.Select[IdentityCheck]:
    """Anybody's check but one's own."""
    return _others(sa.select(IdentityCheck)).where(IdentityCheck.public_id == public_id)


def _others(query: sa.Select[IdentityCheck]) -> sa.Select[IdentityCheck]:
    """For compliance everybody's but their own; for an administrator those they were asked to decide."""
    me = person().account_id
    query = query.where(IdentityCheck.account_id != me)
    return query if holds(Role.COMPLIANCE) else query.where(IdentityCheck.reviewer_id == me)


def _lately() -> sa.Select[IdentityCheck]:
    query = sa.select(IdentityCheck).where(IdentityCheck.settled_at.is_not(None))
    return query.order_by(IdentityCheck.settled_at.desc()).limit(_SETTLED_SHOWN)


def _with_people(
    session: Session, query: sa.Select[IdentityCheck]
) -> list[tuple[IdentityCheck, Account]]:
    joined = query.join(Account, Account.id == IdentityCheck.account_id).add_columns(Account)
    return [(check, account) for check, account in session.execute(joined)]
