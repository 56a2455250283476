"""The first page, for a stranger and for each kind of person."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from portal.contributions import Contributions, Panel
from portal.shell.home import greeting
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_a_stranger_sees_the_start_page_with_the_ways_in(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "/sign-in" in page
    assert "/sign-up" in page


@pytest.mark.parametrize("name", ["Amara Okafor", "Nguyễn Thị Mai", "Madonna"])
def test_someone_signed_in_is_greeted_by_the_name_they_gave(
    make: Make, sign_in: SignIn, name: str
) -> None:
    page = sign_in(make.account(Role.EXPERT, name=name)).get("/").text
    assert re.search(rf"<h1[^>]*>\s*Good \w+, {name}\s*</h1>", page)


@pytest.mark.parametrize(
    ("hour", "words"), [(4, "evening"), (5, "morning"), (12, "afternoon"), (18, "evening")]
)
def test_the_greeting_follows_the_persons_own_clock(app: Flask, hour: int, words: str) -> None:
    with app.test_request_context():
        assert words in greeting(datetime(2026, 11, 23, hour, tzinfo=UTC))


def test_panels_stand_in_their_order_in_main_and_side_column(
    app: Flask, make: Make, sign_in: SignIn
) -> None:
    found: Contributions = app.extensions["contributions"]
    roles = frozenset({Role.EXPERT})
    found.home_panels[:] = [
        Panel(lambda *_: "second-panel", roles, order=2),
        Panel(lambda *_: "first-panel", roles, order=1),
        Panel(lambda *_: "side-panel", roles, order=0, wide=False),
        Panel(lambda *_: None, roles, order=3),
        Panel(lambda *_: "not-for-experts", frozenset({Role.ADMIN}), order=0),
    ]
    page = sign_in(make.account(Role.EXPERT)).get("/").text
    assert page.index("first-panel") < page.index("second-panel") < page.index("side-panel")
    assert "not-for-experts" not in page


def test_a_home_without_panels_says_why(app: Flask, make: Make, sign_in: SignIn) -> None:
    app.extensions["contributions"].home_panels.clear()
    assert "No project has work for you" in sign_in(make.account(Role.EXPERT)).get("/").text
    assert "not applied for anything" in sign_in(make.account(Role.APPLICANT)).get("/").text
    assert "has no role yet" in sign_in(make.account()).get("/").text


def test_a_person_page_is_found_only_through_what_the_viewer_may_see(
    app: Flask, make: Make, sign_in: SignIn
) -> None:
    app.extensions["contributions"].people_scopes.clear()
    someone = make.account(Role.EXPERT, name="Linh Nguyen")
    address = f"/people/{someone.public_id}"
    assert sign_in(make.account(Role.MANAGER)).get(address).status_code == 404
    seen = sign_in(make.account(Role.COMPLIANCE)).get(address)
    assert (seen.status_code, "Linh Nguyen" in seen.text) == (200, True)


def test_the_clock_badge_is_rendered_once_a_page_and_only_for_experts(
    app: Flask, session: Session, make: Make, sign_in: SignIn
) -> None:
    asked: list[int] = []

    def badge(_session: Session, account_id: int, _now: datetime) -> str:
        asked.append(account_id)
        return "<b>running-clock</b>"

    app.extensions["contributions"].clock_badge = badge
    expert = make.account(Role.EXPERT)
    assert "<b>running-clock</b>" in sign_in(expert).get("/").text
    assert asked == [expert.id]
    assert "running-clock" not in sign_in(make.account(Role.MANAGER)).get("/").text
