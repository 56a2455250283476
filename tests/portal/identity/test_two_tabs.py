"""Two tabs at once: one check, one session."""

import threading

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.db import transaction
from portal.identity import provider, service
from portal.identity.models import IdentityCheck
from portal.ids import uuid7
from portal.stripe.sandbox.control import Fault
from tests.conftest import Database
from tests.portal.stripe.conftest import Sandbox


def test_sixteen_tabs_start_one_check_and_one_session(
    fresh_database: Database, sandbox: Sandbox
) -> None:
    with transaction() as session:
        now = clock.now(session)
        account = Account(
            public_id=uuid7(now), email="amara@example.org", display_name="Amara", created_at=now
        )
        session.add(account)
        session.flush()
        account_id = account.id
    sandbox.control.fail(Fault.LATENCY, path="/v1/identity", times=16, milliseconds=50)
    together, problems = threading.Barrier(16), []

    def tab() -> None:
        together.wait()
        try:
            with transaction() as session:
                check = service.start(session, account_id=account_id, now=clock.now(session))
                check_id = check.id
            provider.try_to_begin(check_id)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the test names it
            problems.append(problem)

    threads = [threading.Thread(target=tab) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(sandbox.control.objects("identity.verification_session")) == 1
    with transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(IdentityCheck)) == 1
    assert fresh_database.app
