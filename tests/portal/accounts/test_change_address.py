"""Two at once want the same e-mail address: one gets it, the other is told so."""

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts import service, tokens
from portal.accounts.models import Account, Purpose
from portal.app import create_app
from portal.db import engine, lock, sessions, transaction
from portal.errors import Conflict
from portal.ids import uuid7
from portal.settings import Settings
from tests.conftest import Database

NEW = "new@example.org"


@pytest.fixture
def committing(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application on a database of its own, where what is done is committed."""
    monkeypatch.setenv("DATABASE_URL", fresh_database.app)
    yield create_app(Settings())
    engine().dispose()


def test_of_two_who_confirm_the_same_address_at_once_one_gets_it_and_one_is_told(
    committing: Flask,
) -> None:
    with transaction() as session:
        now = clock.now(session)
        people = [_account(session, number, now) for number in range(2)]
        tokens_of = {account.id: _asked(session, account, now) for account in people}
    assert _confirmed(committing, tokens_of) == ["", "That address belongs to another account now."]
    with transaction() as session:
        assert session.scalars(sa.select(Account.email).where(Account.email == NEW)).all() == [NEW]


def test_two_tabs_with_the_same_link_change_it_once(committing: Flask) -> None:
    with transaction() as session:
        now = clock.now(session)
        account = _account(session, 1, now)
        token = _asked(session, account, now)
    first, second = _confirmed(committing, {account.id: token}, times=2)
    assert first == ""
    assert second.startswith("This link has been used already")


def _confirmed(app: Flask, tokens_of: dict[int, str], *, times: int = 1) -> list[str]:
    """What each was told, all of them having pressed the button at once."""
    together, told = threading.Barrier(len(tokens_of) * times), []

    def press(account_id: int, token: str) -> None:
        with app.test_request_context(), sessions() as session:
            account = session.get_one(Account, account_id)
            together.wait()
            try:
                service.confirm_email_change(session, account, token, now=clock.now(session))
                session.commit()
                told.append("")
            except Conflict as refused:
                session.rollback()
                told.append(refused.message)

    threads = [
        threading.Thread(target=press, args=pair)
        for pair in tokens_of.items()
        for _ in range(times)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def _asked(session: Session, account: Account, now: datetime) -> str:
    """The token that a letter to the new address carries."""
    lock(session, account)
    purpose = Purpose.CHANGE_EMAIL
    return tokens.issue(session, account_id=account.id, purpose=purpose, email=NEW, now=now)


def _account(session: Session, number: int, now: datetime) -> Account:
    account = Account(
        public_id=uuid7(now),
        email=f"person{number}@example.org",
        display_name="Somebody",
        created_at=now,
    )
    session.add(account)
    session.flush()
    account.verify_email(now=now)
    session.flush()
    return account
