"""Recording a decision: the one way that anything is decided about a person or their money."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from portal import audit
from portal.decisions import letters
from portal.decisions.letters import Letter
from portal.decisions.models import Decision, Outcome
from portal.errors import Forbidden, Invalid
from portal.ids import uuid7

APPEAL_WINDOW: Final = timedelta(days=14)


def decide(
    session: Session,
    *,
    account_id: int,
    kind: str,
    outcome: Outcome,
    subject: tuple[str, int],
    rule: tuple[str, str],
    evidence: dict[str, Any],
    reason: str,
    decided_by: int | None,
    now: datetime,
    replaces: Decision | None = None,
    letter: Letter | None = None,
) -> Decision:
    """Record that something was decided about `account_id`, and write to them where it is against them.

    `rule` is the name and version of the published criterion. Against a person it takes a human
    (`decided_by`) other than themself and a reason, may be appealed for `APPEAL_WINDOW`, and is told
    by mail: in the words of `letter`, or in plain ones.
    Raises `Invalid` or `Forbidden` otherwise; the database refuses it as well.
    """
    if outcome is Outcome.AGAINST and (decided_by is None or not reason.strip()):
        raise Invalid("A decision against a person needs a person who makes it and a reason.")
    if decided_by == account_id:
        raise Forbidden("Nobody decides about themself.")
    decision = Decision(
        public_id=uuid7(now),
        account_id=account_id,
        kind=kind,
        outcome=outcome,
        subject_type=subject[0],
        subject_id=subject[1],
        rule=rule[0],
        rule_version=rule[1],
        evidence=evidence,
        reason=reason,
        decided_at=now,
        decided_by_id=decided_by,
        appeal_until=now + APPEAL_WINDOW if outcome is Outcome.AGAINST else None,
        replaces_id=replaces.id if replaces else None,
    )
    session.add(decision)
    session.flush()
    audit.record(
        session,
        actor=decided_by,
        action="decision.made",
        subject=("decision", decision.id),
        now=now,
    )
    if outcome is Outcome.AGAINST:
        letters.made(session, decision, letter, now=now)
    return decision
