"""A person's own identity check: agreeing, going to Stripe's page, showing us things, contesting."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from portal.decisions import Appeal, AppealState
from portal.identity import consent, evidence, provider, queries, service, verdicts, words
from portal.identity.forms import AppealForm, ConsentForm, EvidenceForm
from portal.identity.last_errors import explain
from portal.identity.models import (
    CheckState,
    EvidenceKind,
    IdentityCheck,
    IdentityEvidence,
    JobName,
)
from portal.jobs import enqueue

bp = Blueprint("identity", __name__, url_prefix="/identity")

_PEOPLE = (Role.APPLICANT, Role.EXPERT)


@dataclass(frozen=True)
class _Forms:
    """The page's forms: the one that was posted, and the others empty."""

    consent: ConsentForm = field(default_factory=ConsentForm)
    evidence: EvidenceForm = field(default_factory=EvidenceForm)
    appeal: AppealForm = field(default_factory=AppealForm)

    @property
    def wrong(self) -> "ConsentForm | EvidenceForm | AppealForm":
        """The one that has errors to show in the page's title."""
        posted = (self.appeal, self.evidence)
        return next((form for form in posted if form.errors), self.consent)


@bp.get("")
@requires(*_PEOPLE)
def overview() -> str:
    """Where the check stands, and the one thing to do next."""
    return _page(_Forms())


@bp.post("")
@requires(*_PEOPLE)
def start() -> Response | tuple[str, int]:
    """Agree and begin."""
    form = ConsentForm()
    if not form.validate():
        return _page(_Forms(consent=form)), 422
    with transaction() as session:
        consent.refuse_stale(session, consent.STRIPE, form.text.data)
        now = clock.now(session)
        check_id = service.start(session, account_id=person().account_id, now=now).id
    provider.try_to_begin(check_id)
    return redirect(url_for("identity.leave"), 303)


@bp.get("/leave")
@requires(*_PEOPLE)
def leave() -> str | Response:
    """Our page with a plain link to Stripe's; the link is asked for each time and never kept."""
    with reading() as session:
        session_id = one_or_404(session, _mine()).session_id
    url = provider.hosted_url(session_id) if session_id else None
    if url is None:
        return redirect(url_for("identity.overview"), 303)
    with reading():
        return render_template("identity/leave.html", url=url)


@bp.get("/return")
@requires(*_PEOPLE)
def back() -> str:
    """Back from Stripe's page: the same page, which watches until something is known."""
    return _page(_Forms(), returned=True)


@bp.get("/state")
@requires(*_PEOPLE)
def state() -> str:
    """The part of the page that changes while Stripe looks."""
    with reading() as session:
        return render_template("identity/_state.html", **_context(session, watching=True))


@bp.post("/refresh")
@requires(*_PEOPLE)
def refresh() -> Response:
    """Ask Stripe now rather than wait for its event."""
    with transaction() as session:
        check = one_or_404(session, _mine())
        enqueue(session, JobName.REFRESH, check.id, now=clock.now(session))
    return redirect(url_for("identity.back"), 303)


@bp.post("/ask-person")
@requires(*_PEOPLE)
def ask_person() -> Response:
    """Let a human look instead: at the open check, or without ever asking Stripe."""
    with transaction() as session:
        now = clock.now(session)
        if check := session.scalar(_mine()):
            service.ask_person(session, check, now=now)
        else:
            service.start_with_person(session, account_id=person().account_id, now=now)
    return redirect(url_for("identity.overview"), 303)


@bp.post("/evidence")
@requires(*_PEOPLE)
def hand_in() -> Response | tuple[str, int]:
    """Show people of ours one thing."""
    form = EvidenceForm()
    if not form.validate():
        return _page(_Forms(evidence=form)), 422
    with transaction() as session:
        consent.refuse_stale(session, consent.EVIDENCE, form.text.data)
        check = one_or_404(session, _mine())
        kind, now = EvidenceKind(form.kind.data), clock.now(session)
        evidence.hand_in(session, check, kind, form.content, now=now)
    return redirect(url_for("identity.overview"), 303)


