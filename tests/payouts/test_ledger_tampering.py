"""What the database itself refuses, with its real roles and real commits."""

from datetime import datetime

import psycopg
import pytest
import sqlalchemy as sa

from portal.db import transaction
from tests.conftest import Database
from tests.make import Make

TAMPERING = [
    "UPDATE ledger_entry SET key = 'x'",
    "UPDATE posting SET minor = minor + 1",
    "UPDATE ledger_seal SET head = previous",
    "UPDATE statement_line SET amount_minor = 1",
    "DELETE FROM posting",
    "DELETE FROM ledger_entry",
    "DELETE FROM ledger_account",
    "TRUNCATE posting",
    "TRUNCATE ledger_entry CASCADE",
    "TRUNCATE ledger_account CASCADE",
    "UPDATE ledger_account SET balance = 1000000",
    "UPDATE ledger_account SET expert_id = 1",
]
ON_ROWS = [line for line in TAMPERING if "seal" not in line and "statement" not in line]
UNBALANCED = (
    "INSERT INTO ledger_entry (kind, key, posted_at) VALUES ('paid', 'x', '2026-11-23Z');"
    " INSERT INTO posting SELECT a.id, e.id, a.currency, 1 FROM ledger_account a, ledger_entry e"
    " WHERE a.expert_id IS NOT NULL AND e.key = 'x'"
)


@pytest.fixture
def written(fresh_database: Database, now: datetime) -> Database:
    """A database in which an expert is owed a little."""
    with transaction() as session:
        make = Make(session, now)
        expert = make.account()
        make.payable(expert_id=expert.id, holding=12_325)
    return fresh_database


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_app_and_the_worker_may_not_change_the_ledger(
    written: Database, statement: str
) -> None:
    for url in (written.app, written.worker):
        with _connected(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("statement", ON_ROWS)
def test_not_even_the_owner_changes_the_ledger(written: Database, statement: str) -> None:
    with _connected(written.owner) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(statement)


def test_an_entry_that_does_not_sum_to_zero_is_refused_at_the_commit(written: Database) -> None:
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="does not sum to zero"),
        _connected(written.app) as connection,
        connection.transaction(),
    ):
        connection.execute(UNBALANCED)


def test_an_entry_without_legs_is_refused_at_the_commit(written: Database) -> None:
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="fewer than two legs"),
        _connected(written.app) as connection,
        connection.transaction(),
    ):
        connection.execute(UNBALANCED.partition(";")[0])


def test_legs_cannot_join_an_entry_of_another_transaction(written: Database) -> None:
    opened = (
        "INSERT INTO ledger_account (kind, currency, expert_id)"
        " SELECT 'approved', 'USD', expert_id FROM ledger_account WHERE expert_id IS NOT NULL"
    )
    joined = (
        "INSERT INTO posting SELECT a.id, e.id, 'USD', 1 FROM ledger_entry e, ledger_account a"
        " WHERE a.kind = 'approved'"
    )
    with _connected(written.app) as connection:
        connection.execute(opened)
        with pytest.raises(psycopg.errors.RestrictViolation, match="is closed"):
            connection.execute(joined)


def test_nobody_opens_an_account_that_already_holds_something(written: Database) -> None:
    with (
        _connected(written.app) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(
            "INSERT INTO ledger_account (kind, currency, rail, balance)"
            " VALUES ('rail_fees', 'USD', 'stripe', 5)"
        )


def _connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    plain = sa.make_url(url).set(drivername="postgresql")
    return psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True)
