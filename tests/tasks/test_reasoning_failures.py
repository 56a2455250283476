"""Where reasoning fails: clause by kind of error, over cases, with how many and the likely range."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from scipy.stats import beta
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from portal.mail.models import MailMessage
from portal.mail.service import text_of
from tasks.models import Assignment, Project, TaskType
from tasks.quality.failures import failures
from tasks.quality.share import mean_share
from tasks.queries import reasoning
from tasks.service import judge
from tests.make import Make
from tests.tasks.make import CASE

SignIn = Callable[[Account], FlaskClient]
KINDS = ("wrong_clause", "missing_fact")


def test_a_case_counts_once_however_many_reviewed_it() -> None:
    rows = [("1.2", 7, "wrong_clause", 2), ("1.2", 7, None, 1), ("1.2", 8, None, 3)]
    (row,) = failures(rows, KINDS)
    assert (row.cases, row.reviews) == (2, 6)
    assert row.errors["wrong_clause"].judged == 2
    assert row.errors["wrong_clause"] == mean_share(2 / 3, 2)
    assert row.sound == mean_share(4 / 3, 2)
    assert row.errors["missing_fact"].low == 0


def test_below_ten_cases_it_is_too_early_to_say() -> None:
    few = failures([("1", case, "wrong_clause", 1) for case in range(9)], KINDS)[0]
    enough = failures([("1", case, "wrong_clause", 1) for case in range(10)], KINDS)[0]
    assert few.errors["wrong_clause"].point is None
    assert (enough.errors["wrong_clause"].point, enough.errors["wrong_clause"].high) == (1, 1)


def test_clauses_stand_in_their_own_order() -> None:
    rows = [(clause, 1, None, 1) for clause in ("2.10", "10", "2.9", "1")]
    assert [row.clause for row in failures(rows, KINDS)] == ["1", "2.9", "2.10", "10"]


@pytest.mark.parametrize(("total", "cases"), [(3.5, 12), (0.25, 20), (11.5, 12)])
def test_the_range_is_jeffreys_with_a_sum_in_place_of_a_count(total: float, cases: int) -> None:
    share = mean_share(total, cases)
    low, high = beta.ppf([0.05, 0.95], total + 0.5, cases - total + 0.5)
    assert share.low == pytest.approx(low, abs=1e-9)
    assert share.high == pytest.approx(high, abs=1e-9)


def test_the_newest_review_of_each_person_counts_and_check_tasks_do_not(
    session: Session, make: Make, now: datetime
) -> None:
    project = reviewed(session, make, ["wrong_clause", None])
    rows = session.execute(reasoning.errors_by_clause(project.id)).all()
    assert {(clause, error, count) for clause, _task, error, count in rows} == {
        ("2.1", None, 1),
        ("2.1", "wrong_clause", 1),
        ("3", None, 1),
        ("3", "wrong_clause", 1),
    }


def test_the_policy_expert_sees_the_table_and_another_organisations_does_not(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = reviewed(session, make, ["wrong_clause"])
    page = sign_in(make.account(Role.POLICY_EXPERT)).get("/reasoning/").text
    assert "Takes the wrong clause" in page
    assert "too early" in page
    stranger = make.account()
    make.grant(stranger, Role.POLICY_EXPERT, organisation=make.organisation())
    assert project.title not in sign_in(stranger).get("/reasoning/").text


def test_an_answer_to_a_question_reaches_whoever_asked_on_the_page_and_by_mail(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    expert = make.expert()
    held = make.assignment(expert=expert)
    asked = judge.escalate(session, held, question="Which clause?", now=now)
    browser = sign_in(make.account(Role.POLICY_EXPERT))
    browser.post(f"/questions/{asked.public_id}", data={"answer": "Clause 2.4 decides."})
    letter = session.scalars(sa.select(MailMessage)).one()
    assert letter.recipient == expert.email
    assert "Clause 2.4 decides." in text_of(letter)
    mine = sign_in(expert)
    assert "Clause 2.4 decides." in mine.get("/work/questions").text
    assert "Clause 2.4 decides." in mine.get(f"/work/{held.public_id}").text
    stranger = sign_in(make.expert())
    assert "Clause 2.4" not in stranger.get("/work/questions").text


def reviewed(session: Session, make: Make, errors: list[str | None]) -> Project:
    """One case a review, each naming two clauses; a check task besides."""
    project = make.project(task_type=TaskType.REASONING_REVIEW, overlap=1)
    for error in errors:
        make.task(project, payload={**CASE, "clauses": ["2.1", "3"]})
        review(session, make.assignment(project=project, expert=make.expert()), error, make.now)
    return project


def review(session: Session, held: Assignment, error: str | None, now: datetime) -> None:
    entries = {
        "step": "2" if error else "0",
        "error_type": error or "",
        "verdict_right": "no" if error else "yes",
        "feedback": "It takes the wrong one.",
    }
    judge.judge(session, held, entries, now=now)
