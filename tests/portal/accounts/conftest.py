"""What tests of accounts share: a password that passes, and the letters that were sent."""

import re
from collections.abc import Callable
from typing import Final

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Account, Credential
from portal.accounts.passwords import stretch
from portal.mail import MailMessage
from portal.mail.service import text_of
from tests.make import Make

PASSWORD: Final = "brass lantern vexing 41 otters"
_STRETCHED: Final = stretch(PASSWORD)


@pytest.fixture
def password() -> str:
    """The password of everyone that `member` makes."""
    return PASSWORD


@pytest.fixture
def member(session: Session, make: Make) -> Callable[..., Account]:
    """An account that has a password."""

    def _member(*roles: object, **kwargs: object) -> Account:
        account = make.account(*roles, **kwargs)  # type: ignore[arg-type]
        row = Credential(
            account_id=account.id, password_hash=_STRETCHED, changed_at=clock.now(session)
        )
        session.add(row)
        session.flush()
        return account

    return _member


@pytest.fixture
def letters(session: Session) -> Callable[[], list[MailMessage]]:
    """Every letter queued so far, oldest first."""
    return lambda: list(session.scalars(sa.select(MailMessage).order_by(MailMessage.id)))


@pytest.fixture
def link(letters: Callable[[], list[MailMessage]]) -> Callable[[], str]:
    """The path of the link in the newest letter."""

    def _link() -> str:
        found = re.search(r"https://touchstone\.test(/\S+)", text_of(letters()[-1]))
        assert found is not None
        return found.group(1)

    return _link
