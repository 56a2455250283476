"""Setting projects up, and who sees them."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Organisation
from portal.errors import Conflict, Invalid
from tasks.models import Project, ProjectState, RateUnit, TaskType, Terms
from tasks.queries import projects as queries
from tasks.service import offering, offers, projects
from tasks.service.projects import Price
from tasks.service.reasons import Reason
from tests.make import Make


def test_a_project_without_guideline_rate_and_agreement_cannot_open(
    session: Session, make: Make, now: datetime
) -> None:
    project = bare(session, make, now)
    with pytest.raises(Conflict, match="a guideline and a rate card and an agreement"):
        projects.open_project(session, project, actor=None, now=now)
    make.set_up(project)
    projects.open_project(session, project, actor=None, now=now)
    assert project.state is ProjectState.OPEN


def test_the_database_refuses_an_open_project_without_a_rate_card(
    session: Session, make: Make, now: datetime
) -> None:
    project = bare(session, make, now)
    other = make.project(organisation=session.get_one(Organisation, project.organisation_id))
    project.guideline_id = other.guideline_id
    project.open(now=now)
    with pytest.raises(IntegrityError, match="has no rate card"):
        session.flush()


def test_a_slug_is_taken_once(session: Session, make: Make, now: datetime) -> None:
    make.project(slug="taken")
    with pytest.raises(Conflict):
        make.project(slug="taken")


def test_a_rate_card_needs_an_hourly_rate_and_one_price_at_a_time(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    with pytest.raises(Invalid):
        projects.publish_rates(session, project, [Price(1, RateUnit.TASK)], now=now)
    with pytest.raises(IntegrityError, match="ex_rate_one_at_a_time"), session.begin_nested():
        projects.publish_rates(session, project, [Price(1), Price(2)], now=now)


def test_rate_cards_terms_and_guidelines_are_append_only(
    session: Session, make: Make, now: datetime
) -> None:
    make.terms(make.expert(), make.project())
    for table in ("rate_card", "rate", "terms", "guideline_version"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(sa.text(f"DELETE FROM {table}"))


def test_accepting_twice_gives_the_same_terms(session: Session, make: Make) -> None:
    project, expert = make.project(), make.expert()
    assert make.terms(expert, project).id == make.terms(expert, project).id
    assert session.scalar(sa.select(sa.func.count()).select_from(Terms)) == 1


def test_an_agreement_that_changed_meanwhile_must_be_read_again(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(), make.expert()
    found = offers.offer(session, project, now=now)
    assert found is not None
    projects.publish_agreement(session, project, title="New", body="New text.", now=now)
    with pytest.raises(Conflict, match="has changed"):
        offers.accept(
            session,
            expert_id=expert.id,
            project=project,
            agreement_version_id=found.agreement.id,
            now=now,
        )


def test_projects_are_found_through_grants(session: Session, make: Make) -> None:
    organisation = make.organisation()
    mine, sister = make.project(organisation=organisation), make.project(organisation=organisation)
    foreign = make.project()
    everywhere, client, one = make.account(Role.MANAGER), make.account(), make.account()
    make.grant(client, Role.MANAGER, organisation=organisation)
    make.grant(one, Role.MANAGER, organisation=organisation, project_id=mine.id)
    seen = {
        account.id: {
            each.slug for each in session.scalars(queries.projects_of(account.id, Role.MANAGER))
        }
        for account in (everywhere, client, one)
    }
    assert seen == {
        everywhere.id: {mine.slug, sister.slug, foreign.slug},
        client.id: {mine.slug, sister.slug},
        one.id: {mine.slug},
    }
    assert session.scalars(queries.projects_of(client.id, Role.EXPERT)).all() == []


def test_a_revoked_grant_reaches_nothing(session: Session, make: Make, now: datetime) -> None:
    project, account = make.project(), make.account()
    grant = make.grant(account, Role.MANAGER)
    assert session.scalars(queries.projects_of(account.id, Role.MANAGER)).all() == [project]
    grant.revoke(now=now)
    session.flush()
    assert session.scalars(queries.projects_of(account.id, Role.MANAGER)).all() == []


def test_an_expert_sees_the_rate_and_why_there_is_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.expert()
    make.project(tasks=2, title="A", hourly_minor=4200)
    make.project(title="B")
    make.project(tasks=1, title="C").pause()
    make.project(tasks=1, title="D", opened=False)
    session.flush()
    found = {each.project.title: each for each in offering.offered(session, expert.id, now=now)}
    assert {title: each.obstacle for title, each in found.items()} == {
        "A": None,
        "B": Reason.NO_OPEN_TASK,
        "C": Reason.NOT_OPEN,
    }
    rate = found["A"].rate
    assert rate is not None
    assert (rate.minor, found["A"].accepted) == (4200, False)


def test_a_rate_that_has_run_out_is_no_offer(session: Session, make: Make, now: datetime) -> None:
    project = make.project()
    ended = Price(1, starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    projects.publish_rates(session, project, [ended], now=now)
    assert offers.offer(session, project, now=now) is None


def bare(session: Session, make: Make, now: datetime) -> Project:
    project = Project(
        organisation_id=make.organisation().id,
        slug="bare",
        title="Bare",
        line="x",
        question="x",
        task_type=TaskType.PREFERENCE,
        currency="USD",
        created_at=now,
    )
    return projects.create(session, project, actor=None, now=now)
