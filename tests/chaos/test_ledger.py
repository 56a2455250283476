"""A short race over the ledger; `python -m tests.chaos.ledger` is the whole."""

from portal import db
from tests.chaos import ledger
from tests.conftest import Database


def test_eight_threads_neither_make_nor_lose_money(fresh_database: Database) -> None:
    with db.transaction() as session:
        ids = ledger.accounts(session)
    outcome = ledger.race(ids, threads=8, operations=15, seed=2)
    wrong = (outcome.unbalanced, outcome.negative, outcome.differing, outcome.problems)
    assert wrong == (0, 0, 0, 0)
    assert outcome.refused > 0
