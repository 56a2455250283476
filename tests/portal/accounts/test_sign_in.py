"""Signing in with a password, and out again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal import clock
from portal.access import Role
from portal.accounts import sign_ins
from portal.accounts.models import Account, Credential, SignIn
from portal.limits import limiter
from portal.mail import MailMessage
from tests.portal.accounts.pages import without_token

Member = Callable[..., Account]


def test_the_right_password_signs_in(client: FlaskClient, member: Member, password: str) -> None:
    account = member(Role.EXPERT)
    answer = _sign_in(client, account.email.upper(), password)
    assert (answer.status_code, answer.location) == (302, "/")
    assert "Good" in client.get("/").text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: FlaskClient, member: Member, password: str
) -> None:
    header = _sign_in(client, member().email, password).headers["Set-Cookie"]
    assert header.startswith("touchstone=")
    for flag in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert flag in header


def test_the_cookies_token_is_kept_as_a_hash_only(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    _sign_in(client, member().email, password)
    cookie = client.get_cookie("touchstone")
    row = session.scalars(sa.select(SignIn)).one()
    assert cookie is not None
    assert cookie.value.encode() not in row.token_hash


def test_unknown_address_and_wrong_password_get_the_same_answer(
    client: FlaskClient, member: Member, password: str
) -> None:
    known = _sign_in(client, member(email="a@example.org").email, "wrong")
    unknown = _sign_in(client, "b@example.org", password)
    assert known.status_code == unknown.status_code == 422
    assert without_token(known.text).replace("a@", "b@") == without_token(unknown.text)


def test_an_unknown_address_costs_a_stretching_too(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002  argon2's name
        verified.append(hash)
        return real(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    _sign_in(client, "nobody@example.org", "anything")
    assert len(verified) == 1


def test_a_closed_account_does_not_open(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    account = member()
    account.close()
    session.flush()
    assert _sign_in(client, account.email, password).status_code == 422


def test_a_paused_account_opens_so_that_its_owner_can_read_why(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    account = member(Role.EXPERT)
    account.pause()
    session.flush()
    assert _sign_in(client, account.email, password).status_code == 302
    assert client.get("/account").status_code == 200


def test_a_paused_account_reads_its_own_and_acts_on_nobody(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    account = member(Role.EXPERT, Role.REVIEWER, Role.POLICY_EXPERT)
    assert _sign_in(client, account.email, password).status_code == 302
    assert client.get("/appeals").status_code == 200
    account.pause()
    session.flush()
    assert client.get("/earnings/").status_code == 200
    for place in ("/appeals", "/questions/", "/applications"):
        assert client.get(place).status_code in {403, 404}, place
    account.resume()
    session.flush()
    assert client.get("/appeals").status_code == 200


def test_an_unconfirmed_address_gets_its_letter_again_instead(
    client: FlaskClient,
    member: Member,
    password: str,
    letters: Callable[[], list[MailMessage]],
) -> None:
    answer = _sign_in(client, member(verified=False).email, password)
    assert "mailbox" in answer.text
    assert client.get_cookie("touchstone") is None
    assert len(letters()) == 1


def test_a_hash_stretched_too_little_is_stretched_again(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    account = member()
    credential = session.get_one(Credential, account.id)
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(password)
    credential.password_hash = weak
    session.flush()
    assert _sign_in(client, account.email, password).status_code == 302
    session.expire_all()
    assert "m=65536" in session.get_one(Credential, account.id).password_hash


def test_signing_out_ends_the_token_not_only_the_cookie(
    client: FlaskClient, member: Member, password: str
) -> None:
    _sign_in(client, member().email, password)
    cookie = client.get_cookie("touchstone")
    assert cookie is not None
    client.post("/sign-out")
    assert client.get_cookie("touchstone") is None
    client.set_cookie("touchstone", cookie.value)
    assert client.get("/account").status_code == 302


def test_signing_in_again_gives_a_new_token_and_ends_the_old(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    account = member()
    _sign_in(client, account.email, password)
    first = client.get_cookie("touchstone")
    _sign_in(client, account.email, password)
    second = client.get_cookie("touchstone")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    assert session.scalar(sa.select(sa.func.count()).where(SignIn.revoked_at.is_(None))) == 1


def test_a_sign_in_ends_after_fourteen_days(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    _sign_in(client, member().email, password)
    clock.shift(session, timedelta(days=14, minutes=1))
    session.flush()
    assert client.get("/account").status_code == 302


def test_a_stranger_is_sent_to_sign_in_and_comes_back(
    client: FlaskClient, member: Member, password: str
) -> None:
    asked = client.get("/account/devices?x=1")
    assert asked.location == "/sign-in?next=/account/devices?x%3D1"
    assert "Please sign in" in client.get(asked.location).text
    answer = _sign_in(client, member().email, password, path=asked.location)
    assert answer.location == "/account/devices?x=1"


def test_who_is_behind_a_request_costs_one_query(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    _sign_in(client, member(Role.EXPERT, Role.REVIEWER).email, password)
    cookie = client.get_cookie("touchstone")
    assert cookie is not None
    statements: list[str] = []
    bind = session.get_bind()
    sa.event.listen(bind, "before_cursor_execute", lambda *a: statements.append(a[2]))
    found = sign_ins.find(session, cookie.value)
    assert found is not None
    assert found.principal.roles == {Role.EXPERT, Role.REVIEWER}
    assert len(statements) == 1


def test_a_get_does_not_write_when_a_device_was_seen_and_a_post_does(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    _sign_in(client, member().email, password)
    first = session.scalars(sa.select(SignIn.last_seen_at)).one()
    clock.shift(session, timedelta(hours=1))
    session.flush()
    client.get("/account")
    assert session.scalars(sa.select(SignIn.last_seen_at)).one() == first
    client.post("/account/details", data={})
    assert session.scalars(sa.select(SignIn.last_seen_at)).one() > first


def test_guessing_stops_after_a_few_tries_by_account_and_others_go_on(
    client: FlaskClient, member: Member, password: str
) -> None:
    assert limiter.enabled
    account, other = member(email="aimed@example.org"), member(email="other@example.org")
    statuses = [_sign_in(client, account.email, "wrong").status_code for _ in range(9)]
    assert statuses == [422] * 8 + [429]
    assert _sign_in(client, account.email, password).status_code == 429
    assert _sign_in(client, other.email, password).status_code == 302


def test_guessing_many_accounts_from_one_address_stops_too(client: FlaskClient) -> None:
    statuses = [
        _sign_in(client, f"nobody{number}@example.org", "wrong").status_code for number in range(21)
    ]
    assert statuses == [422] * 20 + [429]


def _sign_in(
    client: FlaskClient, email: str, password: str, *, path: str = "/sign-in"
) -> TestResponse:
    return client.post(path, data={"email": email, "password": password})
