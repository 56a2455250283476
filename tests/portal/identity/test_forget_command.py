"""`touchstone identity forget`: closes the account and has everything forgotten."""

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from portal import connections
from portal.accounts.models import AccountState
from portal.identity.cli import identity
from portal.identity.models import CheckState
from tests.make import Make


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own connection stays in use."""
    monkeypatch.setattr(connections, "as_worker", lambda: None)


def test_it_closes_the_account_and_asks_for_everything_to_be_forgotten(
    session: Session, make: Make
) -> None:
    account = make.account(email="amara@example.org")
    check = make.identity_check(account, state=CheckState.VERIFIED)
    session.commit()
    for _ in range(2):
        done = CliRunner().invoke(identity, ["forget", "Amara@example.org", "--yes"])
        assert done.exit_code == 0, done.output
    session.refresh(account)
    session.refresh(check)
    assert account.state is AccountState.CLOSED
    assert check.erase_asked_at is not None


def test_it_asks_before_it_does_anything(session: Session, make: Make) -> None:
    account = make.account(email="amara@example.org")
    session.commit()
    refused = CliRunner().invoke(identity, ["forget", "amara@example.org"], input="n\n")
    assert refused.exit_code == 1
    session.refresh(account)
    assert account.state is AccountState.ACTIVE


@pytest.mark.usefixtures("session")
def test_whom_nobody_knows_is_said() -> None:
    refused = CliRunner().invoke(identity, ["forget", "nobody@example.org", "--yes"])
    assert refused.exit_code == 1
    assert "Error" in refused.output
