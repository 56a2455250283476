"""How fast money answers with a million postings.

    python -m benchmarks.payouts --postings 1000000 --experts 5000 --run 10000

Prints the 95th percentile of reading somebody's balances (aim: 50 ms), a statement with its proof
(aim: 300 ms), drawing and locking the weeks of all experts (aim: 60 s), and how long building and
signing a run of so many payouts takes, with the time the rail's limit of 15 transfers a second then
asks for. The rows are put in by SQL; what is timed are the product's own queries and services.
"""

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import LedgerAccount, LedgerKind, Rail, Statement
from payouts.queries import ledger as ledger_queries
from payouts.queries import money as queries
from payouts.service import ledger, statements
from portal import clock, db
from tests.chaos import seeding
from tests.make import Make
from tests.payouts import kill_storm

RAIL_LIMIT: Final = 15
"""Transfers a second that Stripe takes from us."""
_SAMPLES: Final = 200
_FILL: Final = """
WITH made AS (
    INSERT INTO ledger_entry (kind, key, posted_at)
    SELECT 'earned', 'benchmark:' || n, now() FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
    RETURNING id
), legs AS (
    SELECT id, accounts[1 + id % array_length(accounts, 1)] AS account
    FROM made, (SELECT CAST(:accounts AS bigint[]) AS accounts) AS known
)
INSERT INTO posting (ledger_account_id, entry_id, currency, minor)
SELECT account, id, 'USD', 1 FROM legs
UNION ALL SELECT CAST(:rail AS bigint), id, 'USD', -1 FROM legs
"""
_COPY: Final = """
INSERT INTO {table} ({columns}) SELECT {values}
FROM {table} model, unnest(CAST(:people AS bigint[])) person WHERE model.expert_id = :model
"""
_BATCH: Final = 50_000


def measure(*, postings: int, experts: int, items: int) -> None:
    """Fill, ask, and say how long it took; each part commits before the next."""
    with db.transaction() as session:
        now = clock.now(session) - timedelta(days=1)
        people = _approved_weeks(session, Make(session, now), experts)
    _lock_weeks(people)
    with db.transaction() as session:
        _fill(session, people, postings)
    _ask(people)
    began = time.perf_counter()
    with db.transaction() as session:
        seeding.signed_run(session, items=items, stripe_id="acct_benchmark", now=now)
    _said(f"seed, draw, build and sign a run of {items}", time.perf_counter() - began, None)
    print(f"the rail's limit asks {items / RAIL_LIMIT:.0f} s for sending it")


def _lock_weeks(people: list[int]) -> None:
    """Draw everybody's statement, each in a transaction of its own as the job does."""
    began = time.perf_counter()
    for expert_id in people:
        with db.transaction() as session:
            statements.draw(session, expert_id=expert_id, now=clock.now(session))
    what = f"draw and lock the week of {len(people)} experts"
    _said(what, time.perf_counter() - began, 60)


def _ask(people: list[int]) -> None:
    luck = random.Random(1)  # noqa: S311  a seed is the point
    with db.reading() as session:
        drawn = list(session.scalars(sa.select(Statement).limit(_SAMPLES)))
        what = "balances of one expert"
        _ninety_fifth(what, 0.05, lambda: _balances(session, luck.choice(people)))
        what = "a statement and its proof"
        _ninety_fifth(what, 0.3, lambda: _statement(session, luck.choice(drawn)))


def _approved_weeks(session: Session, make: Make, experts: int) -> list[int]:
    """Experts with an hour that somebody approved: one by the services, the others like it."""
    sheet = make.approved_time()
    people = seeding.copies(
        session,
        "account",
        sheet.expert_id,
        experts - 1,
        {"email": "'week-' || n || '@example.org'"},
    )
    for table in ("terms", "timesheet", "work_session", "segment"):
        _copy_chain(session, table, sheet.expert_id, people)
    return [sheet.expert_id, *people]


def _copy_chain(session: Session, table: str, model: int, people: list[int]) -> None:
    """The model's rows of a table for each person, pointing to that person's own rows."""
    own = {
        "terms_id": "terms",
        "timesheet_id": "timesheet",
        "session_id": "work_session",
    }
    columns = [name for name in seeding.columns_of(session, table) if name != "id"]
    values = []
    for name in columns:
        if name == "expert_id":
            values.append("person")
        elif name == "public_id":
            values.append("gen_random_uuid()")
        elif name in own:
            values.append(f"(SELECT id FROM {own[name]} WHERE expert_id = person)")  # noqa: S608  our own names
        else:
            values.append(f"model.{name}")
    query = _COPY.format(table=table, columns=", ".join(columns), values=", ".join(values))
    session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    session.execute(sa.text(query), {"people": people, "model": model})
    session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def _fill(session: Session, people: list[int], postings: int) -> None:
    """Entries of two legs each, spread over everybody's pending account; balances are set at the end."""
    rail = ledger.rail_balance(session, rail=Rail.STRIPE, currency="USD").id
    accounts = list(
        session.scalars(
            sa.select(LedgerAccount.id).where(
                LedgerAccount.kind == LedgerKind.PENDING, LedgerAccount.expert_id.in_(people)
            )
        )
    )
    for table in ("posting", "ledger_entry", "ledger_account"):
        session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    entries = postings // 2
    for first in range(1, entries + 1, _BATCH):
        last = min(first + _BATCH - 1, entries)
        told = {"first": first, "last": last, "accounts": accounts, "rail": rail}
        session.execute(sa.text(_FILL), told)
    session.execute(
        sa.text(
            "UPDATE ledger_account a SET balance = s.total FROM (SELECT ledger_account_id AS id,"
            " sum(minor) AS total FROM posting GROUP BY 1) s WHERE s.id = a.id"
        )
    )
    for table in ("posting", "ledger_entry", "ledger_account"):
        session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
    session.execute(sa.text("ANALYZE posting, ledger_entry, ledger_account"))
    print(session.scalar(sa.text("SELECT count(*) FROM posting")), "postings")


def _balances(session: Session, expert_id: int) -> None:
    session.expire_all()
    session.scalars(ledger_queries.balances_of(expert_id)).all()


def _statement(session: Session, statement: Statement) -> None:
    session.execute(queries.lines_with_payout([statement.id])).all()
    if statements.differences(session, statement):
        raise RuntimeError("a statement does not derive again")


def _ninety_fifth(what: str, aim: float, act: Callable[[], None]) -> None:
    times = []
    for _ in range(_SAMPLES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    _said(f"{what}, p95", statistics.quantiles(times, n=20)[-1], aim)


def _said(what: str, seconds: float, aim: float | None) -> None:
    said = f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
    print(f"{what}: {said}" + (f" (aim {aim:g} s)" if aim else ""))


def main() -> None:
    """Measure on a PostgreSQL of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postings", type=int, default=1_000_000)
    parser.add_argument("--experts", type=int, default=5_000)
    parser.add_argument("--run", type=int, default=10_000)
    told = parser.parse_args()
    os.environ.update(kill_storm.environment("postgresql:///nowhere", "http://127.0.0.1"))
    with kill_storm.database() as server:
        db.configure(server.url("touchstone_owner", "touchstone"))
        measure(postings=told.postings, experts=told.experts, items=told.run)


if __name__ == "__main__":
    main()
