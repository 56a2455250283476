"""Every route, for a stranger and for every role: nobody gets in where the table does not say so.

The table (`access_table.py`) is written by hand; nothing here reads the code's own declarations but
the test that takes them away.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UUIDConverter
from werkzeug.test import TestResponse

from portal import access, clock
from portal.access import NEEDS_SECOND_FACTOR, Role, UndeclaredAccess
from portal.accounts import sign_ins
from portal.accounts.models import Account
from portal.app import create_app
from portal.limits import limiter
from portal.settings import Settings
from tests.make import Make
from tests.portal.access_table import EVERYONE, SIGNED_IN, table

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSED: Final = "does not have the role that this page needs"
STRANGER: Final = "a stranger"
NO_ROLE: Final = "signed in without a role"


@dataclass(frozen=True)
class Door:
    """One method of one route, with an address that leads to it and to nobody's row."""

    endpoint: str
    method: str
    address: str


@pytest.fixture(autouse=True)
def unlimited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix knocks more often than anybody may."""
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture
def people(make: Make) -> dict[str, Account | None]:
    """A stranger, somebody without a role, and a fresh account for each role."""
    with_roles: dict[str, Account | None] = {
        role.value: make.account() if role is Role.CLIENT_READER else make.account(role)
        for role in Role
    }
    reader = with_roles[Role.CLIENT_READER.value]
    assert reader is not None
    make.grant(reader, Role.CLIENT_READER, organisation=make.organisation())
    return {STRANGER: None, NO_ROLE: make.account()} | with_roles


def test_every_endpoint_is_in_the_table_and_nothing_else(app: Flask) -> None:
    listed, there = set(table()), set(app.view_functions)
    assert sorted(there - listed) == [], "endpoints without a line in tests/portal/access_table.py"
    assert sorted(listed - there) == [], "lines without an endpoint"


def test_every_door_opens_to_exactly_those_the_table_names(
    app: Flask, client: FlaskClient, session: Session, people: dict[str, Account | None]
) -> None:
    tried = list(_doors(app))
    assert {door.endpoint for door in tried} == set(app.view_functions)
    assert "\n".join(_surprises(tried, client, session, people)) == ""


@pytest.mark.parametrize(
    ("endpoint", "planted"),
    [
        ("admin.accounts", access.Public()),
        ("admin.accounts", access.SignedIn()),
        ("decisions.desk", access.Requires(frozenset({Role.EXPERT, Role.COMPLIANCE}))),
        ("account.overview", access.Public()),
        ("operations.jobs", access.Requires(frozenset({Role.FINANCE}))),
    ],
)
def test_a_door_left_open_or_shut_by_mistake_is_found(
    app: Flask,
    client: FlaskClient,
    session: Session,
    people: dict[str, Account | None],
    monkeypatch: pytest.MonkeyPatch,
    endpoint: str,
    planted: access.Access,
) -> None:
    monkeypatch.setattr(app.view_functions[endpoint], "access", planted)
    tried = [door for door in _doors(app) if door.endpoint == endpoint]
    assert _surprises(tried, client, session, people) != []


def test_roles_that_decide_open_nothing_until_the_second_factor_is_given(
    app: Flask, client: FlaskClient, session: Session, people: dict[str, Account | None]
) -> None:
    opened = [
        f"{door.method} {door.endpoint} to {role}"
        for role in sorted(NEEDS_SECOND_FACTOR)
        for door in _doors(app)
        if role.value in table()[door.endpoint]
        if not _led_away(_knock(client, session, door, people[role], second_factor=False))
    ]
    assert opened == []


def test_a_paused_account_keeps_only_the_doors_to_what_is_its_own(
    app: Flask, client: FlaskClient, session: Session, people: dict[str, Account | None]
) -> None:
    own = {EVERYONE, SIGNED_IN, Role.APPLICANT.value, Role.EXPERT.value}
    paused = {name: account for name, account in people.items() if account is not None}
    for account in paused.values():
        account.pause()
    session.flush()
    opened = [
        f"{door.method} {door.endpoint} to a paused {name}"
        for door in _doors(app)
        if own.isdisjoint(table()[door.endpoint])
        for name, account in paused.items()
        if not _turned_away(_knock(client, session, door, account))
    ]
    assert opened == []
    earnings = _knock(client, session, _door(app, "earnings.index"), people[Role.EXPERT.value])
    assert earnings.status_code == 200


def test_each_declaration_taken_away_stops_the_start_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = []
    for endpoint, view in app.view_functions.items():
        if endpoint == "static":  # Flask's own: declared by the factory itself
            continue
        with monkeypatch.context() as patch:
            patch.delattr(view, "access")
            with pytest.raises(UndeclaredAccess) as refused:
                create_app(Settings())
            named.append((endpoint, endpoint in str(refused.value)))
    assert [endpoint for endpoint, is_named in named if not is_named] == []
    assert len(named) == len(app.view_functions) - 1


def test_a_second_declaration_is_refused() -> None:
    def view() -> str:
        return ""

    with pytest.raises(UndeclaredAccess, match="twice"):
        access.signed_in(access.public(view))


def test_requiring_no_role_at_all_is_refused() -> None:
    with pytest.raises(UndeclaredAccess, match="at least one"):
        access.requires()


def _doors(app: Flask) -> Iterator[Door]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & set(METHODS)):
            yield Door(rule.endpoint, method, _address(app, rule))


def _door(app: Flask, endpoint: str) -> Door:
    """The page at an endpoint."""
    return next(door for door in _doors(app) if (door.endpoint, door.method) == (endpoint, "GET"))


def _address(app: Flask, rule: Rule) -> str:
    """The rule's address, with arguments of the right kind that name nothing."""
    arguments = {name: _nothing(converter) for name, converter in rule._converters.items()}
    return app.url_map.bind("localhost").build(rule.endpoint, arguments, method=None)


