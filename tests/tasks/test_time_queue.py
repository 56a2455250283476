"""The manager's queue of time: what is worth a look first, everything else approved in one act."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from tasks.models import Extension, ExtensionState, Project, Timesheet, TimesheetState
from tasks.service import extensions, judge, timesheets
from tasks.worth_a_look import Facts, Why, reasons, usual_pace
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
PLAIN = Facts(credited=7200, reading=600, longest_day=3600, day_cap=28800, judgments=60, asked=0)


def facts(**changed: float) -> Facts:
    return Facts(**{**PLAIN.__dict__, **changed})


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (PLAIN, []),
        (facts(asked=1), [Why.ASKED]),
        (facts(judgments=0), [Why.NO_JUDGMENT]),
        (facts(judgments=0, credited=600), []),
        (facts(reading=3700), [Why.READING]),
        (facts(reading=1700, credited=1800), []),
        (facts(longest_day=28801), [Why.LONG_DAY]),
        (facts(judgments=20), [Why.SLOWER]),
        (facts(judgments=9), []),
    ],
)
def test_each_reason_is_a_fact_about_the_time(sheet: Facts, why: list[Why]) -> None:
    assert reasons(sheet, usual=120) == why


def test_a_pace_is_compared_only_where_there_is_enough_to_compare_with() -> None:
    assert usual_pace([PLAIN] * 4) is None
    assert usual_pace([PLAIN] * 5) == 120
    assert usual_pace([PLAIN, *[facts(judgments=3)] * 9]) is None
    assert reasons(facts(judgments=10), usual=None) == []


def test_what_is_worth_a_look_stands_apart_and_is_not_approved_with_the_rest(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = make.project()
    plain = make.timesheet(project=project, seconds=60, submitted=True)
    odd = make.timesheet(project=project, seconds=3600, submitted=True)
    browser = sign_in(make.account(Role.MANAGER))
    place = f"/projects/{project.slug}/time/"
    page = browser.get(place).text
    assert "time without a judgment" in page
    seen = listed(page)
    assert seen == [str(plain.public_id)]
    told = browser.post(f"{place}approve", data={"sheet": [*seen, str(odd.public_id)]})
    assert told.status_code == 302
    session.expire_all()
    assert (plain.state, odd.state) == (TimesheetState.APPROVED, TimesheetState.SUBMITTED)


def test_only_the_timesheets_that_the_page_showed_are_approved(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = make.project()
    shown = make.timesheet(project=project, seconds=60, submitted=True)
    browser = sign_in(make.account(Role.MANAGER))
    place = f"/projects/{project.slug}/time/"
    seen = listed(browser.get(place).text)
    since = make.timesheet(project=project, seconds=60, submitted=True)
    session.flush()
    browser.post(f"{place}approve", data={"sheet": seen})
    session.expire_all()
    assert (shown.state, since.state) == (TimesheetState.APPROVED, TimesheetState.SUBMITTED)


def test_one_that_became_special_meanwhile_waits(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, expert = make.project(), make.expert()
    sheet = make.timesheet(project=project, expert=expert, seconds=60, submitted=True)
    browser = sign_in(make.account(Role.MANAGER))
    place = f"/projects/{project.slug}/time/"
    seen = listed(browser.get(place).text)
    timesheets.adjust(
        session,
        sheet,
        seconds=60,
        work_day=sheet.week,
        reason="A power cut.",
        requested_by=expert.id,
        now=make.now,
    )
    browser.post(f"{place}approve", data={"sheet": seen})
    session.expire_all()
    assert sheet.state is TimesheetState.SUBMITTED


def test_nobody_meets_their_own_time_in_their_queue(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    both = make.account(Role.EXPERT, Role.MANAGER, name="Both At Once")
    project = make.project()
    sheet = make.timesheet(project=project, expert=both, seconds=60, submitted=True)
    browser = sign_in(both)
    place = f"/projects/{project.slug}/time/"
    page = browser.get(place).text
    assert listed(page) == []
    assert "1 of your own wait for somebody else" in page
    browser.post(f"{place}approve", data={"sheet": [str(sheet.public_id)]})
    session.expire_all()
    assert sheet.state is TimesheetState.SUBMITTED


def test_more_time_for_a_task_is_decided_here(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = make.project(tasks=2, reserve_seconds=0)
    held = [make.assignment(project=project, expert=make.expert()) for _ in range(2)]
    asked = [extensions.ask(session, each, reason="Long.", now=make.now) for each in held]
    browser = sign_in(make.account(Role.MANAGER))
    place = f"/projects/{project.slug}/time/"
    assert "asks for 3 m more than planned" in browser.get(place).text
    browser.post(f"{place}more/{asked[0].public_id}", data={"decision": "approve"})
    without = browser.post(f"{place}more/{asked[1].public_id}", data={"decision": "refuse"})
    assert without.status_code in {400, 422}
    browser.post(
        f"{place}more/{asked[1].public_id}", data={"decision": "refuse", "reason": "Short."}
    )
    session.expire_all()
    states = session.scalars(sa.select(Extension.state).order_by(Extension.id)).all()
    assert states == [ExtensionState.GRANTED, ExtensionState.REFUSED]


@pytest.mark.parametrize("tab", ["", "/time/", "/people", "/tasks", "/releases/", "/quality"])
def test_the_number_of_queries_does_not_grow_with_a_projects_lists(
    session: Session, make: Make, sign_in: SignIn, tab: str
) -> None:
    project = make.project(tasks=2, overlap=9)
    browser = sign_in(make.account(Role.MANAGER))
    counts = []
    for _ in range(2):
        for _each in range(2):
            worked(session, make, project)
        session.flush()
        counts.append(queries_of(session, lambda: browser.get(f"/projects/{project.slug}{tab}")))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "place", ["/time/", "/work/questions", "/questions/", "/client/", "/projects/"]
)
def test_the_number_of_queries_does_not_grow_with_a_persons_lists(
    session: Session, make: Make, sign_in: SignIn, place: str
) -> None:
    organisation = make.organisation()
    expert = make.account(Role.EXPERT, Role.POLICY_EXPERT, Role.MANAGER)
    make.grant(expert, Role.CLIENT_READER, organisation=organisation)
    browser = sign_in(expert)
    counts = []
    for _ in range(2):
        for _each in range(2):
            project = make.project(organisation=organisation, tasks=1)
            held = make.assignment(project=project, expert=expert)
            judge.escalate(session, held, question="Which clause?", now=make.now)
            judge.judge(session, held, {"choice": "tie"}, now=make.now)
            make.now += timedelta(seconds=100)
            make.timesheet(project=project, expert=expert, seconds=60)
            make.now += timedelta(seconds=100)
        session.flush()
        counts.append(queries_of(session, lambda: browser.get(place)))
    assert counts[0] == counts[1]


def worked(session: Session, make: Make, project: Project) -> Timesheet:
    expert = make.expert()
    sheet = make.timesheet(project=project, expert=expert, seconds=60, submitted=True)
    held = make.assignment(project=project, expert=expert)
    judge.judge(session, held, {"choice": "tie"}, now=make.now)
    make.task(project)
    return sheet


def listed(page: str) -> list[str]:
    """The timesheets that one press approves."""
    return re.findall(r'name="sheet" value="([\w-]+)"', page)


def queries_of(session: Session, act: Callable[[], object]) -> int:
    seen: list[str] = []

    def count(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", count)
    try:
        answer = act()
    finally:
        event.remove(bind, "before_cursor_execute", count)
    assert answer.status_code == 200  # type: ignore[attr-defined]
    return len(seen)
