"""No machine decides against a person, and nobody about themself."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import AuditEvent
from portal.decisions import APPEAL_WINDOW, Decision, Letter, Outcome, decide
from portal.errors import Forbidden, Invalid
from portal.mail import MailMessage
from portal.mail.service import text_of
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


@pytest.mark.parametrize(
    ("outcome", "letters"),
    [(Outcome.AGAINST, ["A decision about you"]), (Outcome.NEUTRAL, []), (Outcome.FOR, [])],
)
def test_a_decision_against_a_person_is_told_to_them_by_letter(
    session: Session, make: Make, outcome: Outcome, letters: list[str]
) -> None:
    make.decision(outcome=outcome)
    assert session.scalars(sa.select(MailMessage.subject)).all() == letters


def test_the_letter_names_the_page_and_may_be_in_the_deciders_own_words(
    session: Session, make: Make
) -> None:
    plain = make.decision()
    make.decision(letter=Letter("About your thing", "Not this time.", path="/things/1"))
    first, second = session.scalars(sa.select(MailMessage).order_by(MailMessage.id))
    assert f"/decisions/{plain.public_id}" in text_of(first)
    assert "appeal" in text_of(first)
    assert second.subject == "About your thing"
    assert "Not this time." in text_of(second)
    assert "/things/1" in text_of(second)


def test_decisions_are_recorded_in_one_place_only() -> None:
    root = Path(__file__).parents[3]
    packages = ("portal", "exams", "tasks", "payouts", "demo")
    files = (file for name in packages for file in (root / name).rglob("*.py"))
    making = re.compile(r"(?<![\w.])Decision\(\s*\w+=|insert\(Decision\)")
    found = [str(file.relative_to(root)) for file in files if making.search(file.read_text())]
    assert found == ["portal/decisions/service.py"]


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