def _nothing(converter: object) -> object:
    if isinstance(converter, UUIDConverter):
        return uuid.UUID(int=0)
    if isinstance(converter, IntegerConverter):
        return 999_999_999
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return "nothing-here"


def _surprises(
    tried: list[Door],
    client: FlaskClient,
    session: Session,
    people: dict[str, Account | None],
) -> list[str]:
    """What went otherwise than the table says, and what broke."""
    found = []
    for door in tried:
        for name, account in people.items():
            answer = _knock(client, session, door, account)
            opened, expected = not _turned_away(answer), _may(name, table()[door.endpoint])
            if opened != expected:
                word = "opened" if opened else "stayed shut"
                found.append(f"{door.method} {door.address} ({door.endpoint}) {word} to {name}")
            if answer.status_code == 500:
                found.append(f"{door.method} {door.address} ({door.endpoint}) broke for {name}")
    return found


def _may(name: str, audience: list[str]) -> bool:
    if EVERYONE in audience:
        return True
    if name == STRANGER:
        return False
    return SIGNED_IN in audience or name in audience


def _knock(
    client: FlaskClient,
    session: Session,
    door: Door,
    account: Account | None,
    *,
    second_factor: bool = True,
) -> TestResponse:
    """Ask with a sign-in of its own, since some doors end the one that comes through them."""
    client.delete_cookie(sign_ins.COOKIE)
    if account is not None:
        now = clock.now(session)
        token = sign_ins.start(
            session, account=account, device="a test", second_factor=second_factor, now=now
        )
        client.set_cookie(sign_ins.COOKIE, token)
    return client.open(door.address, method=door.method)


def _turned_away(answer: TestResponse) -> bool:
    """Sent to sign in, told to, or told that the role is missing."""
    to_sign_in = answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
    refused = answer.status_code == 403 and REFUSED in answer.text
    return to_sign_in or refused or answer.status_code == 401


def _led_away(answer: TestResponse) -> bool:
    """Led to the second factor, or told to set it up first."""
    led = answer.status_code == 302 and answer.location.startswith("/account/second-factor")
    return led or (answer.status_code == 403 and "second factor first" in answer.text)
