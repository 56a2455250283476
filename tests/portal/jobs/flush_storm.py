"""`python -m tests.portal.jobs.flush_storm`: Redis is emptied again and again, and no job is lost or doubled.

A real PostgreSQL, a real Valkey, two RQ workers and the scheduler, each a process of its own. Every
job writes its row's id into a table; at the end that table must hold each id once.
"""

import argparse
import multiprocessing
import os
import sys
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from redis import Redis

from migrations import commands
from portal import clock, db
from portal.db import transaction
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.jobs import OutboxRow, OutboxState, enqueue, job, queue, work
from tests.folders import passable_folder

WORKERS: Final = 2


class Name(StrEnum):
    """The storm's one job."""

    NOTE = "storm.note"


@dataclass(frozen=True)
class Outcome:
    """What came of a storm."""

    jobs: int
    flushes: int
    effects: int
    distinct: int
    waiting: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Every job ended, once in effect."""
        return self.effects == self.distinct == self.jobs and self.waiting == 0


def note(row_id: int) -> None:
    """Write the id down once: running it twice changes nothing."""
    with transaction() as session:
        session.execute(
            sa.text("INSERT INTO storm_effect (id) VALUES (:id) ON CONFLICT DO NOTHING"),
            {"id": row_id},
        )
        session.execute(sa.text("INSERT INTO storm_run (id) VALUES (:id)"), {"id": row_id})
    time.sleep(0.02)


def run(*, jobs: int, flushes: int, every: float, folder: Path) -> Outcome:
    """Let it storm: jobs come in evenly over the time that the flushes take."""
    database = Postgres.start(folder / "postgres", durable=False)
    server = Valkey.start(folder / "valkey")
    try:
        owner = database.url("touchstone_owner", "touchstone")
        commands.upgrade(owner)
        _tables(owner)
        return _storm(owner, server.url, jobs=jobs, flushes=flushes, every=every)
    finally:
        server.stop()
        database.stop()


def _storm(url: str, valkey: str, *, jobs: int, flushes: int, every: float) -> Outcome:
    started, before = time.monotonic(), dict(db.sessions.kw)
    context = multiprocessing.get_context("spawn")
    targets = [_work] * WORKERS + [_sweep]
    children = [
        context.Process(target=target, args=(url, valkey), daemon=True) for target in targets
    ]
    for child in children:
        child.start()
    engine = db.configure(url)
    try:
        queue.connect(valkey)
        stop = threading.Event()
        flushed: list[float] = []
        storm = threading.Thread(target=_flush, args=(valkey, every, flushes, flushed, stop))
        storm.start()
        _feed(jobs, pause=flushes * every / jobs)
        storm.join()
        _wait(jobs)
        stop.set()
        return _outcome(jobs, len(flushed), time.monotonic() - started)
    finally:
        for child in children:
            child.kill()
            child.join()
        queue.connect(None)
        engine.dispose()
        db.sessions.kw.clear()
        db.sessions.kw.update(before)


def _feed(jobs: int, *, pause: float) -> None:
    for number in range(jobs):
        with transaction() as session:
            enqueue(session, Name.NOTE, number, now=clock.now(session))
        time.sleep(pause)


def _flush(
    valkey: str, every: float, flushes: int, flushed: list[float], stop: threading.Event
) -> None:
    server = Redis.from_url(valkey)
    while len(flushed) < flushes and not stop.wait(every):
        server.flushall()
        flushed.append(time.monotonic())
    server.close()


def _wait(jobs: int, *, patience: float = 600) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with db.reading() as session:
            done = sa.select(sa.func.count()).where(OutboxRow.state == OutboxState.DONE)
            if session.scalar(done) == jobs:
                return
        time.sleep(0.2)


def _outcome(jobs: int, flushes: int, seconds: float) -> Outcome:
    with db.reading() as session:
        effects = session.scalar(sa.text("SELECT count(*) FROM storm_run"))
        distinct = session.scalar(sa.text("SELECT count(*) FROM storm_effect"))
        waiting = session.scalar(
            sa.select(sa.func.count()).where(OutboxRow.state != OutboxState.DONE)
        )
    return Outcome(jobs, flushes, effects or 0, distinct or 0, waiting or 0, seconds)


def _tables(owner: str) -> None:
    made = sa.create_engine(owner)
    with made.begin() as connection:
        connection.execute(sa.text("CREATE TABLE storm_effect (id bigint PRIMARY KEY)"))
        connection.execute(sa.text("CREATE TABLE storm_run (id bigint)"))
    made.dispose()


def _work(url: str, valkey: str) -> None:
    _be_quiet()
    job(Name.NOTE)(note)
    db.configure(url)
    queue.connect(valkey)
    while True:
        try:
            work.rq_worker().work(burst=True, logging_level="CRITICAL")
        except Exception as error:  # noqa: BLE001  a supervisor would start it again
            print(f"worker: {type(error).__name__}", file=sys.stderr)
        time.sleep(0.05)


def _sweep(url: str, valkey: str) -> None:
    _be_quiet()
    db.configure(url)
    queue.connect(valkey)
    work.sweep_forever([], threading.Event(), seconds=0.5)


def _be_quiet() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)


def main() -> int:
    """Run a storm and say what came of it; 0 only where every job ended once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--flushes", type=int, default=20)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between flushes")
    asked = parser.parse_args()
    with passable_folder() as folder:
        outcome = run(jobs=asked.jobs, flushes=asked.flushes, every=asked.every, folder=folder)
    print(
        f"jobs {outcome.jobs}, flushes {outcome.flushes}, runs {outcome.effects},"
        f" effects {outcome.distinct}, not done {outcome.waiting}, {outcome.seconds:.0f} s"
    )
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
