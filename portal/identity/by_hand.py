"""Deciding without Stripe: two people look, each without knowing what the other said."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import lock
from portal.decisions import Decision, Outcome
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import cases, queries, service
from portal.identity.models import (
    CheckState,
    IdentityCheck,
    IdentityOpinion,
    OpinionVerdict,
    Route,
)
from portal.identity.verdicts import conclude


def give_opinion(
    session: Session,
    check: IdentityCheck,
    *,
    by: int,
    verdict: OpinionVerdict,
    reason: str,
    now: datetime,
) -> Decision | None:
    """Say what one thinks; the decision, once two different people have said the same.

    Until then the case goes to somebody who has not spoken yet. Where the first two disagree a third
    tips the balance. Raises `Conflict` or `Forbidden` where it is not one's turn.
    """
    lock(session, check)
    if check.state is not CheckState.REVIEW or check.route is not Route.PEOPLE:
        raise Conflict("This case has been settled meanwhile.")
    if by == check.account_id:
        raise Forbidden("Nobody decides about themself.")
    if not reason.strip():
        raise Invalid("Please say why; the person and the record need a reason.")
    said = list(session.scalars(queries.opinions_of(check)))
    if by in {opinion.reviewer_id for opinion in said}:
        raise Conflict("You have said what you think; now somebody else looks.")
    own = IdentityOpinion(
        check_id=check.id,
        round=check.round,
        reviewer_id=by,
        verdict=verdict,
        reason=reason.strip(),
        given_at=now,
    )
    session.add(own)
    session.flush()
    agreeing = [opinion for opinion in said if opinion.verdict is verdict]
    if agreeing:
        return _settle(session, check, agreeing[0], own, now=now)
    cases.hand_over(session, check, now=now)
    return None


def _settle(
    session: Session,
    check: IdentityCheck,
    first: IdentityOpinion,
    second: IdentityOpinion,
    *,
    now: datetime,
) -> Decision:
    """Two agree: their two reasons are what the person reads."""
    accepted = second.verdict is OpinionVerdict.ACCEPT
    reason = "\n\n".join(dict.fromkeys([first.reason, second.reason]))
    by = second.reviewer_id
    decision = conclude(
        session,
        check,
        Outcome.FOR if accepted else Outcome.AGAINST,
        by=by,
        reason=reason,
        now=now,
        evidence={"agreeing": [first.reviewer_id, by], "round": check.round},
    )
    check.agree(first.reviewer_id, by)
    if accepted:
        check.decision_id = decision.id
        service.verify(session, check, country=None, now=now, actor=by)
        return decision
    check.refuse(decision_id=decision.id, now=now)
    service.settle(session, check, actor=by, now=now)
    return decision
