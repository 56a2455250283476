"""A new password for someone who forgot theirs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Account, AccountState, SignIn
from portal.mail import MailMessage
from tests.portal.accounts.pages import without_token

Member = Callable[..., Account]
NEW = "seven copper otters hum 9"


def test_the_link_sets_a_new_password_and_ends_every_sign_in(
    client: FlaskClient,
    session: Session,
    member: Member,
    password: str,
    link: Callable[[], str],
) -> None:
    account = member()
    client.post("/sign-in", data={"email": account.email, "password": password})
    client.post("/reset-password", data={"email": account.email})
    address = link()
    assert client.get(address).status_code == 200
    assert client.post(address, data={"password": NEW}).location == "/sign-in"
    assert client.get("/account").status_code == 302
    old = client.post("/sign-in", data={"email": account.email, "password": password})
    new = client.post("/sign-in", data={"email": account.email, "password": NEW})
    assert (old.status_code, new.status_code) == (422, 302)
    assert session.scalar(sa.select(sa.func.count()).where(SignIn.revoked_at.is_(None))) == 1


def test_the_owner_is_told_by_mail(
    client: FlaskClient,
    member: Member,
    link: Callable[[], str],
    letters: Callable[[], list[MailMessage]],
) -> None:
    account = member()
    client.post("/reset-password", data={"email": account.email})
    client.post(link(), data={"password": NEW})
    assert [letter.subject for letter in letters()] == [
        "Set a new password",
        "Your Touchstone account was changed",
    ]


def test_an_unknown_address_gets_the_same_page_and_no_letter(
    client: FlaskClient, member: Member, letters: Callable[[], list[MailMessage]]
) -> None:
    known = client.post("/reset-password", data={"email": member(email="a@example.org").email})
    unknown = client.post("/reset-password", data={"email": "b@example.org"})
    assert without_token(known.text).replace("a@", "b@") == without_token(unknown.text)
    assert len(letters()) == 1


@pytest.mark.parametrize("address", ["a@example.org", "b@example.org"], ids=["known", "unknown"])
def test_either_way_one_password_is_stretched_so_that_the_time_tells_nothing(
    client: FlaskClient, member: Member, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    member(email="a@example.org")
    stretched: list[str] = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002  argon2's name
        stretched.append(hash)
        return real(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    client.post("/reset-password", data={"email": address})
    assert len(stretched) == 1


def test_the_link_works_for_an_hour(
    client: FlaskClient, session: Session, member: Member, link: Callable[[], str]
) -> None:
    client.post("/reset-password", data={"email": member().email})
    address = link()
    clock.shift(session, timedelta(minutes=61))
    session.flush()
    assert client.get(address).status_code == 410
    assert client.post(address, data={"password": NEW}).status_code == 409


def test_a_weak_new_password_does_not_use_the_link_up(
    client: FlaskClient, member: Member, link: Callable[[], str]
) -> None:
    client.post("/reset-password", data={"email": member().email})
    address = link()
    assert client.post(address, data={"password": "password"}).status_code == 422
    assert client.post(address, data={"password": NEW}).status_code == 302


def test_reading_the_mailbox_confirms_the_address_as_well(
    client: FlaskClient, session: Session, member: Member, link: Callable[[], str]
) -> None:
    account = member(verified=False)
    client.post("/reset-password", data={"email": account.email})
    client.post(link(), data={"password": NEW})
    session.refresh(account)
    assert account.state is AccountState.ACTIVE
