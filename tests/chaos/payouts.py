"""Payouts under four workers that are killed at named points, by a rail that fails: money counted.

    python -m tests.chaos.payouts --items 1000 --kills 60 --faults 0.3 --seed 1
    python -m tests.chaos.payouts --items 300 --kills 0 --faults 0.3 --seed 1 --naive

A real PostgreSQL, the Stripe sandbox on loopback, four workers. Each request for a transfer or a
list of them is struck with the share `--faults` by a seeded kind: broken before or after the effect,
500 with and without effect, 409, 429, refused, slow. `--lag` lets the sandbox's lists lag. The
sandbox's limit of 15 transfers a second is off here, which is said in the output. `--naive` sends
under a fresh key each time and never looks first: it must show duplicates, or the count is worth
nothing. What is counted is the rail's own list against what is owed, not what we recorded.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import Payout, PayoutState, PayRun
from payouts.queries import runs as run_queries
from payouts.service import sending
from portal import clock, db
from portal.access import Role
from portal.accounts.models import Grant
from portal.stripe import client
from portal.stripe.sandbox.control import Control, Fault, Knob
from tests.chaos import processes, seeding
from tests.chaos.points import POINTS, Tokens
from tests.payouts import kill_storm, storm_processes

WORKERS: Final = 4
_KINDS: Final = (
    Fault.DROP_BEFORE,
    Fault.DROP_AFTER,
    Fault.ERROR_BEFORE,
    Fault.ERROR_AFTER,
    Fault.CONFLICT,
    Fault.RATE_LIMIT,
    Fault.REFUSE,
    Fault.LATENCY,
)
_STILL: Final = 6.0  # seconds without a payout more: then the clock is moved past the leases
_LONGEST: Final = 200  # moves of the clock: 20 hours, and a key lives 23


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    items: int
    kills: int
    faults: float
    seed: int
    naive: bool = False
    lag: float = 0.0


@dataclass
class Run:
    """What goes on."""

    plan: Plan
    engine: sa.Engine
    tokens: Tokens
    environment: dict[str, str]
    workers: list[Any] = field(default_factory=list)
    armed: int = 0
    moves: int = 0


@dataclass(frozen=True)
class Outcome:
    """What is left, and where workers died."""

    lost: int
    duplicated: int
    ledger: int
    payouts: int
    struck: dict[str, int]

    def __str__(self) -> str:
        died = "\n".join(f"  {point:<10} {count:>4}" for point, count in self.struck.items())
        return (
            "the limit of 15 transfers a second is off here\n"
            f"payouts={self.payouts} kills={sum(self.struck.values())}\n{died}\n"
            f"lost={self.lost} duplicated={self.duplicated} ledger={self.ledger}"
        )


def chaos(plan: Plan) -> Outcome:
    """Seed, let it rage until everybody is paid, and count."""
    before = dict(db.sessions.kw)
    with (
        kill_storm.database() as server,
        processes.sandbox(server, seed=plan.seed) as base,
        tempfile.TemporaryDirectory(prefix="chaos-") as folder,
    ):
        engine = db.configure(server.url("touchstone_owner", "touchstone"))
        control = Control(engine)
        environment = kill_storm.environment(server.url("worker", "touchstone"), base)
        os.environ.update(environment)
        client.connect(storm_processes.SECRET_KEY, base)
        stripe_id = seeding.onboarded()
        with db.transaction() as session:
            now = clock.now(session)
            seeding.signed_run(session, items=plan.items, stripe_id=stripe_id, now=now)
            seeding.stripe_accounts(session)
        _play(control, plan)
        run = Run(plan, engine, Tokens(Path(folder)), environment)
        try:
            _rage(run)
        finally:
            _end(run)
        counted = kill_storm.count(engine, control, plan.kills, 0)
        engine.dispose()
        db.sessions.kw.clear()
        db.sessions.kw.update(before)
        return Outcome(
            counted.lost, counted.duplicated, counted.ledger, counted.payouts, run.tokens.counts()
        )


def _play(control: Control, plan: Plan) -> None:
    """Line the faults up, each struck with the share; more than the storm can use up."""
    luck = random.Random(plan.seed)  # noqa: S311  a seed is the point
    control.turn(Knob.RATE, 0)
    control.turn(Knob.LISTING_LAG, plan.lag)
    rows = [
        {
            "kind": luck.choice(_KINDS),
            "path": "/v1/transfers",
            "remaining": 1,
            "share": plan.faults,
            "milliseconds": luck.randrange(200),
        }
        for _ in range(plan.items * 3)
    ]
    control.line_up(rows)


def _rage(run: Run) -> None:
    """Keep four workers alive, arm kills as payouts get through, move the clock when all is still."""
    points = _order(run.plan)
    paid, since = -1, time.monotonic()
    while (left := _left(run.engine)) and run.moves < _LONGEST:
        _staff(run)
        done = run.plan.items - left
        _arm(run, points, done)
        if done > paid:
            paid, since = done, time.monotonic()
        elif time.monotonic() - since > _STILL:
            _try_refused_again(run.engine)
            kill_storm.later(run.engine)
            run.moves += 1
            since = time.monotonic()
        time.sleep(0.2)


def _order(plan: Plan) -> list[str]:
    """The points in turn, shuffled by the seed: each gets its share of the kills."""
    points = [POINTS[number % len(POINTS)] for number in range(plan.kills)]
    random.Random(plan.seed).shuffle(points)  # noqa: S311  a seed is the point
    return points


def _arm(run: Run, points: list[str], done: int) -> None:
    """Spread the kills over nine tenths of the payouts."""
    due = min(len(points), 1 + WORKERS + done * len(points) * 10 // (run.plan.items * 9))
    while run.armed < due:
        run.tokens.arm(points[run.armed], run.armed)
        run.armed += 1


def _staff(run: Run) -> None:
    """Put a new worker in the place of each that died."""
    alive = []
    for worker in run.workers:
        if worker.is_alive():
            alive.append(worker)
        else:
            worker.join()
    while len(alive) < WORKERS:
        folder = str(run.tokens.armed.parent)
        alive.append(processes.worker(run.environment, folder, naive=run.plan.naive))
    run.workers = alive


def _try_refused_again(engine: sa.Engine) -> None:
    """A person of finance sends again what the rail refused or gave back."""
    with Session(engine) as session, session.begin():
        now = clock.now(session)
        by = session.scalar(sa.select(Grant.account_id).where(Grant.role == Role.FINANCE)) or 0
        refused = sa.select(Payout).where(Payout.state == PayoutState.REFUSED)
        for payout in session.scalars(refused):
            sending.try_again(session, payout, by=by, now=now)


def _left(engine: sa.Engine) -> int:
    with Session(engine) as session:
        run_id = session.scalars(sa.select(PayRun.id)).one()
        return session.scalar(run_queries.unpaid(run_id)) or 0


def _end(run: Run) -> None:
    for worker in run.workers:
        worker.kill()
        worker.join()


def main() -> None:
    """Run it and say what is left; ends with 1 where it is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--faults", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lag", type=float, default=0.0, help="seconds by which lists lag")
    parser.add_argument("--naive", action="store_true")
    told = parser.parse_args()
    began = time.monotonic()
    outcome = chaos(Plan(**vars(told)))
    print(outcome)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    clean = (outcome.lost, outcome.duplicated, outcome.ledger) == (0, 0, 0)
    struck = told.kills < 3 * len(POINTS) or min(outcome.struck.values()) >= 3
    shown = outcome.duplicated * 100 >= told.items if told.naive else clean and struck
    raise SystemExit(0 if shown else 1)


if __name__ == "__main__":
    main()
