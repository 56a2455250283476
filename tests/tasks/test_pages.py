"""Every page of the work opens for those it is for, and says what it should."""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal import clock
from portal.access import Role
from portal.accounts.models import Account
from portal.ids import random_id
from portal.jobs.models import OutboxRow
from tasks import jobs
from tasks.models import (
    Adjustment,
    AdjustmentState,
    Assignment,
    EscalationState,
    Gold,
    ImportState,
    JobName,
    Project,
    ProjectState,
    Task,
    TaskImport,
    TimesheetState,
)
from tasks.queries import projects as project_queries
from tasks.service import claim, gold, judge
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
TABS = ("", "/tasks", "/people", "/quality", "/guideline", "/settings", "/import", "/release.csv", "/release.jsonl")  # fmt: skip


def test_a_managers_pages_open_and_a_stranger_organisations_are_not_there(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, _expert = worked(session, make)
    manager, stranger = make.account(Role.MANAGER), make.account()
    make.grant(stranger, Role.MANAGER, organisation=make.organisation())
    browser = sign_in(manager)
    for tab in TABS:
        answer = browser.get(f"/projects/{project.slug}{tab}")
        assert answer.status_code == 200, tab
    assert project.title in browser.get("/projects/").text
    other = sign_in(stranger)
    assert [other.get(f"/projects/{project.slug}{tab}").status_code for tab in TABS] == [404] * len(
        TABS
    )
    assert project.title not in other.get("/projects/").text


def test_an_experts_pages_open(session: Session, make: Make, sign_in: SignIn) -> None:
    _project, expert = worked(session, make)
    clock.shift(session, make.now + timedelta(days=1) - clock.now(session))
    browser = sign_in(expert)
    for place in ("/", "/work/", "/work/keys", "/time/", "/quality/"):
        assert browser.get(place).status_code == 200, place
    assert "12 check tasks" in browser.get("/quality/").text


def test_quality_does_not_move_on_the_day_of_an_answer(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    """Else an expert who looks after each answer learns which tasks were probes, and the result."""
    _project, expert = worked(session, make)
    clock.shift(session, make.now + timedelta(hours=1) - clock.now(session))
    browser = sign_in(expert)
    for place in ("/", "/quality/"):
        assert "12 check tasks" not in browser.get(place).text, place


def test_the_number_of_queries_does_not_grow_with_the_list(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    expert = make.expert()
    browser = sign_in(expert)
    counts = []
    for _ in range(2):
        for _each in range(2):
            make.terms(expert, make.project(tasks=1))
        session.flush()
        counts.append(queries_of(session, lambda: browser.get("/work/")))
    assert counts[0] == counts[1]


def test_a_project_is_made_in_the_browser_and_opens(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    organisation, manager = make.organisation(), make.account()
    make.grant(manager, Role.MANAGER, organisation=organisation)
    browser = sign_in(manager)
    assert browser.get("/projects/new").status_code == 200
    assert browser.post("/projects/new", data={"title": "x"}).status_code == 422
    given = {
        "title": "Yoruba preference",
        "slug": "yoruba-preference",
        "organisation": str(organisation.id),
        "line": "Choose.",
        "question": "Which is better?",
        "task_type": "preference",
        "currency": "USD",
        "hourly": "31.25",
        "overlap": "3",
        "gold_percent": "10",
        "needed_percent": "80",
        "payroll_zone": "Africa/Lagos",
        "guideline": "# Do it\n\nWell.",
        "agreement": "We pay.",
    }
    assert browser.post("/projects/new", data={**given, "payroll_zone": "Mars"}).status_code == 422
    assert browser.post("/projects/new", data=given).status_code == 302
    project = session.scalars(sa.select(Project)).one()
    browser.post(f"/projects/{project.slug}/state", data={"to": "open"})
    session.refresh(project)
    assert (project.state, project.payroll_zone) == (ProjectState.OPEN, "Africa/Lagos")
    assert "$31.25" in browser.get(f"/projects/{project.slug}/settings").text
    foreign = make.organisation()
    stolen = {**given, "slug": "stolen", "organisation": str(foreign.id)}
    assert browser.post("/projects/new", data=stolen).status_code == 422


def test_a_file_is_imported_in_the_browser_by_the_worker(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = make.project()
    browser = sign_in(make.account(Role.MANAGER))
    good = b"key,prompt,context,response_a,response_b\n1,p,,a,b\n2,p,c,a,b\n"
    page = send_file(browser, project, good)
    assert "on its way in" in page
    run_imports(session)
    assert session.scalars(sa.select(TaskImport.state)).all() == [ImportState.DONE]
    assert session.scalar(sa.select(sa.func.count()).select_from(Task)) == 2
    send_file(browser, project, good + b"3,,,a,b\n")
    run_imports(session)
    refused = session.scalars(sa.select(TaskImport).order_by(TaskImport.id.desc())).first()
    assert refused is not None
    assert refused.problems == ["row 4, column prompt: prompt is empty"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Task)) == 2
    shown = browser.get(f"/projects/{project.slug}/imports/{refused.public_id}").text
    assert "row 4, column prompt" in shown


def test_a_timesheet_goes_from_the_expert_to_the_manager(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, expert = make.project(), make.expert()
    sheet = make.timesheet(project=project, expert=expert, seconds=3600)
    browser = sign_in(expert)
    place = f"/time/{sheet.public_id}"
    assert "1 h 00 m 00 s" in browser.get(place).text
    asked = {"minutes": "12", "work_day": sheet.week.isoformat(), "reason": "Power cut."}
    assert browser.post(f"{place}/adjustments", data={**asked, "minutes": ""}).status_code == 422
    assert browser.post(f"{place}/adjustments", data=asked).status_code == 302
    assert browser.post(f"{place}/submit").status_code == 302
    manager = sign_in(make.account(Role.MANAGER))
    home = f"/projects/{project.slug}"
    assert "Power cut." in manager.get(f"{home}/timesheets/{sheet.public_id}").text
    assert manager.post(f"{home}/timesheets/{sheet.public_id}/approve").status_code == 409
    adjustment = session.scalars(sa.select(Adjustment)).one()
    manager.post(f"{home}/adjustments/{adjustment.public_id}", data={"decision": "approve"})
    manager.post(f"{home}/timesheets/{sheet.public_id}/approve")
    session.expire_all()
    assert (adjustment.state, sheet.state) == (AdjustmentState.APPROVED, TimesheetState.APPROVED)


def test_all_ordinary_timesheets_are_approved_in_one_act(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = make.project()
    sheets = [make.timesheet(project=project, seconds=60, submitted=True) for _ in range(2)]
    browser = sign_in(make.account(Role.MANAGER))
    place = f"/projects/{project.slug}/time/"
    seen = re.findall(r'name="sheet" value="([\w-]+)"', browser.get(place).text)
    answer = browser.post(f"{place}approve", data={"sheet": seen}, follow_redirects=True)
    assert "2 timesheets approved" in answer.text
    session.expire_all()
    assert {sheet.state for sheet in sheets} == {TimesheetState.APPROVED}


def test_another_persons_timesheet_is_not_there(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    sheet = make.timesheet(seconds=60)
    browser = sign_in(make.expert())
    assert browser.get(f"/time/{sheet.public_id}").status_code == 404
    assert browser.post(f"/time/{sheet.public_id}/submit").status_code == 404


def test_a_policy_expert_answers_the_questions_of_their_organisation_only(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    organisation = make.organisation()
    assignment = make.assignment(project=make.project(organisation=organisation, tasks=1))
    question = judge.escalate(session, assignment, question="Which clause?", now=now)
    stranger, policy = make.account(), make.account()
    make.grant(stranger, Role.POLICY_EXPERT, organisation=make.organisation())
    make.grant(policy, Role.POLICY_EXPERT, organisation=organisation)
    place = f"/questions/{question.public_id}"
    assert sign_in(stranger).post(place, data={"answer": "No."}).status_code == 404
    browser = sign_in(policy)
    assert "Which clause?" in browser.get("/questions/").text
    browser.post(place, data={"answer": "3.1."})
    session.refresh(question)
    assert (question.state, question.answer) == (EscalationState.ANSWERED, "3.1.")


def test_a_release_holds_no_gold_and_no_names_and_defuses_formulas(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, expert = worked(session, make, reason="=HYPERLINK(1)")
    browser = sign_in(make.account(Role.MANAGER))
    text = browser.get(f"/projects/{project.slug}/release.csv").text
    golden = session.scalars(sa.select(Task.key).join(Gold, Gold.task_id == Task.id)).all()
    assert "'=HYPERLINK(1)" in text
    assert expert.display_name not in text
    assert not any(f"{key}," in text for key in golden)
    assert len(text.splitlines()) == 1 + 3


def worked(session: Session, make: Make, *, reason: str = "") -> tuple[Project, Account]:
    """A project on which one expert judged three tasks and twelve golden ones."""
    project, expert = make.project(tasks=3, gold_share=0.5), make.expert()
    tasks = make.gold(project, count=12)
    enrolment = make.enrolment(project=project, expert=expert)
    terms = make.terms(expert, project)
    for task in tasks:
        held = Assignment(
            task.pool_id, task.id, expert.id, random_id(), terms.id, guideline(session, project),
            ["a", "b"], make.now, make.now + timedelta(hours=1),
        )  # fmt: skip
        session.add(held)
        answer(session, make, held, reason)
    while isinstance(
        found := claim.claim_next_task(
            session, enrolment=enrolment, terms=terms, public_id=random_id(), now=make.now
        ),
        Assignment,
    ):
        answer(session, make, found, reason)
    return project, expert


def guideline(session: Session, project: Project) -> int:
    return session.scalars(project_queries.newest_guideline(project)).one().id


def answer(session: Session, make: Make, held: Assignment, reason: str) -> None:
    session.flush()
    judgment = judge.judge(session, held, {"choice": "a2", "reason": reason}, now=make.now)
    gold.score(session, judgment.id, now=make.now)


def send_file(browser: FlaskClient, project: Project, content: bytes) -> str:
    data = {
        "file": (io.BytesIO(content), "tasks.csv"),
        "mapping": "key=key,prompt=prompt,context=context,a=response_a,b=response_b",
    }
    answer = browser.post(f"/projects/{project.slug}/import", data=data, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def run_imports(session: Session) -> None:
    waiting = sa.select(OutboxRow.row_id).where(OutboxRow.name == JobName.IMPORT.value)
    for row_id in session.scalars(waiting).all():
        jobs.import_file(row_id)
    session.expire_all()


def queries_of(session: Session, act: Callable[[], object]) -> int:
    seen: list[str] = []

    def count(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", count)
    try:
        act()
    finally:
        event.remove(bind, "before_cursor_execute", count)
    return len(seen)
