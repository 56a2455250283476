"""Other hours for a project under way: a week's notice, accepted by each, never touching what is held."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from portal.mail import service as mail
from portal.mail.models import MailMessage
from tasks.models import NOTICE, Assignment, CapsVersion, Enrolment, Project, Terms
from tasks.queries import projects as project_queries
from tasks.service import caps, judge, offers
from tasks.service.claim import claim_in_project
from tasks.service.planned import planned
from tasks.service.reasons import NothingLeft, Reason
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
HOUR = 3600


@pytest.fixture
def enrolment(make: Make) -> Enrolment:
    """Somebody at work in a project with tasks left."""
    return make.enrolment(open_tasks=4)


@pytest.fixture
def project(make: Make, session: Session, enrolment: Enrolment) -> Project:
    """The project."""
    terms = session.scalars(sa.select(Terms).where(Terms.expert_id == enrolment.expert_id)).one()
    return session.get_one(Project, terms.project_id)


@pytest.fixture
def announced(session: Session, make: Make, project: Project, now: datetime) -> CapsVersion:
    """Half an hour a task, four hours a day, twenty a week: in a week's time."""
    return _announce(session, make, project, now)


def test_nothing_changes_during_the_notice(
    session: Session, enrolment: Enrolment, project: Project, announced: CapsVersion, now: datetime
) -> None:
    assert announced.holds_from == now + NOTICE
    before = announced.holds_from - timedelta(seconds=1)
    assert caps.in_force(session, project, now=before).version_id is None
    assert isinstance(_claim(session, enrolment, project, before), Assignment)


def test_after_it_new_tasks_wait_until_the_new_terms_are_accepted(
    session: Session, enrolment: Enrolment, project: Project, announced: CapsVersion
) -> None:
    at = announced.holds_from
    assert _claim(session, enrolment, project, at) == NothingLeft(Reason.NEW_TERMS)
    terms = _accept(session, enrolment, project, at)
    assert (terms.caps_version_id, terms.day_cap_seconds) == (announced.id, 4 * HOUR)
    found = _claim(session, enrolment, project, at)
    assert isinstance(found, Assignment)
    assert found.terms_id == terms.id


def test_the_task_that_is_held_keeps_the_terms_it_was_accepted_under(
    session: Session, enrolment: Enrolment, project: Project, announced: CapsVersion, now: datetime
) -> None:
    held = _claim(session, enrolment, project, announced.holds_from - timedelta(minutes=5))
    assert isinstance(held, Assignment)
    before, planned_before = held.terms_id, planned(session, held).whole
    after = announced.holds_from + timedelta(minutes=1)
    assert _claim(session, enrolment, project, after) is held
    _accept(session, enrolment, project, after)
    assert (held.terms_id, planned(session, held).whole) == (before, planned_before)
    judgment = judge.judge(session, held, {"choice": "a2"}, now=after)
    assert judgment.terms_id == before


def test_accepting_twice_gives_the_same_terms(
    session: Session, enrolment: Enrolment, project: Project, announced: CapsVersion
) -> None:
    at = announced.holds_from
    assert _accept(session, enrolment, project, at) is _accept(session, enrolment, project, at)


def test_everybody_who_works_here_is_written_to_and_nobody_else(
    session: Session, make: Make, enrolment: Enrolment, announced: CapsVersion
) -> None:
    letters = session.scalars(sa.select(MailMessage)).all()
    mine = session.get_one(Account, enrolment.expert_id)
    assert [letter.recipient for letter in letters] == [mine.email]
    said = mail.text_of(letters[0])
    assert "30 November 2026, 12:00 UTC" in said
    assert "Tired people judge worse." in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"task_seconds": 0},
        {"task_seconds": 5 * HOUR},
        {"day_seconds": 21 * HOUR},
        {"reason": " "},
    ],
)
def test_hours_that_do_not_fit_into_each_other_are_refused(
    session: Session, make: Make, project: Project, now: datetime, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        _announce(session, make, project, now, **wrong)


def test_one_change_at_a_time_and_only_a_change(
    session: Session, make: Make, project: Project, announced: CapsVersion, now: datetime
) -> None:
    with pytest.raises(Conflict, match="announced already"):
        _announce(session, make, project, now, day_seconds=5 * HOUR)
    with pytest.raises(Conflict, match="hold now"):
        _announce(session, make, project, announced.holds_from)
    later = _announce(session, make, project, announced.holds_from, day_seconds=5 * HOUR)
    assert later.number == announced.number + 1


def test_the_database_wants_seven_days_and_keeps_what_was_announced(
    session: Session, make: Make, project: Project, announced: CapsVersion, now: datetime
) -> None:
    sooner = CapsVersion(
        project_id=project.id,
        number=2,
        task_cap_seconds=HOUR,
        day_cap_seconds=HOUR,
        week_cap_seconds=HOUR,
        reason="Now.",
        announced_by_id=make.account().id,
        announced_at=now,
        holds_from=now + NOTICE - timedelta(seconds=1),
    )
    with pytest.raises(IntegrityError, match="seven_days_notice"), session.begin_nested():
        session.add(sooner)
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(sa.update(CapsVersion).values(day_cap_seconds=24 * HOUR))


def test_a_manager_announces_it_and_the_expert_reads_it(
    session: Session, make: Make, enrolment: Enrolment, project: Project, sign_in: SignIn
) -> None:
    client = sign_in(make.account(Role.MANAGER))
    url = f"/projects/{project.slug}/caps"
    assert "Change the hours" in client.get(f"/projects/{project.slug}/settings").text
    said = {"task_minutes": "30", "day_hours": "4", "week_hours": "20", "reason": "Tired people."}
    form = {f"caps-{name}": value for name, value in said.items()}
    refused = client.post(url, data=form | {"caps-day_hours": "25"})
    assert refused.status_code == 422
    assert "Enter 1 to 24 hours" in refused.text
    assert client.post(url, data=form).status_code == 303
    settings = client.get(f"/projects/{project.slug}/settings").text
    assert "Other hours are announced" in settings
    assert "Change the hours" not in settings
    expert = sign_in(session.get_one(Account, enrolment.expert_id))
    assert "Tired people." in expert.get(f"/work/projects/{project.slug}").text


def _announce(
    session: Session,
    make: Make,
    project: Project,
    now: datetime,
    **other: Any,  # noqa: ANN401
) -> CapsVersion:
    said: dict[str, Any] = {
        "task_seconds": HOUR // 2,
        "day_seconds": 4 * HOUR,
        "week_seconds": 20 * HOUR,
        "reason": "Tired people judge worse.",
    }
    by = make.account(Role.MANAGER).id
    return caps.announce(session, project, by=by, now=now, **{**said, **other})


def _claim(
    session: Session, enrolment: Enrolment, project: Project, now: datetime
) -> Assignment | NothingLeft:
    return claim_in_project(
        session, expert_id=enrolment.expert_id, project=project, public_id=random_id(), now=now
    )


def _accept(session: Session, enrolment: Enrolment, project: Project, now: datetime) -> Terms:
    found = offers.offer(session, project, now=now)
    assert found is not None
    accepted = offers.accept(
        session,
        expert_id=enrolment.expert_id,
        project=project,
        agreement_version_id=found.agreement.id,
        now=now,
    )
    assert (
        session.scalar(project_queries.current_terms(enrolment.expert_id, project.id)) is accepted
    )
    return accepted
