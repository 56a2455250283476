"""Many people sit an exam at once: `python -m benchmarks.exams --takers 200 --answers 20000`.

Each taker is signed in, starts an attempt by its page, and at every question thinks for a time
drawn from an exponential distribution (mean 5 s, about 40 answers a second for 200), answers, and
waits for the next question. The web is gunicorn as `touchstone up` runs it, the database keeps
every commit (`fsync`, `synchronous_commit` on), the takers share the machine with both.

Measured is the time from sending an answer until the next question is there, both requests
together. At the end every acknowledged answer is looked for in the database, every chain of events
is checked, and every attempt must resume where it was. Nothing is reported otherwise, nor where
fewer answers were acknowledged than asked for: the command then ends with 1.
"""

import argparse
import asyncio
import math
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

import sqlalchemy as sa

from benchmarks.portal import Portal, running
from benchmarks.takers import Taker, all_together, compare, prepare
from portal.db import reading

AIM: Final = 0.060  # seconds, the ninety-ninth in a hundred


def main(*, takers: int, answers: int, think: float, seed: int) -> int:
    """Run it and print the figures; gives the exit code."""
    length = math.ceil(answers / takers)
    with (
        tempfile.TemporaryDirectory(prefix="ts-") as folder,
        running(Path(folder), workers=2, threads=8, worker=False) as portal,
    ):
        durable = _durability()
        tokens = prepare(takers, length)
        people = [
            Taker(portal.port, token, Random(seed + number), length)  # noqa: S311
            for number, token in enumerate(tokens)
        ]
        before, started = _children(portal), time.perf_counter()
        asyncio.run(all_together(people, lambda taker: taker.sit(think)))
        took, used = time.perf_counter() - started, _children(portal) - before
        found = compare(people)
        if not found.sound or found.acknowledged < answers or found.written != found.acknowledged:
            print(f"refused: the work was not done: {found}")
            return 1
        seconds = sorted(second for taker in people for second in taker.seconds)
        print(f"{takers} takers, think time mean {think:g} s, {os.cpu_count()} cores, {durable}")
        print(f"{found.acknowledged} answers acknowledged, {found.written} rows written, 0 lost")
        print(f"{found.acknowledged / took:.1f} answers/s for {took:.0f} s")
        print(f"answer → next question: {_quantiles(seconds)}; aim p99 ≤ {AIM * 1000:.0f} ms")
        print(
            f"CPU: web {used / found.acknowledged * 1000:.1f} ms an answer; takers {_own():.0f} s"
        )
        print(f"load average of the machine {os.getloadavg()[0]:.1f}")
    return 0


def _durability() -> str:
    with reading() as session:
        names = ("fsync", "synchronous_commit", "full_page_writes")
        said = {name: session.scalar(sa.text(f"SHOW {name}")) for name in names}
    if set(said.values()) != {"on"}:
        raise RuntimeError(f"commits are not durable: {said}")
    return "durable commits"


def _quantiles(ordered: list[float]) -> str:
    def at(share: float) -> str:
        place = min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)
        return f"{ordered[place] * 1000:.1f} ms"

    return f"p50 {at(0.5)}, p90 {at(0.9)}, p99 {at(0.99)}, p99.9 {at(0.999)}, worst {at(1.0)}"


def _children(portal: Portal) -> float:
    """CPU seconds of the web's processes so far."""
    web = portal.children["web"].pid
    listed = Path(f"/proc/{web}/task/{web}/children").read_text(encoding="ascii").split()
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for process in [str(web), *listed]:
        parts = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        total += (int(parts[11]) + int(parts[12])) / ticks
    return total


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--takers", type=int, default=200)
    parser.add_argument("--answers", type=int, default=20_000)
    parser.add_argument("--think", type=float, default=5.0, help="mean think time in seconds")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(main(**vars(parser.parse_args())))
