"""Bonuses: three different people, in the service and in the database; paid once, on its own line."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import Bonus, BonusState, LineKind
from payouts.queries import statements as queries
from payouts.service import bonuses, statements
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Forbidden, Invalid
from portal.money import Money
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def bonus(session: Session, make: Make, now: datetime) -> Bonus:
    """Ten dollars that a manager asked for."""
    return bonuses.ask(
        session,
        make.project(),
        expert_id=make.expert().id,
        amount=Money(1000, "USD"),
        reason="A hard week.",
        by=make.account(Role.MANAGER).id,
        now=now,
    )


def test_an_approved_bonus_comes_with_the_next_statement_once(
    session: Session, make: Make, bonus: Bonus, now: datetime
) -> None:
    assert statements.draw(session, expert_id=bonus.expert_id, now=now) == []
    bonuses.approve(session, bonus, by=make.account(Role.FINANCE).id, now=now)
    (statement,) = statements.draw(session, expert_id=bonus.expert_id, now=now)
    (line,) = session.scalars(queries.lines([statement.id]))
    assert (line.kind, line.amount_minor, line.formula) == (LineKind.BONUS, 1000, "bonus = 10.00")
    assert make.payable(expert_id=bonus.expert_id).balance == 1000
    assert statements.differences(session, statement) == []
    assert statements.draw(session, expert_id=bonus.expert_id, now=now) == []


def test_whoever_waits_for_a_bonus_alone_gets_a_statement_by_the_sweep(
    session: Session, make: Make, bonus: Bonus, now: datetime
) -> None:
    assert list(session.scalars(queries.experts_with_approved_time())) == []
    bonuses.approve(session, bonus, by=make.account(Role.FINANCE).id, now=now)
    assert list(session.scalars(queries.experts_with_approved_time())) == [bonus.expert_id]


@pytest.mark.parametrize("who", ["asked_by_id", "expert_id"])
def test_neither_asker_nor_payee_approves(
    session: Session, bonus: Bonus, now: datetime, who: str
) -> None:
    by = getattr(bonus, who)
    with pytest.raises(Forbidden, match="Another person"):
        bonuses.approve(session, bonus, by=by, now=now)
    bonus.approve(by=by, now=now)
    with pytest.raises(IntegrityError, match="approved_by_another"):
        session.flush()


def test_nobody_asks_for_themselves(session: Session, make: Make, now: datetime) -> None:
    project, expert = make.project(), make.expert()
    ask: dict[str, Any] = {
        "amount": Money(1, "USD"),
        "reason": "Me.",
        "expert_id": expert.id,
        "now": now,
    }
    with pytest.raises(Forbidden):
        bonuses.ask(session, project, by=expert.id, **ask)
    other = make.account(Role.MANAGER).id
    for wrong in ({"amount": Money(0, "USD")}, {"amount": Money(1, "EUR")}, {"reason": " "}):
        with pytest.raises(Invalid):
            bonuses.ask(session, project, by=other, **{**ask, **wrong})


def test_a_bonus_that_was_given_up_is_never_paid(
    session: Session, make: Make, bonus: Bonus, now: datetime
) -> None:
    assert bonus.asked_by_id is not None
    bonuses.withdraw(session, bonus, by=bonus.asked_by_id, now=now)
    with pytest.raises(Conflict):
        bonuses.approve(session, bonus, by=make.account(Role.FINANCE).id, now=now)
    assert statements.draw(session, expert_id=bonus.expert_id, now=now) == []


def test_one_manager_asks_and_another_approves_in_the_browser(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    expert, project = make.expert(name="Kwame Mensah"), make.project()
    make.terms(expert, project)
    page = f"/projects/{project.slug}/money"
    client = sign_in(make.account(Role.MANAGER))
    asked = {
        "bonus-expert": str(expert.public_id),
        "bonus-amount": "12.50",
        "bonus-reason": "A hard week.",
    }
    assert (
        client.post(f"{page}/bonuses", data={**asked, "bonus-amount": "1.005"}).status_code == 422
    )
    assert client.post(f"{page}/bonuses", data=asked).status_code == 303
    bonus = session.scalars(sa.select(Bonus)).one()
    shown = client.get(page).text
    assert "$12.50" in shown
    assert "waits for another person" in shown
    assert 'value="approve"' not in shown
    url = f"{page}/bonuses/{bonus.public_id}"
    assert client.post(url, data={"decision": "approve"}).status_code == 403
    client = sign_in(make.account(Role.MANAGER))
    assert 'value="approve"' in client.get(page).text
    assert client.post(url, data={"decision": "approve"}).status_code == 303
    session.refresh(bonus)
    assert bonus.state is BonusState.APPROVED
