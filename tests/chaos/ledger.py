"""Eight threads move money at random, each in its own transactions; a dictionary each says what must be.

    python -m tests.chaos.ledger --threads 8 --operations 2000 --seed 1

As the app's role on a real PostgreSQL. After each commit the thread reads that all balances sum to
zero and that no payable is below it; at the end every balance is its beginning and what the threads
moved together. What a thread may not do (take more than there is) must have been refused.
"""

import argparse
import os
import random
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import PAYABLE, EntryKind, LedgerAccount, LedgerKind, Rail
from payouts.service import ledger, proof
from portal import clock, db
from portal.errors import Conflict
from portal.money import Money
from tests.make import Make
from tests.payouts import kill_storm

_STAGES = (LedgerKind.PENDING, LedgerKind.APPROVED, LedgerKind.IN_TRANSIT)


@dataclass(frozen=True)
class Outcome:
    """How much was tried, and what does not hold."""

    operations: int
    refused: int
    unbalanced: int
    negative: int
    differing: int
    problems: int

    def __str__(self) -> str:
        return (
            f"operations={self.operations} refused={self.refused} unbalanced={self.unbalanced}"
            f" negative={self.negative} differing={self.differing} problems={self.problems}"
        )


@dataclass
class _Thread:
    """One thread's own account of what it did."""

    number: int
    luck: random.Random
    moved: Counter[int]
    refused: int = 0
    unbalanced: int = 0
    negative: int = 0


def race(ids: Sequence[int], *, threads: int, operations: int, seed: int) -> Outcome:
    """Let the threads move money between these accounts, and compare."""
    before = _balances(ids)
    start = threading.Barrier(threads)
    hands = [_Thread(n, random.Random(seed * 1000 + n), Counter()) for n in range(threads)]  # noqa: S311  a seed is the point
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda hand: _run(hand, ids, operations, start), hands))
    after = _balances(ids)
    differing = sum(
        after[id_] != before[id_] + sum(hand.moved[id_] for hand in hands) for id_ in ids
    )
    with db.reading() as session:
        problems = len(proof.verify(session).problems)
    return Outcome(
        operations=threads * operations,
        refused=sum(hand.refused for hand in hands),
        unbalanced=sum(hand.unbalanced for hand in hands),
        negative=sum(hand.negative for hand in hands),
        differing=differing,
        problems=problems,
    )


def accounts(session: Session) -> list[int]:
    """Two experts' three stages with something in each, and the rail's balance."""
    make = Make(session, clock.now(session))
    experts = [make.account().id for _ in range(2)]
    found = [
        make.payable(kind, expert_id=who, holding=500).id for who in experts for kind in _STAGES
    ]
    return [*found, ledger.rail_balance(session, rail=Rail.STRIPE, currency="USD").id]


def _run(hand: _Thread, ids: Sequence[int], operations: int, start: threading.Barrier) -> None:
    start.wait()
    for number in range(operations):
        source, target = hand.luck.sample(list(ids), 2)
        minor = hand.luck.randrange(1, 400)
        try:
            with db.transaction() as session:
                _move(session, source, target, minor, f"race:{hand.number}:{number}")
        except Conflict:
            hand.refused += 1
            continue
        hand.moved[source] -= minor
        hand.moved[target] += minor
        _look(hand)


def _move(session: Session, source: int, target: int, minor: int, key: str) -> None:
    ledger.shift(
        session,
        kind=EntryKind.RETURNED,
        key=key,
        source=session.get_one(LedgerAccount, source),
        target=session.get_one(LedgerAccount, target),
        amount=Money(minor, "USD"),
        now=clock.now(session),
    )


def _look(hand: _Thread) -> None:
    """What every other thread may see now: nothing made or lost, nobody owing us their pay."""
    total = sa.func.coalesce(sa.func.sum(LedgerAccount.balance), 0)
    below = sa.func.count().filter(LedgerAccount.kind.in_(PAYABLE), LedgerAccount.balance < 0)
    with db.reading() as session:
        row = session.execute(sa.select(total, below)).one()
    hand.unbalanced += row[0] != 0
    hand.negative += row[1] > 0


def _balances(ids: Sequence[int]) -> dict[int, int]:
    found = sa.select(LedgerAccount.id, LedgerAccount.balance).where(LedgerAccount.id.in_(ids))
    with db.reading() as session:
        return {row.id: row.balance for row in session.execute(found)}


def main() -> None:
    """Ends with 1 where anything does not hold, or nothing was ever refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--operations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    os.environ.update(kill_storm.environment("postgresql:///nowhere", "http://127.0.0.1"))
    with kill_storm.database() as server:
        db.configure(server.url("touchstone_owner", "touchstone"))
        with db.transaction() as session:
            ids = accounts(session)
        db.configure(server.url("app", "touchstone"))
        outcome = race(ids, threads=told.threads, operations=told.operations, seed=told.seed)
    print(outcome)
    wrong = (outcome.unbalanced, outcome.negative, outcome.differing, outcome.problems)
    raise SystemExit(0 if wrong == (0, 0, 0, 0) and outcome.refused else 1)


if __name__ == "__main__":
    main()
