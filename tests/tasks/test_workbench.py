"""The workbench and the pages around it, through a browser without JavaScript."""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.agreements import Acceptance
from tasks.models import (
    Assignment,
    Draft,
    Escalation,
    Judgment,
    Project,
    TaskType,
    Terms,
    WorkSession,
)
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
HERE = re.compile(r'action="(/work/[0-9a-f-]{36})"')


def test_nothing_of_a_project_shows_before_its_agreement_is_accepted(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    browser = sign_in(expert)
    assert "$38.50" in browser.get(f"/work/projects/{project.slug}").text
    assert browser.get(f"/work/projects/{project.slug}/guideline").status_code == 404
    answer = browser.post(f"/work/projects/{project.slug}/start", follow_redirects=True)
    assert "have not accepted" in answer.text
    assert session.scalars(sa.select(Assignment)).all() == []


def test_accepting_freezes_the_terms_and_opens_the_guideline(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    browser = sign_in(expert)
    accept(browser, project, ticked=False)
    assert session.scalars(sa.select(Terms)).all() == []
    accept(browser, project)
    assert session.scalars(sa.select(Terms.hourly_minor)).one() == 3850
    assert session.scalars(sa.select(Acceptance.account_id)).one() == expert.id
    page = browser.get(f"/work/projects/{project.slug}/guideline").text
    assert 'id="s-2-1"' in page


def test_submitting_answers_with_the_next_task(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    browser, first = begin(make, sign_in, tasks=2)
    answer = browser.post(first, data={"choice": "a3", "reason": "Safer."})
    following = here(answer.text)
    assert (answer.status_code, following != first) == (200, True)
    assert answer.headers["Content-Location"] == following
    judgment = session.scalars(sa.select(Judgment)).one()
    assert judgment.value == {
        "choice": judgment.order_shown[0],
        "strength": 3,
        "reason": "Safer.",
    }


def test_the_last_task_leads_to_the_project_and_says_why(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    browser, only = begin(make, sign_in, tasks=1)
    answer = browser.post(only, data={"choice": "tie"}, follow_redirects=True)
    assert "You have seen every task that is open here" in answer.text


def test_sending_twice_leads_on_and_keeps_one_judgment(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    browser, first = begin(make, sign_in, tasks=3)
    places = [here(browser.post(first, data={"choice": "b2"}).text) for _ in range(2)]
    assert places[0] == places[1] != first
    assert session.scalar(sa.select(sa.func.count()).select_from(Judgment)) == 1


def test_without_a_choice_the_page_says_so_and_keeps_the_reason(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    browser, first = begin(make, sign_in, tasks=1)
    answer = browser.post(first, data={"reason": "because <b>"})
    assert answer.status_code == 422
    assert "<title>Error" in answer.text
    assert "because &lt;b&gt;" in answer.text
    assert 'href="#field-choice"' in answer.text
    assert session.scalars(sa.select(Judgment)).all() == []


def test_a_draft_comes_back(session: Session, make: Make, sign_in: SignIn) -> None:
    browser, first = begin(make, sign_in, tasks=1)
    saved = browser.post(f"{first}/draft", data={"choice": "b3", "reason": "half a thou"})
    assert saved.status_code == 200
    page = browser.get(first).text
    assert "half a thou" in page
    assert re.search(r'value="b3" id="choice-b3" checked', page)
    browser.post(first, data={"choice": "b3"})
    assert session.scalars(sa.select(Draft)).all() == []


def test_skipping_gives_the_next_task(session: Session, make: Make, sign_in: SignIn) -> None:
    browser, first = begin(make, sign_in, tasks=2)
    assert here(browser.post(f"{first}/skip").text) != first


def test_a_question_is_kept_and_the_task_too(session: Session, make: Make, sign_in: SignIn) -> None:
    browser, first = begin(make, sign_in, tasks=1)
    answer = browser.post(f"{first}/ask", data={"question": "Which clause?"}, follow_redirects=True)
    assert (here(answer.text), "with the policy team" in answer.text) == (first, True)
    assert session.scalars(sa.select(Escalation.question)).one() == "Which clause?"
    assert browser.get(f"{first}/ask").status_code == 200


def test_another_persons_assignment_is_not_there(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    assignment = make.assignment()
    browser = sign_in(make.expert())
    place = f"/work/{assignment.public_id}"
    assert browser.get(place).status_code == 404
    for path in (place, f"{place}/skip", f"{place}/draft", f"{place}/ask"):
        assert browser.post(path, data={"choice": "tie"}).status_code == 404


def test_starting_runs_the_clock_and_its_beats_are_answered(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    browser, first = begin(make, sign_in, tasks=1)
    assert session.scalars(sa.select(WorkSession.ended_at)).one() is None
    opened = sent(browser, "/work/clock/", {"assignment": first.removeprefix("/work/")})
    assert opened["epoch"] == 2
    said = sent(browser, opened["beats"], {"epoch": 2, "seq": 1, "idle": 0})
    assert said["state"] == "counting"
    assert said["credited"] > 0
    old = sent(browser, opened["beats"], {"epoch": 1, "seq": 9, "idle": 0})
    assert old["state"] == "taken_over"
    assert browser.post(opened["beats"], json={"epoch": "2"}).status_code == 422
    endless = {"epoch": 2, "seq": 2, "idle": 10**400}  # larger than any float
    assert browser.post(opened["beats"], json=endless).status_code == 422
    assert sent(browser, opened["stop"], {})["state"] == "ended"


def test_a_beat_for_another_persons_clock_is_not_there(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    live = make.work_session()
    browser = sign_in(make.expert())
    beat = browser.post(
        f"/work/clock/{live.public_id}/beats", json={"epoch": 1, "seq": 1, "idle": 0}
    )
    assert beat.status_code == 404


def test_a_reasoning_review_asks_for_what_it_needs(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    browser, first = begin(make, sign_in, tasks=1, task_type=TaskType.REASONING_REVIEW)
    assert "first wrong step" in browser.get(first).text
    missing = browser.post(first, data={"step": "3", "verdict_right": "no"})
    assert missing.status_code == 422
    whole = {
        "step": "3",
        "error_type": "wrong_inference",
        "verdict_right": "no",
        "feedback": "No weapon is needed.",
    }
    browser.post(first, data=whole)
    assert session.scalars(sa.select(Judgment.value)).one() == {
        "first_wrong_step": 3,
        "error_type": "wrong_inference",
        "verdict_right": False,
        "feedback": "No weapon is needed.",
    }


def test_hostile_content_arrives_harmless(session: Session, make: Make, sign_in: SignIn) -> None:
    project = make.project()
    evil = "<script>alert(1)</script> ![x](https://e.example/x.png) <img src=x onerror=alert(2)>"
    make.task(project, payload={"prompt": evil, "context": evil, "a": evil, "b": evil})
    browser, first = begin(make, sign_in, project=project)
    page = browser.get(first).text
    assert "<script>alert" not in page
    assert "<img" not in page


def test_a_paused_project_says_so_in_the_list(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    make.project().pause()
    session.flush()
    page = sign_in(make.expert()).get("/work/").text
    assert "not handing out tasks just now" in page


def test_the_home_page_shows_what_there_is(session: Session, make: Make, sign_in: SignIn) -> None:
    make.project(tasks=3, title="Threat preference")
    page = sign_in(make.expert()).get("/").text
    assert "Threat preference" in page
    assert "Tasks are open for you" in page
    assert "This week" in page


def begin(
    make: Make,
    sign_in: SignIn,
    *,
    tasks: int = 0,
    project: Project | None = None,
    task_type: TaskType = TaskType.PREFERENCE,
) -> tuple[FlaskClient, str]:
    """An expert at the workbench, and the address of their first task."""
    project = project or make.project(task_type=task_type)
    make.tasks(project, tasks)
    browser = sign_in(make.expert())
    accept(browser, project)
    page = browser.post(f"/work/projects/{project.slug}/start", follow_redirects=True)
    return browser, here(page.text)


def accept(browser: FlaskClient, project: Project, *, ticked: bool = True) -> None:
    page = browser.get(f"/work/projects/{project.slug}").text
    version = re.search(r'name="agreement" value="(\d+)"', page)
    assert version, page
    data = {"agreement": version[1], **({"accept": "y"} if ticked else {})}
    browser.post(f"/work/projects/{project.slug}/accept", data=data)


def here(page: str) -> str:
    found = HERE.search(page)
    assert found, page
    return found[1]


def sent(browser: FlaskClient, place: str, body: dict[str, object]) -> dict[str, Any]:
    answer = browser.post(place, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json or {}
    return found
