"""Budgets: what is spent, worked and promised against what may be, and who is told at which share."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.service import bonuses, budgets
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Invalid
from portal.mail.models import MailMessage
from portal.money import Money
from tasks.models import Project
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_everything_that_is_or_may_be_owed_counts_once(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(tasks=1)
    make.statement(project=project)
    make.now = now + timedelta(hours=2)
    make.timesheet(project=project, seconds=1800)
    held = make.assignment(project=project)
    bonus = bonuses.ask(
        session,
        project,
        expert_id=held.expert_id,
        amount=Money(500, "USD"),
        reason="A hard week.",
        by=make.account(Role.MANAGER).id,
        now=now,
    )
    bonuses.approve(session, bonus, by=make.account(Role.FINANCE).id, now=now)
    burn = budgets.burn(session, project)
    assert (burn.booked.minor, burn.accruing.minor) == (3850, 1925 + 500)
    most = -(-3850 * project.task_cap_seconds // 3600)
    assert burn.committed.minor == most
    assert burn.total.minor == 3850 + 2425 + most
    assert burn.percent is None


@pytest.mark.parametrize(
    ("budget", "levels"), [(4813, []), (4812, [80]), (3851, [80]), (3850, [80, 100])]
)
def test_people_are_told_at_80_and_100_per_cent_once(
    session: Session, make: Make, now: datetime, budget: int, levels: list[int]
) -> None:
    manager = make.account(Role.MANAGER, name="Ines Duarte")
    elsewhere = make.account(name="Somebody Else")
    make.grant(elsewhere, Role.MANAGER, organisation=make.organisation())
    project = make.project()
    make.statement(project=project)
    _set(session, make, project, budget, now)
    assert [budgets.watch(session, now=now) for _ in range(2)] == [len(levels), 0]
    said = _letters(session, manager)
    assert said == [f"{level} % of a budget is reached" for level in levels]
    assert _letters(session, elsewhere) == []


def test_another_budget_begins_anew(session: Session, make: Make, now: datetime) -> None:
    project = make.project()
    make.statement(project=project)
    _set(session, make, project, 3850, now)
    assert budgets.watch(session, now=now) == 2
    _set(session, make, project, 1_000_000, now)
    assert budgets.watch(session, now=now) == 0
    assert budgets.burn(session, project).percent == 0


def test_a_budget_is_an_amount_of_the_projects_currency(
    session: Session, make: Make, now: datetime
) -> None:
    project, by = make.project(), make.account(Role.MANAGER).id
    for amount in (Money(0, "USD"), Money(5, "EUR")):
        with pytest.raises(Invalid, match="above zero in USD"):
            budgets.set_budget(session, project, amount, by=by, now=now)


def test_a_manager_sets_the_budget_and_sees_how_far_it_is(make: Make, sign_in: SignIn) -> None:
    project = make.project()
    make.statement(project=project)
    client, page = sign_in(make.account(Role.MANAGER)), f"/projects/{project.slug}/money"
    assert "Set a budget" in client.get(page).text
    assert client.post(f"{page}/budget", data={"budget-amount": "0"}).status_code == 422
    assert client.post(f"{page}/budget", data={"budget-amount": "77.00"}).status_code == 303
    shown = client.get(page).text
    assert "50 % of $77.00" in shown
    assert "the rest lasts one week" in shown


def _set(session: Session, make: Make, project: Project, minor: int, now: datetime) -> None:
    by = make.account(Role.MANAGER, name="Paul Novak").id
    budgets.set_budget(session, project, Money(minor, "USD"), by=by, now=now)


def _letters(session: Session, to: Account) -> list[str]:
    sent = sa.select(MailMessage.subject).where(MailMessage.recipient == to.email)
    return list(session.scalars(sent.order_by(MailMessage.id)))