@bp.post("/evidence/<uuid:public_id>/take-back")
@requires(*_PEOPLE)
def take_back(public_id: UUID) -> Response:
    """Erase one thing that was handed in."""
    with transaction() as session:
        mine = queries.kept_evidence(one_or_404(session, _mine()))
        item = one_or_404(session, mine.where(IdentityEvidence.public_id == public_id))
        evidence.take_back(session, item, now=clock.now(session))
    return redirect(url_for("identity.overview"), 303)


@bp.post("/evidence/done")
@requires(*_PEOPLE)
def done() -> Response:
    """Everything is handed in: let them look."""
    with transaction() as session:
        evidence.finish(session, one_or_404(session, _mine()), now=clock.now(session))
    return redirect(url_for("identity.overview"), 303)


@bp.post("/appeal")
@requires(*_PEOPLE)
def appeal() -> Response | tuple[str, int]:
    """Contest a decision."""
    form = AppealForm()
    if not form.validate():
        return _page(_Forms(appeal=form)), 422
    with transaction() as session:
        check = one_or_404(session, queries.checks_of(person().account_id).limit(1))
        verdicts.appeal(session, check, words=form.words.data, now=clock.now(session))
    return redirect(url_for("identity.overview"), 303)


def _mine() -> sa.Select[IdentityCheck]:
    return queries.open_check(person().account_id)


def _page(forms: _Forms, *, returned: bool = False) -> str:
    with reading() as session:
        context = _context(session, watching=returned)
        forms.consent.text.data = context["consent"].digest
        forms.evidence.text.data = context["evidence_consent"].digest
        return render_template(
            "identity/overview.html",
            **context,
            form=forms.wrong,
            consent_form=forms.consent,
            evidence_form=forms.evidence,
            appeal_form=forms.appeal,
        )


def _context(session: Session, *, watching: bool) -> dict[str, Any]:
    check = queries.latest_check(session, person().account_id)
    verified = queries.verified_check(session, person().account_id)
    decision = verdicts.decision_of(session, check) if check else None
    appeal = verdicts.appeal_of(session, decision) if decision else None
    now = clock.now(session)
    renewable = verified is not None and verified.may_be_renewed(now=now)
    return {
        "check": check,
        "renewable": renewable,
        "startable": check is None or _may_start(check, appeal, renewable=renewable),
        "consent": consent.text(session, consent.STRIPE),
        "evidence_consent": consent.text(session, consent.EVIDENCE),
        "explanation": explain(check.last_error) if check and check.last_error else None,
        "decision": decision,
        "appeal": appeal,
        "contestable": decision is not None and _may_contest(decision.appeal_until, now),
        "watching": check is not None and _watched(check, watching=watching),
        "items": list(session.scalars(queries.evidence_of(check))) if check else [],
        "views": list(session.execute(evidence.views_of(check))) if check else [],
        "words": words,
        "kept_after": evidence.KEPT_AFTER,
    }


def _may_start(check: IdentityCheck, appeal: Appeal | None, *, renewable: bool) -> bool:
    """Whether the page offers a new check."""
    if check.state is CheckState.NOT_ACCEPTED:
        return appeal is None or appeal.state is not AppealState.OPEN
    if check.state is CheckState.VERIFIED:
        return renewable
    return check.expects_nothing or check.state is CheckState.CANCELED


def _may_contest(until: datetime | None, now: datetime) -> bool:
    return until is not None and now <= until


def _watched(check: IdentityCheck, *, watching: bool) -> bool:
    """Whether the page asks again by itself: while Stripe looks, and after coming back from it."""
    soon = {CheckState.STARTING, CheckState.PROCESSING}
    back_and_waiting = watching and check.state is CheckState.WAITING and not check.last_error
    return check.state in soon or back_and_waiting
