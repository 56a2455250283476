"""Opening an account, and showing that the address is one's own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal import clock
from portal.access import Role
from portal.accounts import queries
from portal.accounts.models import Account, AccountState, OneTimeToken
from portal.mail import MailMessage
from tests.make import Make
from tests.portal.accounts.pages import without_token


def test_who_signs_up_confirms_the_address_and_is_an_applicant(
    client: FlaskClient, session: Session, link: Callable[[], str]
) -> None:
    assert "mailbox" in _sign_up(client).text
    account = _account(session)
    assert (account.state, account.country) == (AccountState.UNVERIFIED, "NG")
    address = link()
    assert client.get(address).status_code == 200
    assert _account(session).state is AccountState.UNVERIFIED  # looking changes nothing
    assert client.post(address).status_code == 302
    session.expire_all()
    assert _account(session).state is AccountState.ACTIVE
    assert queries.roles_of(session, account.id) == {Role.APPLICANT}


def test_after_confirming_one_comes_back_to_the_page_one_started_from(
    client: FlaskClient, link: Callable[[], str]
) -> None:
    _sign_up(client, next="/openings/ml-expert?from=home")
    confirmed = client.post(link())
    assert confirmed.location.endswith("next=/openings/ml-expert?from%3Dhome")


def test_a_link_works_once(client: FlaskClient, link: Callable[[], str]) -> None:
    _sign_up(client)
    address = link()
    client.post(address)
    assert client.post(address).status_code == 409
    assert client.get(address).status_code == 410


def test_a_link_works_for_two_days(
    client: FlaskClient, session: Session, link: Callable[[], str]
) -> None:
    _sign_up(client)
    address = link()
    clock.shift(session, timedelta(days=2, minutes=1))
    session.flush()
    assert client.post(address).status_code == 409


def test_a_link_for_one_purpose_does_nothing_else(
    client: FlaskClient, link: Callable[[], str], password: str
) -> None:
    _sign_up(client)
    token = link().rpartition("/")[2]
    answer = client.post(f"/reset-password/{token}", data={"password": password})
    assert answer.status_code == 409


def test_the_token_itself_is_not_kept(
    client: FlaskClient, session: Session, link: Callable[[], str]
) -> None:
    _sign_up(client)
    token = link().rpartition("/")[2]
    row = session.scalars(sa.select(OneTimeToken)).one()
    assert token.encode() not in row.token_hash
    assert len(row.token_hash) == 32


def test_a_known_address_gets_the_same_answer_and_a_letter(
    client: FlaskClient, make: Make, session: Session, letters: Callable[[], list[MailMessage]]
) -> None:
    make.account(email="new@example.org", name="Already Here")
    answer = _sign_up(client)
    other = _sign_up(client, email="other@example.org")
    assert without_token(answer.text).replace("new@", "other@") == without_token(other.text)
    assert letters()[0].subject == "You already have a Touchstone account"
    assert _account(session).display_name == "Already Here"


def test_signing_up_again_before_confirming_sends_a_new_link_and_ends_the_old(
    client: FlaskClient, link: Callable[[], str]
) -> None:
    _sign_up(client)
    old = link()
    _sign_up(client)
    assert client.get(old).status_code == 410
    assert client.get(link()).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "password"}, "too easy to guess"),
        ({"email": "nobody at home"}, "name@example.org"),
        ({"display_name": ""}, "Enter the name"),
        ({"country": "XX"}, "Not a valid choice"),
        ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_in_the_summary_and_at_the_field(
    client: FlaskClient, session: Session, wrong: dict[str, str], words: str
) -> None:
    answer = _sign_up(client, **wrong)
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert answer.text.count(words) >= 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Account)) == 0


@pytest.mark.parametrize("place", ["//evil.example/x", "https://evil.example", "/\\evil.example"])
def test_next_never_leads_to_another_site(
    client: FlaskClient, link: Callable[[], str], place: str
) -> None:
    _sign_up(client, next=place)
    assert "evil" not in client.post(link()).location


def _sign_up(client: FlaskClient, **changed: str) -> TestResponse:
    said = {
        "display_name": "Amara Okafor",
        "email": "new@example.org",
        "password": "brass lantern vexing 41 otters",
        "country": "NG",
        "time_zone": "Africa/Lagos",
    }
    return client.post("/sign-up", data=said | changed)


def _account(session: Session) -> Account:
    return session.scalars(queries.by_email("new@example.org")).one()
