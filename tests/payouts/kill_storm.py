"""Kills the worker between the rail's effect and our commit, over and over, and counts the money.

    python -m tests.payouts.kill_storm --kills 50
    python -m tests.payouts.kill_storm --kills 10 --naive

Four kinds of process, all real: a PostgreSQL, the Stripe sandbox on loopback, a worker that takes
the outbox's rows, and this one. The sandbox carries a transfer out, commits it, and says so here
before it answers; then the worker gets SIGKILL. A strike counts only where the rail has the
transfer and our database still says "sending". `--naive` sends with a fresh key each time and never
looks first: it must show duplicates, or the count is worth nothing.
"""

import argparse
import base64
import multiprocessing
import os
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from migrations import commands
from payouts.models import LedgerAccount, Payout, PayoutState
from payouts.service import proof
from portal import clock, db, files
from portal.embedded.postgres import Postgres
from portal.money import Money
from portal.stripe import accounts, client
from portal.stripe.sandbox.control import Control
from portal.stripe.sandbox.resources.accounts import Onboarding
from tests.folders import passable_folder
from tests.make import Make
from tests.payouts import storm_processes
from tests.portal.stripe import payees

LEASE: Final = timedelta(minutes=6)
"""How far the clock is moved after a kill: past the lease of the row that the dead worker held."""
_PATIENCE: Final = 120.0
_forks: Final = multiprocessing.get_context("forkserver")
"""Children of a server that has imported everything: a worker's life begins in a moment."""
_forks.set_forkserver_preload(["tests.payouts.storm_processes"])


@dataclass(frozen=True)
class Count:
    """What is left when the storm is over."""

    payouts: int
    kills: int
    struck: int
    lost: int
    duplicated: int
    ledger: int

    def __str__(self) -> str:
        return (
            f"payouts={self.payouts} kills={self.kills} struck={self.struck}\n"
            f"lost={self.lost} duplicated={self.duplicated} ledger={self.ledger}"
        )


