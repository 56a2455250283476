"""`python -m tests.oracle [--periods 5000] [--seed 1] [--workers 2]`: the product against the oracle.

Each worker has a PostgreSQL of its own; a period's rows are rolled back after it was compared. Prints
what was compared and the differences; ends with 1 where there are any.
"""

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from migrations import commands
from portal import db
from portal.embedded.postgres import Postgres
from tests.oracle.compare import Tally, compare


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--periods", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1, help="the first of that many seeds")
    parser.add_argument("--workers", type=int, default=2)
    told = parser.parse_args()
    begun = time.monotonic()
    shares = [
        range(told.seed + number, told.seed + told.periods, told.workers)
        for number in range(told.workers)
    ]
    tally = Tally()
    with ProcessPoolExecutor(told.workers) as pool:
        for found in pool.map(_share, shares):
            tally.add(found)
    for line in tally.lines():
        print(line)
    print(f"{time.monotonic() - begun:.0f} s with {told.workers} workers")
    return 1 if tally.differences else 0


def _share(seeds: range) -> Tally:
    with tempfile.TemporaryDirectory(prefix="ts-") as folder:
        settle(folder)
        server = Postgres.start(Path(folder) / "postgres", durable=False)
        try:
            commands.upgrade(server.url("touchstone_owner", "touchstone"))
            engine = db.configure(server.url("touchstone_owner", "touchstone"))
            with db.sessions() as session:
                found = compare(session, seeds)
                session.rollback()
            engine.dispose()
            return found
        finally:
            server.stop()


def settle(folder: str) -> None:
    """Settings as an operator would give them: the services write letters and seal them."""
    os.environ |= {
        "DATABASE_URL": "postgresql:///nowhere",
        "MIGRATION_DATABASE_URL": "postgresql:///nowhere",
        "WORKER_DATABASE_URL": "postgresql:///nowhere",
        "SECRET_KEY": "a secret of the oracle, thirty-two characters and more",
        "PERSONAL_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "DATA_DIR": folder,
        "BASE_URL": "https://touchstone.test",
        "MAIL_BACKEND": "file",
    }


if __name__ == "__main__":
    sys.exit(main())
