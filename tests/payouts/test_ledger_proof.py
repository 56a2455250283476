"""`touchstone ledger verify`: it holds when it holds, and names what is broken when it does not."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import LedgerKind
from payouts.service import ledger, proof
from portal.db import reading, transaction
from tests.conftest import Database
from tests.make import Make


@pytest.fixture
def sealed(fresh_database: Database, now: datetime) -> Iterator[Session]:
    """A committed ledger of three entries under one seal, held by a superuser without triggers."""
    with transaction() as session:
        make = Make(session, now)
        owed = make.payable(expert_id=make.account().id, holding=12_325)
        entry = make.credit(owed, 75)
        ledger.reverse(session, entry, key="undo", reason="a test", now=now)
    with transaction() as session:
        assert proof.seal(session, now=now) is not None
    url = sa.make_url(fresh_database.owner).set(username="postgres")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with Session(engine) as superuser:
        superuser.execute(sa.text("SET session_replication_role = replica"))
        yield superuser
    engine.dispose()


def test_an_untouched_ledger_holds(sealed: Session) -> None:
    found = proof.verify(sealed)
    assert (found.entries, found.postings, found.sealed, found.problems) == (3, 6, 3, ())
    assert found.head != proof.GENESIS


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("UPDATE posting SET minor = minor + 1 WHERE minor = 75", "entry {1} does not balance"),
        ("UPDATE posting SET minor = minor * 2 WHERE entry_id = {1}", "ledger account"),
        ("UPDATE posting SET minor = minor * 2 WHERE entry_id = {1}", "mirror image"),
        ("UPDATE ledger_account SET balance = balance + 1", "its postings say"),
        (
            "UPDATE ledger_entry SET reason = 'another' WHERE reverses_id > 0",
            "entry {2} was changed",
        ),
        ("UPDATE ledger_entry SET key = key || '!' WHERE id = {1}", "entry {1} was changed"),
        (
            "UPDATE ledger_seal SET digests = '[]';"
            " UPDATE ledger_entry SET key = key || '!' WHERE id = {1}",
            "one of the entries {0} to {2} was changed",
        ),
        ("UPDATE ledger_entry SET posted_at = posted_at + interval '1 s'", "was changed"),
        ("UPDATE ledger_seal SET previous = head", "does not follow"),
        ("DELETE FROM ledger_entry WHERE id = {0}", "entry {0} was sealed and is gone"),
        ("UPDATE posting SET minor = -minor WHERE entry_id = {0}", "below zero"),
    ],
)
def test_what_a_superuser_changed_is_found(sealed: Session, tampering: str, problem: str) -> None:
    ids = list(sealed.scalars(sa.text("SELECT id FROM ledger_entry ORDER BY id")))
    sealed.execute(sa.text(tampering.format(*ids)))
    problems = " / ".join(proof.verify(sealed).problems)
    assert problem.format(*ids) in problems


def test_nothing_new_makes_no_seal(sealed: Session, now: datetime) -> None:
    with transaction() as session:
        assert proof.seal(session, now=now) is None


def test_seals_follow_each_other(sealed: Session, now: datetime) -> None:
    with transaction() as session:
        make = Make(session, now)
        make.payable(LedgerKind.APPROVED, expert_id=make.account().id, holding=9)
    with transaction() as session:
        made = proof.seal(session, now=now)
        assert made is not None
        assert len(made.entry_ids) == 1
    with reading() as session:
        found = proof.verify(session)
    assert (found.sealed, found.problems) == (4, ())


def test_an_entry_beside_a_running_transaction_waits_for_the_next_seal(
    sealed: Session, now: datetime
) -> None:
    sealed.execute(sa.text("SELECT pg_current_xact_id()"))  # runs on, and began first
    with transaction() as session:
        make = Make(session, now)
        make.payable(expert_id=make.account().id, holding=5)
    with transaction() as session:
        assert proof.seal(session, now=now) is None
    sealed.rollback()
    with transaction() as session:
        assert proof.seal(session, now=now) is not None