def storm(*, kills: int, naive: bool) -> Count:
    """Pay `kills` experts and a tenth more, killing the worker at `kills` effects."""
    before = dict(db.sessions.kw)
    with database() as server, _sandbox(server) as (rail, base):
        engine = db.configure(server.url("touchstone_owner", "touchstone"))
        _seed(base, people=kills + max(2, kills // 10))
        control = Control(engine)
        struck = _kill_over_and_over(server, rail, base, engine, control, kills, naive=naive)
        _recover(server, rail, base, engine, naive=naive)
        counted = count(engine, control, kills, struck)
        engine.dispose()
        db.sessions.kw.clear()
        db.sessions.kw.update(before)
        return counted


@contextmanager
def database() -> Iterator[Postgres]:
    """A PostgreSQL of the storm's own, migrated."""
    with passable_folder() as folder:
        server = Postgres.start(folder / "postgres", durable=False)
        files.configure(folder)
        try:
            commands.upgrade(server.url("touchstone_owner", "touchstone"))
            yield server
        finally:
            server.stop()


@contextmanager
def _sandbox(server: Postgres) -> Iterator[tuple[Connection, str]]:
    """The sandbox in a process of its own; it asks here after each transfer it has carried out."""
    here, there = _forks.Pipe()
    url = server.url("app", "touchstone")
    child = _forks.Process(target=storm_processes.serve, args=(url, there), daemon=True)
    child.start()
    try:
        yield here, here.recv()
    finally:
        child.kill()
        child.join()


def _seed(base: str, *, people: int) -> None:
    """A signed run of so many payouts, each payee onboarded at the sandbox."""
    client.connect(storm_processes.SECRET_KEY, base)
    with db.reading() as session:
        now = clock.now(session)
    ids = [_onboarded(number) for number in range(people)]
    with db.transaction() as session:
        make = Make(session, now)
        make.signed_run(*(make.payee(stripe_id=stripe_id) for stripe_id in ids), seconds=60)


def _onboarded(number: int) -> str:
    made = accounts.ensure(
        known=None,
        reference=f"payee-{number}",
        email=f"payee{number}@example.org",
        country="DE",
        display_name="Amara Okafor",
        idempotency_key=str(uuid.uuid4()),
    )
    payees.onboard(made.id, Onboarding.ACTIVE)
    return made.id


def _kill_over_and_over(
    server: Postgres,
    rail: Connection,
    base: str,
    engine: sa.Engine,
    control: Control,
    kills: int,
    *,
    naive: bool,
) -> int:
    struck = 0
    for _ in range(kills):
        worker = _worker(server, base, naive=naive)
        reference = _effect(rail)
        worker.kill()
        worker.join()
        struck += _sending(engine, reference) and _carried_out(control, reference)
        rail.send("go on")
        later(engine)
    return struck


def _recover(
    server: Postgres, rail: Connection, base: str, engine: sa.Engine, *, naive: bool
) -> None:
    """Let one worker live until everything is paid."""
    later(engine)
    worker = _worker(server, base, naive=naive)
    until = time.monotonic() + _PATIENCE
    moved = time.monotonic()
    while time.monotonic() < until and _unpaid(engine):
        if rail.poll(0.1):
            rail.recv()
            rail.send("go on")
        if time.monotonic() - moved > 5:
            later(engine)
            moved = time.monotonic()
    worker.kill()
    worker.join()


def _worker(server: Postgres, base: str, *, naive: bool) -> Any:  # noqa: ANN401  a process
    url = server.url("worker", "touchstone")
    args = (environment(url, base), naive)
    worker = _forks.Process(target=storm_processes.work, args=args, daemon=True)
    worker.start()
    return worker


def environment(url: str, base: str) -> dict[str, str]:
    """What an operator would tell the worker."""
    return {
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": url,
        "WORKER_DATABASE_URL": url,
        "SECRET_KEY": "a secret of the storm, thirty-two characters",
        "PERSONAL_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="),
        "DATA_DIR": tempfile.gettempdir(),
        "BASE_URL": base,
        "DEMO": "1",
        "MAIL_BACKEND": "file",
        "STRIPE_SECRET_KEY": storm_processes.SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": storm_processes.WEBHOOK_SECRET,
        "STRIPE_BASE": base,
    }


def _effect(rail: Connection) -> str:
    """Wait until the rail has carried a transfer out; gives the reference it carries."""
    if not rail.poll(_PATIENCE):
        raise TimeoutError("the worker asked the rail for nothing")
    return str(rail.recv())


def later(engine: sa.Engine) -> None:
    """Move the clock past the leases of the dead."""
    with Session(engine) as session, session.begin():
        clock.shift(session, clock.shifted(session) + LEASE)


def _sending(engine: sa.Engine, reference: str) -> bool:
    with Session(engine) as session:
        state = sa.select(Payout.state).where(
            Payout.public_id == uuid.UUID(reference.removeprefix("payout_"))
        )
        return session.scalar(state) is PayoutState.SENDING


def _carried_out(control: Control, reference: str) -> bool:
    return any(made["transfer_group"] == reference for made in control.objects("transfer"))


def _unpaid(engine: sa.Engine) -> int:
    with Session(engine) as session:
        waiting = sa.select(sa.func.count()).select_from(Payout)
        return session.scalar(waiting.where(Payout.state != PayoutState.PAID)) or 0


def count(engine: sa.Engine, control: Control, kills: int, struck: int) -> Count:
    """Each payout against the rail's transfers: by the rail's own list, not by what we recorded."""
    sent = Counter(made["transfer_group"] for made in control.objects("transfer"))
    with Session(engine) as session:
        payouts = session.scalars(sa.select(Payout)).all()
        total = session.scalar(sa.select(sa.func.sum(LedgerAccount.balance))) or 0
        problems = proof.verify(session).problems
        owed = Money(sum(payout.minor for payout in payouts), "USD")
        paid = session.scalar(
            sa.select(LedgerAccount.balance).where(LedgerAccount.kind == "rail_balance")
        )
    for problem in problems:
        print(problem, file=sys.stderr)
    return Count(
        payouts=len(payouts),
        kills=kills,
        struck=struck,
        lost=sum(p.state is not PayoutState.PAID or not sent[p.reference] for p in payouts),
        duplicated=sum(times - 1 for times in sent.values()),
        ledger=abs(int(total)) + len(problems) + abs(owed.minor - int(paid or 0)),
    )


def main() -> None:
    """Run the storm and say what is left; ends with 1 where it is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--naive", action="store_true")
    told = parser.parse_args()
    os.environ.update(environment("postgresql:///nowhere", "http://127.0.0.1"))
    counted = storm(kills=told.kills, naive=told.naive)
    print(counted)
    hit = counted.struck >= told.kills * 0.9
    clean = (counted.lost, counted.duplicated, counted.ledger) == (0, 0, 0)
    raise SystemExit(0 if hit and (counted.duplicated >= 1 if told.naive else clean) else 1)


if __name__ == "__main__":
    main()
