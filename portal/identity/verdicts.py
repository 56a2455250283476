"""What a person of ours decides about an identity check, and what becomes of an appeal."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.db import lock
from portal.decisions import (
    APPEAL_WINDOW,
    Appeal,
    AppealState,
    Decision,
    Outcome,
    decide,
)
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import cases, expiry, letters, service
from portal.identity.models import CaseReason, CheckState, IdentityCheck, Route
from portal.ids import uuid7

KIND: Final = "identity_check"
RULE: Final = ("identity.review", "1")
"""We claim that a document was looked at by Stripe and, where it could not say yes, by a person."""


def accept(
    session: Session, check: IdentityCheck, *, by: int, reason: str, now: datetime
) -> Decision:
    """A person is convinced, though the machine was not.

    Of whom was only checked too long ago nobody saw a document: that counts for a shorter while.
    """
    decision = _alone(session, check, Outcome.FOR, by=by, reason=reason, now=now)
    check.decision_id = decision.id
    valid_for = expiry.EXTENSION if check.case_reason is CaseReason.EXPIRED else None
    service.verify(session, check, country=None, now=now, actor=by, valid_for=valid_for)
    return decision


def ask_again(
    session: Session, check: IdentityCheck, *, by: int, reason: str, now: datetime
) -> Decision:
    """The person may try once more: in the same session, or with something else to show us."""
    _refuse_unless_open(session, check, by=by, reason=reason)
    decision = conclude(session, check, Outcome.NEUTRAL, by=by, reason=reason, now=now)
    if check.case_reason is CaseReason.EXPIRED:
        expiry.be_patient(session, check.account_id, now=now)
    service.try_once_more(session, check, now=now)
    person = session.get_one(Account, check.account_id)
    letters.asked_again(session, person, reason=reason, now=now)
    return decision


def ask_for_evidence(
    session: Session, check: IdentityCheck, *, by: int, reason: str, now: datetime
) -> Decision:
    """What Stripe has is not enough to say yes or no: the person shows it to two people of ours."""
    decision = _alone(session, check, Outcome.NEUTRAL, by=by, reason=reason, now=now)
    why = check.case_reason or CaseReason.ERROR
    cases.ask_for_evidence(session, check, why, now=now)
    return decision


def refuse(
    session: Session, check: IdentityCheck, *, by: int, reason: str, now: datetime
) -> Decision:
    """Not accepted this time: a human's decision with its reason, which may be contested."""
    decision = _alone(session, check, Outcome.AGAINST, by=by, reason=reason, now=now)
    check.refuse(decision_id=decision.id, now=now)
    service.settle(session, check, actor=by, now=now)
    return decision


def appeal(session: Session, check: IdentityCheck, *, words: str, now: datetime) -> Appeal:
    """The person contests the decision, once and in time. Raises `Conflict` otherwise."""
    lock(session, check)
    decision = decision_of(session, check)
    if decision is None or check.state is not CheckState.NOT_ACCEPTED:
        raise Conflict("There is no decision here to contest.")
    if decision.appeal_until is None or now > decision.appeal_until:
        raise Conflict("The time to contest this has passed.")
    if appeal_of(session, decision) is not None:
        raise Conflict("You have contested this already; a different person looks at it.")
    made = Appeal(
        public_id=uuid7(now),
        decision_id=decision.id,
        words=words,
        made_at=now,
        answer_by=now + APPEAL_WINDOW,
    )
    session.add(made)
    session.flush()
    return made


