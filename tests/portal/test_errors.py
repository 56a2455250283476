"""What went wrong is answered in one place: as a page to people, as problem JSON (RFC 9457) to programs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from markupsafe import escape
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from portal.access import Role, public
from portal.accounts.models import Account
from portal.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooMany, Unavailable
from portal.shell.safety import CONTENT_SECURITY_POLICY
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
JSON = {"Accept": "application/json"}
_KINDS = {
    "invalid": (Invalid, 422),
    "conflict": (Conflict, 409),
    "forbidden": (Forbidden, 403),
    "too-many": (TooMany, 429),
    "unavailable": (Unavailable, 503),
    "not-found": (NotFound, 404),
}


@pytest.fixture
def broken(app: Flask) -> Iterator[FlaskClient]:
    """A browser, and endpoints that go wrong in every way a page can."""
    bp = Blueprint("broken", __name__, url_prefix="/broken")

    @public
    def by_rule(kind: str) -> str:
        raised: type[DomainError] = _KINDS[kind][0]
        raise raised("The second <signature> is missing.")

    @public
    def by_bug() -> str:
        raise KeyError("the key of the treasury")

    bp.add_url_rule("/rule/<kind>", "rule", by_rule, methods=["GET", "POST"])
    bp.add_url_rule("/bug", "bug", by_bug)
    app._got_first_request = False
    app.register_blueprint(bp)
    with app.test_client() as browser:
        yield browser


def _problem(answer: TestResponse) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json"
    found: dict[str, Any] = answer.get_json()
    assert found["status"] == answer.status_code
    return found


@pytest.mark.parametrize("kind", _KINDS)
def test_a_broken_rule_is_a_page_with_its_sentence_and_status(
    broken: FlaskClient, kind: str
) -> None:
    answer = broken.get(f"/broken/rule/{kind}")
    assert answer.status_code == _KINDS[kind][1]
    assert "The second &lt;signature&gt; is missing." in answer.text
    assert escape(_KINDS[kind][0].title) in answer.text


@pytest.mark.parametrize("kind", _KINDS)
def test_programs_get_the_same_as_problem_json(broken: FlaskClient, kind: str) -> None:
    problem = _problem(broken.get(f"/broken/rule/{kind}", headers=JSON))
    raised, status = _KINDS[kind]
    assert problem == {
        "type": "about:blank",
        "title": raised.title,
        "status": status,
        "detail": "The second <signature> is missing.",
        "instance": problem["instance"],
    }


def test_whoever_sends_json_is_answered_in_json(broken: FlaskClient) -> None:
    assert _problem(broken.post("/broken/rule/conflict", json={"a": 1}))["status"] == 409


def test_a_bug_tells_nothing_but_the_number_under_which_it_is_written_down(
    broken: FlaskClient,
) -> None:
    with capture_logs() as logs:
        answer = broken.get("/broken/bug")
    assert answer.status_code == 500
    assert "treasury" not in answer.text
    assert "Nothing was lost" in answer.text
    number = answer.headers["X-Request-Id"]
    assert number in answer.text
    assert [line["endpoint"] for line in logs if line["event"] == "bug"] == ["broken.bug"]
    problem = _problem(broken.get("/broken/bug", headers=JSON))
    assert "treasury" not in str(problem)
    assert len(problem["instance"]) == 32


def test_an_address_that_is_not_there_says_so_to_both(client: FlaskClient) -> None:
    page = client.get("/no-such-page")
    assert (page.status_code, "There is nothing here that you can see." in page.text) == (404, True)
    assert _problem(client.get("/no-such-page", headers=JSON))["title"] == "Page not found"


def test_a_request_of_the_wrong_kind_says_so_to_both(client: FlaskClient) -> None:
    answer = client.post("/healthz")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert "does not take" in _problem(client.post("/healthz", headers=JSON))["detail"]


def test_a_program_that_is_not_signed_in_is_told_and_not_led_to_a_form(client: FlaskClient) -> None:
    assert _problem(client.post("/account/details", headers=JSON))["status"] == 401


def test_a_form_without_its_token_is_refused_and_its_owner_told_what_to_do(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client().post("/sign-in", data={"email": "a@b.example", "password": "x"})
    assert answer.status_code == 400
    assert answer.headers["X-Request-Id"]
    assert "reload it and send it again" in answer.text


def test_a_file_beyond_the_limit_is_refused_with_the_limit(
    app: Flask, make: Make, sign_in: SignIn
) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 10
    browser = sign_in(make.account(Role.EXPERT))
    answer = browser.post("/account/details", data={"display_name": "x" * 100})
    assert (answer.status_code, "32 MB" in answer.text) == (413, True)


@pytest.mark.parametrize(
    "address", ["/", "/sign-in", "/healthz", "/no-such-page", "/account", "/broken/bug"]
)
@pytest.mark.parametrize("headers", [{}, JSON], ids=["page", "json"])
def test_every_answer_carries_the_whole_policy(
    broken: FlaskClient, address: str, headers: dict[str, str]
) -> None:
    """Pages, redirects, JSON, errors and bugs alike; nothing may widen it."""
    answer = broken.get(address, headers=headers)
    assert answer.headers.getlist("Content-Security-Policy") == [CONTENT_SECURITY_POLICY]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert CONTENT_SECURITY_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
