"""One press signs in as one of the demo's people: in the demo only, on its own machine only."""

from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import db
from portal.access import Role
from portal.accounts.models import Account, DemoPerson
from portal.app import create_app
from portal.settings import Settings
from tests.make import Make


@pytest.fixture
def demo_app(session: Session, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application as the demo starts it."""
    monkeypatch.setenv("DEMO", "true")
    monkeypatch.setenv("BASE_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_demo")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_demo")
    connection = session.get_bind()
    made = create_app(Settings())
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    db.sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
    return made


@pytest.fixture
def manager(session: Session, make: Make) -> Account:
    """One of the demo's people."""
    account = make.account(Role.MANAGER, Role.EXPERT, name="Jonas Reyes")
    session.add(DemoPerson(account_id=account.id, line="Runs three projects.", position=1))
    session.flush()
    return account


def test_the_page_names_each_person_with_role_and_line(demo_app: Flask, manager: Account) -> None:
    page = demo_app.test_client().get("/sign-in").text
    for part in (
        "Jonas Reyes",
        "Project manager",
        "Runs three projects.",
        "Sign in as Jonas Reyes",
    ):
        assert part in page


def test_one_press_signs_in_and_counts_as_the_second_factor(
    demo_app: Flask, manager: Account
) -> None:
    client = demo_app.test_client()
    assert client.post(_address(manager.public_id)).location == "/"
    answer = client.get("/people/00000000-0000-0000-0000-000000000000")
    assert answer.status_code == 404  # not led to a second factor


def test_people_who_are_not_on_offer_are_not_found(demo_app: Flask, make: Make) -> None:
    client = demo_app.test_client()
    assert client.post(_address(make.account(Role.ADMIN).public_id)).status_code == 404


@pytest.mark.parametrize("remote", ["192.168.1.20", "10.0.0.1", "203.0.113.9", "::ffff:10.0.0.1"])
def test_any_address_but_loopback_is_refused(
    demo_app: Flask, manager: Account, remote: str
) -> None:
    client = demo_app.test_client()
    answer = client.post(_address(manager.public_id), environ_base={"REMOTE_ADDR": remote})
    assert (answer.status_code, client.get_cookie("touchstone")) == (403, None)


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_is_let_in(demo_app: Flask, manager: Account, remote: str) -> None:
    answer = demo_app.test_client().post(
        _address(manager.public_id), environ_base={"REMOTE_ADDR": remote}
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_request_that_a_proxy_passed_on_is_refused(
    demo_app: Flask, manager: Account, header: str
) -> None:
    answer = demo_app.test_client().post(
        _address(manager.public_id), headers={header: "203.0.113.9"}
    )
    assert answer.status_code == 403


def test_another_host_name_for_this_machine_is_refused(demo_app: Flask, manager: Account) -> None:
    answer = demo_app.test_client().post(
        _address(manager.public_id), headers={"Host": "rebound.example:8000"}
    )
    assert answer.status_code == 403


def test_outside_the_demo_the_way_in_does_not_exist(
    app: Flask, client: FlaskClient, manager: Account
) -> None:
    assert "demo_sign_in" not in app.blueprints
    assert client.post(_address(manager.public_id)).status_code == 404
    assert "Jonas" not in client.get("/sign-in").text


def _address(public_id: UUID) -> str:
    return f"/sign-in/demo/{public_id}"


_BANNER = "A demo: people and money are invented"


@pytest.mark.parametrize(
    "address",
    ["/", "/sign-in", "/sign-up", "/openings", "/no-such-page", "/styleguide/exam", "/account"],
)
def test_every_page_of_the_demo_says_that_it_is_one(
    demo_app: Flask, manager: Account, address: str
) -> None:
    client = demo_app.test_client()
    client.post(_address(manager.public_id))
    answer = client.get(address, follow_redirects=True)
    assert answer.content_type.startswith("text/html")
    assert _BANNER in answer.text


def test_no_page_begins_without_the_layout_that_says_it() -> None:
    """Papers have no banner, and the sandbox's hosted pages say in their own words what they are."""
    root = Path(__file__).resolve().parents[3]
    found = {
        path.name
        for package in ("portal", "exams", "tasks", "payouts", "demo")
        for path in (root / package).rglob("templates/**/*.html")
        if "<!doctype" in path.read_text("utf-8").lower()
    }
    papers = {"expert.html", "paper.html", "score_report.html"}
    assert found == {"layout_base.html", "hosted_base.html", *papers}


def test_outside_the_demo_no_page_claims_to_be_one(client: FlaskClient) -> None:
    assert _BANNER not in client.get("/sign-in").text