def answer(
    session: Session,
    check: IdentityCheck,
    *,
    uphold: bool,
    by: int | None,
    words: str,
    now: datetime,
) -> None:
    """A second person answers the appeal; where nobody did in time (`by` is None) it is upheld."""
    lock(session, check)
    decision = decision_of(session, check)
    contested = appeal_of(session, decision) if decision else None
    if decision is None or contested is None or contested.state is not AppealState.OPEN:
        raise Conflict("No appeal waits for an answer here.")
    before = {check.first_reviewer_id, check.second_reviewer_id, decision.decided_by_id}
    if by is not None and by in before | {check.account_id}:
        raise Forbidden("An appeal is answered by someone who did not decide before.")
    lock(session, contested)
    state = AppealState.UPHELD if uphold else AppealState.DISMISSED
    contested.settle(state, by=by, answer=words, now=now)
    person = session.get_one(Account, check.account_id)
    letters.appeal_answered(session, person, answer=words, now=now)
    if uphold:
        _overturn(session, check, decision, by=by, reason=words, now=now)


def decision_of(session: Session, check: IdentityCheck) -> Decision | None:
    """The decision by which a person settled the check."""
    return None if check.decision_id is None else session.get_one(Decision, check.decision_id)


def appeal_of(session: Session, decision: Decision) -> Appeal | None:
    """The appeal against a decision."""
    return session.scalar(sa.select(Appeal).where(Appeal.decision_id == decision.id))


def contested(*, until: datetime | None = None) -> sa.Select[IdentityCheck]:
    """Checks with an open appeal, the most urgent first; only those whose clock ran out by `until`."""
    query = (
        sa.select(IdentityCheck)
        .join(Appeal, Appeal.decision_id == IdentityCheck.decision_id)
        .where(Appeal.state == AppealState.OPEN)
        .order_by(Appeal.answer_by)
    )
    return query if until is None else query.where(Appeal.answer_by <= until)


def _overturn(
    session: Session,
    check: IdentityCheck,
    before: Decision,
    *,
    by: int | None,
    reason: str,
    now: datetime,
) -> None:
    decision = decide(
        session,
        account_id=check.account_id,
        kind=KIND,
        outcome=Outcome.FOR,
        subject=("identity_check", check.id),
        rule=RULE,
        evidence=_evidence(check),
        reason=reason,
        decided_by=by,
        now=now,
        replaces=before,
    )
    check.decision_id = decision.id
    service.verify(session, check, country=None, now=now, actor=by)


def conclude(
    session: Session,
    check: IdentityCheck,
    outcome: Outcome,
    *,
    by: int,
    reason: str,
    now: datetime,
    evidence: dict[str, Any] | None = None,
) -> Decision:
    """Record what was decided about a check, with what was known then; tell the person of a no."""
    return decide(
        session,
        account_id=check.account_id,
        kind=KIND,
        outcome=outcome,
        subject=("identity_check", check.id),
        rule=RULE,
        evidence=_evidence(check) | (evidence or {}),
        reason=reason.strip(),
        decided_by=by,
        now=now,
        letter=letters.not_accepted(reason) if outcome is Outcome.AGAINST else None,
    )


def _alone(
    session: Session, check: IdentityCheck, outcome: Outcome, *, by: int, reason: str, now: datetime
) -> Decision:
    """One person decides: only where Stripe has seen the document, or none was needed."""
    _refuse_unless_open(session, check, by=by, reason=reason)
    if check.route is Route.PEOPLE:
        raise Conflict("Two people decide about this one, each for themself.")
    return conclude(session, check, outcome, by=by, reason=reason, now=now)


def _refuse_unless_open(session: Session, check: IdentityCheck, *, by: int, reason: str) -> None:
    lock(session, check)
    if check.state is not CheckState.REVIEW:
        raise Conflict("This case has been settled meanwhile.")
    if by == check.account_id:
        raise Forbidden("Nobody decides about themself.")
    if not reason.strip():
        raise Invalid("Please say why; the person and the record need a reason.")


def _evidence(check: IdentityCheck) -> dict[str, Any]:
    """Codes, counts and ids only."""
    return {
        "stripe_session": check.session_id,
        "stripe_report": check.report_id,
        "last_error": check.last_error,
        "failures": check.failures,
        "country": check.country,
        "case": check.case_reason.value if check.case_reason else None,
        "name": check.name_match.value if check.name_match else None,
        "of_age": check.of_age,
    }
