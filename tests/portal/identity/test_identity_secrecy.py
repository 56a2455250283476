"""What Stripe knows of a person and we must not: a planted date of birth is found nowhere."""

import logging
from typing import Final

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.db import transaction
from portal.identity import jobs, service
from portal.identity.models import CheckState, IdentityCheck
from portal.ids import uuid7
from portal.stripe import verifications
from tests.conftest import Database
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox

CANARIES: Final = ("1904", "X00000000", "_secret_test_", "/hosted/verify/")
"""Year of birth, document number, client secret, hosted link: all planted by the sandbox."""


@pytest.fixture
def settled(fresh_database: Database, sandbox: Sandbox) -> str:
    """A real database, committed by the app's role, after a check that found everything."""
    with transaction() as session:
        now = clock.now(session)
        account = Account(
            public_id=uuid7(now), email="amara@example.org", display_name="Amara", created_at=now
        )
        session.add(account)
        session.flush()
        check_id = service.start(session, account_id=account.id, now=now).id
    jobs.begin(check_id)
    with transaction() as session:
        session_id = session.get_one(IdentityCheck, check_id).session_id or ""
    url = verifications.hosted_url(session_id) or ""
    payees.submit(url, {"outcome": "document_expired"})
    jobs.refresh(check_id)
    payees.submit(verifications.hosted_url(session_id) or "", {"outcome": "verified"})
    jobs.refresh(check_id)
    with transaction() as session:
        assert session.get_one(IdentityCheck, check_id).state is CheckState.VERIFIED
    planted = str(sandbox.control.objects("identity.verification_report"))
    assert "1904" in planted
    assert "X00000000" in planted
    return fresh_database.owner


def test_a_dump_of_our_whole_database_holds_none_of_it(settled: str) -> None:
    found = [canary for canary in CANARIES if canary in _dump(settled)]
    assert found == []


def test_the_dump_would_show_it(settled: str) -> None:
    engine = sa.create_engine(sa.make_url(settled).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE identity_check SET report_id = 'born 1904'"))
    engine.dispose()
    assert "1904" in _dump(settled)


@pytest.mark.usefixtures("fresh_database")
def test_logs_hold_none_of_it(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = verifications.create(
        reference="c", return_url="http://127.0.0.1:1/back", idempotency_key="k"
    )
    payees.submit(verifications.hosted_url(made.id) or "", {"outcome": "verified"})
    verifications.retrieve(made.id)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("stripe")]
    assert ours == []
    assert sandbox.base


def _dump(url: str) -> str:
    """Every row of every table, as text."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        tables = connection.scalars(
            sa.text(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
        ).all()
        rows = [
            connection.scalars(sa.text(f"SELECT t::text FROM {table} t")).all() for table in tables
        ]
    engine.dispose()
    assert any("amara@example.org" in row for table in rows for row in table)
    return "\n".join(row for table in rows for row in table)
