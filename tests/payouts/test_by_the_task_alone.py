"""Cards that pay by the task and have no rate by the hour: what is paid, counted and shown."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.models import LineKind, Statement
from payouts.queries import statements as queries
from payouts.service import budgets, statements
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Invalid
from portal.ids import random_id
from tasks.models import Assignment, Project, RateUnit, Terms, Timesheet
from tasks.queries import time as time_queries
from tasks.rules import Rules
from tasks.service import clock, judge, projects, timesheets
from tasks.service.claim import claim_in_project
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def project(session: Session, make: Make) -> Project:
    """Work at 50 cents a task and nothing by the hour."""
    return _project(session, make, Rules(by_task=True))


def test_a_card_pays_by_the_hour_or_says_that_tasks_alone_pay(session: Session, make: Make) -> None:
    made = make.project()
    per_task = projects.Price(50, unit=RateUnit.TASK)
    for prices, rules in (([], Rules(by_task=True)), ([per_task], Rules()), ([per_task], None)):
        with pytest.raises(Invalid, match="hourly rate"):
            projects.publish_rates(session, made, prices, now=make.now, rules=rules)


def test_tasks_are_paid_and_hours_have_no_line(
    session: Session, make: Make, project: Project
) -> None:
    statement, _expert = _worked(session, make, project, answers=3)
    (line,) = session.scalars(queries.lines([statement.id]))
    assert (line.kind, line.count, line.amount_minor) == (LineKind.TASK, 3, 150)
    assert statements.differences(session, statement) == []


def test_a_guarantee_is_optional_and_tops_up_where_there_is_one(
    session: Session, make: Make
) -> None:
    guaranteed = _project(session, make, Rules(by_task=True, guarantee_minor=2000))
    statement, _expert = _worked(session, make, guaranteed, answers=3)
    task, top_up = session.scalars(queries.lines([statement.id]))
    assert (task.kind, top_up.kind) == (LineKind.TASK, LineKind.GUARANTEE)
    assert task.amount_minor + top_up.amount_minor == 2000


def test_what_an_hour_really_paid_is_over_all_time_recorded(
    session: Session, make: Make, project: Project, sign_in: SignIn
) -> None:
    statement, expert = _worked(session, make, project, answers=3)
    page = sign_in(expert).get(f"/earnings/{statement.public_id}").text
    assert "What an hour really paid" in page
    assert "$1.50 for 1 h 00 m 00 s" in page


def test_a_guarantees_line_does_not_count_its_hours_twice(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    guaranteed = _project(session, make, Rules(by_task=True, guarantee_minor=2000))
    statement, expert = _worked(session, make, guaranteed, answers=3)
    page = sign_in(expert).get(f"/earnings/{statement.public_id}").text
    assert "$20.00 for 1 h 00 m 00 s" in page


def test_terms_keep_no_rate_by_the_hour_and_the_pages_say_so(
    session: Session, make: Make, project: Project, sign_in: SignIn
) -> None:
    expert = make.expert()
    client, url = sign_in(expert), f"/work/projects/{project.slug}"
    page = client.get(url).text
    assert "0.50 USD for each task." in page
    assert "There is no rate by the hour" in page
    assert "$0.00" not in page
    terms = make.terms(expert, project)
    assert terms.hourly_minor == 0
    assert "Paid by the task" in client.get(url).text
    assert "$0.00" not in client.get("/work/").text
    started = client.post(f"{url}/start", follow_redirects=True).text
    assert "paid by the task" in started


def test_the_budget_counts_tasks_that_are_held_and_answered(
    session: Session, make: Make, project: Project
) -> None:
    expert = make.expert()
    make.terms(expert, project)
    held = _claim(session, expert, project, make.now)
    assert budgets.burn(session, project).committed.minor == 50
    judge.judge(session, held, {"choice": "a2"}, now=make.now)
    burn = budgets.burn(session, project)
    assert (burn.accruing.minor, burn.committed.minor) == (50, 0)


def test_a_manager_publishes_such_a_card(session: Session, make: Make, sign_in: SignIn) -> None:
    made = make.project()
    client, url = sign_in(make.account(Role.MANAGER)), f"/projects/{made.slug}/money/rates"
    assert client.post(url, data={"card-task": "0.50"}).status_code == 422
    said = {"card-task": "0.50", "card-by_task": "y"}
    assert client.post(url, data=said).status_code == 303
    assert "There is no rate by the hour" in client.get(f"/projects/{made.slug}/money").text


def _project(session: Session, make: Make, rules: Rules) -> Project:
    made = make.project(tasks=6)
    price = projects.Price(50, unit=RateUnit.TASK, starts_at=make.now - timedelta(days=9))
    projects.publish_rates(session, made, [price], now=make.now, rules=rules)
    return made


def _worked(
    session: Session, make: Make, project: Project, *, answers: int
) -> tuple[Statement, Account]:
    """An hour on the clock with some answers in it, approved and on a statement."""
    expert = make.expert()
    live = make.work_session(project=project, expert=expert)
    for _each in range(answers):
        found = _claim(session, expert, project, make.now)
        judge.judge(session, found, {"choice": "a2"}, now=make.now)
    end = make.worked(live, seconds=3600)
    clock.stop(session, live, now=end)
    sheet = session.scalars(
        time_queries.timesheets_of(expert.id).where(Timesheet.project_id == project.id)
    ).one()
    timesheets.submit(session, sheet, now=end)
    timesheets.approve(session, sheet, by=make.account(Role.MANAGER).id, now=end)
    (statement,) = statements.draw(session, expert_id=expert.id, now=end)
    assert session.scalar(sa.select(Terms.hourly_minor).where(Terms.expert_id == expert.id)) == 0
    return statement, expert


def _claim(session: Session, expert: Account, project: Project, now: datetime) -> Assignment:
    found = claim_in_project(
        session, expert_id=expert.id, project=project, public_id=random_id(), now=now
    )
    assert isinstance(found, Assignment)
    return found
