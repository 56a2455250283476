"""No machine decides against a person, and nobody about themself."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import AuditEvent
from portal.decisions import APPEAL_WINDOW, Decision, Outcome, decide
from portal.errors import Forbidden, Invalid
from tests.make import Make


def test_a_decision_against_a_person_may_be_appealed_for_fourteen_days(make: Make) -> None:
    decision = make.decision(outcome=Outcome.AGAINST)
    assert decision.appeal_until == make.now + APPEAL_WINDOW == make.now + timedelta(days=14)


def test_a_rule_may_decide_for_a_person(session: Session, make: Make, now: datetime) -> None:
    decision = _decide(session, make, Outcome.FOR, by=None, reason="", now=now)
    assert decision.appeal_until is None


@pytest.mark.parametrize("reason", ["", "   "])
def test_against_a_person_needs_a_reason(
    session: Session, make: Make, now: datetime, reason: str
) -> None:
    with pytest.raises(Invalid, match="a reason"):
        _decide(session, make, Outcome.AGAINST, by=make.account().id, reason=reason, now=now)


def test_against_a_person_needs_a_human(session: Session, make: Make, now: datetime) -> None:
    with pytest.raises(Invalid, match="a person who makes it"):
        _decide(session, make, Outcome.AGAINST, by=None, reason="statistics", now=now)


def test_nobody_decides_about_themself(session: Session, make: Make, now: datetime) -> None:
    account = make.account()
    with pytest.raises(Forbidden):
        make.decision(account, by=account, outcome=Outcome.FOR)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"decided_by_id": None}, "against_needs_human_reason_appeal"),
        ({"reason": " "}, "against_needs_human_reason_appeal"),
        ({"appeal_until": None}, "against_needs_human_reason_appeal"),
    ],
)
def test_the_database_refuses_it_too(
    session: Session, make: Make, changed: dict[str, object], constraint: str
) -> None:
    made = make.decision(outcome=Outcome.AGAINST)
    with pytest.raises(IntegrityError, match=constraint):
        session.execute(sa.insert(Decision).values(**_copy(make, made) | changed))


def test_the_database_refuses_that_somebody_decides_about_themself(
    session: Session, make: Make
) -> None:
    made = make.decision()
    own = {"decided_by_id": made.account_id}
    with pytest.raises(IntegrityError, match="nobody_decides_own"):
        session.execute(sa.insert(Decision).values(**_copy(make, made) | own))


def test_a_decision_is_never_changed(session: Session, make: Make) -> None:
    make.decision()
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(sa.update(Decision).values(reason="another"))


def test_a_decision_is_in_the_audit(session: Session, make: Make) -> None:
    decision = make.decision()
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "decision.made")).one()
    assert (event.subject_id, event.actor_id) == (decision.id, decision.decided_by_id)


def _decide(
    session: Session, make: Make, outcome: Outcome, *, by: int | None, reason: str, now: datetime
) -> Decision:
    return decide(
        session,
        account_id=make.account().id,
        kind="thing.declined",
        outcome=outcome,
        subject=("thing", 1),
        rule=("things", "1"),
        evidence={},
        reason=reason,
        decided_by=by,
        now=now,
    )


def _copy(make: Make, decision: Decision) -> dict[str, object]:
    columns = (column.name for column in Decision.__table__.columns)
    values = {name: getattr(decision, name) for name in columns if name != "id"}
    return values | {"public_id": make.account().public_id}
