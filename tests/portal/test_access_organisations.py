"""A role in one organisation opens nothing of another's: its rows are not found."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from payouts.models import PayRun
from portal.access import Role
from portal.accounts.models import Account, Organisation
from portal.limits import limiter
from tasks.models import Project
from tests.make import Make
from tests.portal.access_table import table

SignIn = Callable[[Account], FlaskClient]


@dataclass(frozen=True)
class World:
    """One organisation with a project and a pay run, and another beside it."""

    ours: Organisation
    theirs: Organisation
    project: Project
    pay_run: PayRun


@pytest.fixture(autouse=True)
def unlimited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix knocks more often than anybody may."""
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture
def world(session: Session, make: Make) -> World:
    """Two organisations; all rows belong to ours."""
    run = make.pay_run()
    ours = session.get_one(Organisation, run.organisation_id)
    project = make.project(organisation=ours)
    return World(ours, make.organisation(name="Another client"), project, run)


def test_no_route_to_an_organisations_rows_opens_from_another(
    app: Flask, make: Make, world: World, sign_in: SignIn
) -> None:
    found = []
    routes = _routes(app)
    for rule, method in routes:
        for role in _holders(rule):
            stranger = make.account()
            make.grant(stranger, role, organisation=world.theirs)
            answer = _knock(sign_in(stranger), app, rule, method, world)
            if answer.status_code != 404:
                found.append(f"{method} {rule.rule}: {answer.status_code} for {role} of another")
    assert "\n".join(found) == ""
    assert len(routes) >= 15


def test_each_page_of_an_organisations_rows_opens_from_within(
    app: Flask, make: Make, world: World, sign_in: SignIn
) -> None:
    found = []
    for rule, method in _routes(app):
        if method != "GET" or not rule.arguments <= _known(rule):
            continue
        for role in _holders(rule):
            member = make.account()
            make.grant(member, role, organisation=world.ours)
            answer = _knock(sign_in(member), app, rule, method, world)
            if answer.status_code != 200:
                found.append(f"{rule.rule}: {answer.status_code} for {role} of ours")
    assert "\n".join(found) == ""


def test_a_role_for_one_project_does_not_reach_the_organisations_others(
    app: Flask, make: Make, world: World, sign_in: SignIn
) -> None:
    other = make.project(organisation=world.ours)
    member = make.account()
    make.grant(member, Role.MANAGER, organisation=world.ours, project_id=other.id)
    client = sign_in(member)
    assert client.get(f"/projects/{other.slug}").status_code == 200
    assert client.get(f"/projects/{world.project.slug}").status_code == 404


def test_a_role_that_was_taken_back_opens_nothing_more(
    app: Flask, session: Session, make: Make, world: World, sign_in: SignIn
) -> None:
    member = make.account()
    grant = make.grant(member, Role.MANAGER, organisation=world.ours)
    client = sign_in(member)
    address = f"/projects/{world.project.slug}"
    assert client.get(address).status_code == 200
    grant.revoke(now=make.now)
    session.flush()
    assert client.get(address).status_code == 403


def _routes(app: Flask) -> list[tuple[Rule, str]]:
    """Every route to a row that belongs to an organisation."""
    belonging = [
        rule
        for rule in app.url_map.iter_rules()
        if (rule.rule.startswith("/projects/") and "slug" in rule.arguments)
        or (rule.rule.startswith("/pay-runs/") and "public_id" in rule.arguments)
    ]
    return [
        (rule, method)
        for rule in belonging
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def _holders(rule: Rule) -> list[Role]:
    """The roles that the table lets through this door, somewhere."""
    return [Role(word) for word in table()[rule.endpoint]]


def _known(rule: Rule) -> set[str]:
    """Arguments of the rule for which the world holds a real row."""
    is_run = rule.rule.startswith("/pay-runs/<uuid:public_id>")
    return {"slug", "form", "public_id"} if is_run else {"slug", "form"}


def _knock(client: FlaskClient, app: Flask, rule: Rule, method: str, world: World) -> TestResponse:
    values: dict[str, Any] = {
        "slug": world.project.slug,
        "form": "csv",
        "public_id": world.pay_run.public_id if "public_id" in _known(rule) else uuid.UUID(int=0),
    }
    given = {name: values[name] for name in rule.arguments}
    address = app.url_map.bind("localhost").build(rule.endpoint, given)
    return client.open(address, method=method)
