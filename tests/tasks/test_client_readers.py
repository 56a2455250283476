"""A client's readers see their own organisation's work: how far, how good, released datasets; nobody by name."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account, Organisation
from portal.errors import Conflict
from tasks import jobs
from tasks.models import Enrolment, Project, Release, ReleaseState
from tasks.service import judge, releases
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_a_reader_sees_their_organisations_projects_and_no_others(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    ours, theirs = answered(session, make), make.project(title="Somebody else's")
    draft = make.project(
        organisation=organisation(session, make, ours), opened=False, title="Not yet"
    )
    browser = sign_in(reader(session, make, ours))
    answer = browser.get("/client/")
    assert answer.status_code == 200, re.sub("<[^>]*>", " ", answer.text[-3000:])
    listed = answer.text
    assert ours.title in listed
    assert theirs.title not in listed
    assert draft.title not in listed
    assert ours.title in browser.get("/").text
    assert browser.get(f"/client/{ours.slug}").status_code == 200
    for other in (theirs, draft):
        assert browser.get(f"/client/{other.slug}").status_code == 404
    assert browser.get(f"/projects/{ours.slug}").status_code == 403


def test_the_report_says_how_far_and_names_nobody(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = answered(session, make)
    page = sign_in(reader(session, make, project)).get(f"/client/{project.slug}").text
    assert "Judgments" in page
    assert "not enough evidence yet" in page.lower()
    assert not [name for name in people(session) if name in page]


def test_a_release_keeps_the_judgments_as_they_stood(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = answered(session, make)
    made = released(session, make, project)
    assert (made.number, made.tasks, made.judgments) == (1, 2, 4)
    browser = sign_in(reader(session, make, project))
    before = browser.get(f"/projects/{project.slug}/releases/{made.public_id}.csv")
    third = make.expert(name="Third Person")
    answer_all(session, make, project, third)
    after = browser.get(f"/projects/{project.slug}/releases/{made.public_id}.csv")
    assert before.data == after.data
    assert "attachment" in before.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(before.text)))
    assert {row["expert"] for row in rows} == set(
        session.scalars(sa.select(Enrolment.pseudonym).where(Enrolment.expert_id != third.id))
    )
    lines = browser.get(f"/projects/{project.slug}/releases/{made.public_id}.jsonl").text
    assert len([json.loads(line) for line in lines.splitlines()]) == 4
    assert released(session, make, project).judgments == 6


def test_no_release_holds_a_name_an_address_or_a_check_task(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = answered(session, make)
    (probe,) = make.gold(project)
    made = released(session, make, project)
    browser = sign_in(make.account(Role.MANAGER))
    for form in ("csv", "jsonl"):
        text = browser.get(f"/projects/{project.slug}/releases/{made.public_id}.{form}").text
        assert not [name for name in people(session) if name in text]
        assert "@" not in text
        assert probe.key not in text


def test_a_reader_of_another_organisation_fetches_nothing(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = answered(session, make)
    made = released(session, make, project)
    stranger = make.account()
    make.grant(stranger, Role.CLIENT_READER, organisation=make.organisation())
    browser = sign_in(stranger)
    assert browser.get(f"/client/{project.slug}").status_code == 404
    place = f"/projects/{project.slug}/releases/{made.public_id}.csv"
    assert browser.get(place).status_code == 404


def test_a_release_that_is_being_made_is_not_fetched_and_no_second_is_begun(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = answered(session, make)
    browser = sign_in(make.account(Role.MANAGER))
    page = browser.post(f"/projects/{project.slug}/releases/", follow_redirects=True).text
    assert "being made" in page
    asked = session.scalars(sa.select(Release)).one()
    place = f"/projects/{project.slug}/releases/{asked.public_id}.csv"
    assert browser.get(place).status_code == 404
    with pytest.raises(Conflict):
        releases.request(session, project, by=make.account().id, now=make.now)
    jobs.make_release(asked.id)
    jobs.make_release(asked.id)
    session.expire_all()
    assert asked.state is ReleaseState.READY
    assert browser.get(place).status_code == 200


def test_the_database_keeps_a_release_as_it_is(session: Session, make: Make) -> None:
    made = released(session, make, answered(session, make))
    for change in ("UPDATE release SET judgments = 0", "DELETE FROM release"):
        with session.begin_nested() as savepoint:
            with pytest.raises(IntegrityError, match="kept as it is"):
                session.execute(sa.text(change))
            savepoint.rollback()
    assert made.judgments == 4


def answered(session: Session, make: Make) -> Project:
    """Two experts have answered two tasks each."""
    project = make.project(tasks=2, title="Harassment answers")
    for name in ("Amara Okafor", "Bela Farkas"):
        answer_all(session, make, project, make.expert(name=name))
    return project


def answer_all(session: Session, make: Make, project: Project, expert: Account) -> None:
    for _ in range(2):
        held = make.assignment(project=project, expert=expert)
        judge.judge(session, held, {"choice": "tie"}, now=make.now)


def released(session: Session, make: Make, project: Project) -> Release:
    asked = releases.request(session, project, by=make.account(Role.MANAGER).id, now=make.now)
    jobs.make_release(asked.id)
    session.refresh(asked)
    return asked


def reader(session: Session, make: Make, project: Project) -> Account:
    account = make.account(name="Wen Jiayi")
    make.grant(account, Role.CLIENT_READER, organisation=organisation(session, make, project))
    return account


def organisation(session: Session, make: Make, project: Project) -> Organisation:
    return session.get_one(Organisation, project.organisation_id)


def people(session: Session) -> list[str]:
    """Names and addresses of everybody who answered."""
    mine = sa.select(Account).where(Account.id.in_(sa.select(Enrolment.expert_id)))
    return [word for each in session.scalars(mine) for word in (each.display_name, each.email)]
