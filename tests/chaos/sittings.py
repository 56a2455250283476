"""`kill -9` of web, worker and database while people sit an exam: no acknowledged answer may be lost.

    python -m tests.chaos.sittings
    python -m tests.chaos.sittings --kills 200 --takers 20

Everybody answers one question after the other, over and over, with hardly a thought. Whatever goes
wrong on the way, an answer is sent again with the same nonce until it is acknowledged. Meanwhile
one of the three parts is killed at a random moment, brought back, and the next is chosen. At the
end everybody's acknowledged answers are looked for in the database: each there, in its place, once;
every chain of events whole; and each attempt resumes at the question to which the last acknowledged
answer led, by its page as well. Ends with 1 where anything is missing, or where too little
happened for that to mean something.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID, uuid4

from benchmarks.portal import Portal, running
from benchmarks.takers import Taker, Verdict, compare, prepare
from portal import connections

PARTS: Final = ("web", "worker", "database")
LENGTH: Final = 12
_BETWEEN: Final = 20
_RETRY: Final = 0.15
_THINK: Final = 0.15


class Storm:
    """Kills, and people who go on all the same."""

    def __init__(self, portal: Portal, random: Random) -> None:
        self.portal, self.random = portal, random
        self.killed: Counter[str] = Counter()
        self.repeated = 0
        self.over = False

    async def answering(self, taker: Taker) -> None:
        """Go through the questions, again and again, until the storm is over."""
        await self._until_done(taker.begin)
        for position in self._positions():
            nonce = uuid4()
            await asyncio.sleep(taker.random.expovariate(1 / _THINK))
            await self._acknowledged(taker, position, nonce)
            if self.over:
                taker.hang_up()
                return

    def killing(self, kills: int, takers: list[Taker]) -> None:
        """Kill one part after the other, at a random moment once people have gone on, and bring it back.

        In the main thread: what it starts would end with any other.
        """
        for _ in range(kills):
            self._gone_on(takers)
            time.sleep(self.random.uniform(0, 1))
            part = self.random.choice(PARTS)
            self.portal.kill(part)
            self.killed[part] += 1
            self._revive(part)
        self._gone_on(takers)
        self.over = True

    def _gone_on(self, takers: list[Taker]) -> None:
        """Until so many more answers were acknowledged that a kill has something to lose."""
        enough = _BETWEEN + sum(len(taker.acknowledged) for taker in takers)
        while sum(len(taker.acknowledged) for taker in takers) < enough:
            time.sleep(0.02)

    def _revive(self, part: str) -> None:
        if part == "web":
            self.portal.start_web()
        elif part == "worker":
            self.portal.start_worker()
        else:
            self.portal.start_database()
            self.portal.wait_for_web()

    def _positions(self) -> Iterator[int]:
        while True:
            yield from range(1, LENGTH)

    async def _acknowledged(self, taker: Taker, position: int, nonce: UUID) -> None:
        """Send it until we are told that it is kept."""

        async def once() -> None:
            status, page, _ = await taker.ask("GET", f"/exams/{taker.attempt}/{position}")
            if status != 200:
                raise ConnectionError(f"{status}")
            await taker.answer(position, nonce, page=page, write=str(taker.random.randint(1, 3)))

        while nonce not in taker.acknowledged:
            try:
                await once()
            except (ConnectionError, RuntimeError, TimeoutError):
                self.repeated += 1
                await asyncio.sleep(_RETRY)

    async def _until_done(self, act: object) -> None:
        while True:
            try:
                await act()  # type: ignore[operator]
            except (ConnectionError, RuntimeError):
                await asyncio.sleep(_RETRY)
            else:
                return


def blow(storm: Storm, takers: list[Taker], kills: int) -> None:
    """Everybody answers, in a thread of their own, while it blows."""

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            for taker in takers:
                group.create_task(storm.answering(taker))

    with ThreadPoolExecutor(1) as thread:
        sitting = thread.submit(asyncio.run, together())
        storm.killing(kills, takers)
        sitting.result()


async def resumes(takers: list[Taker]) -> int:
    """How many are sent by the page to another question than their last answer led to."""
    wrong = 0
    for taker in takers:
        _, _, place = await taker.ask("GET", f"/exams/{taker.attempt}")
        following = list(taker.acknowledged.values())[-1][1]
        wrong += place != f"/exams/{taker.attempt}/{following}"
    return wrong


def main(*, kills: int, takers: int, seed: int) -> int:
    """Let it blow and count; gives the exit code."""
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="ts-") as folder,
        running(Path(folder), workers=2, threads=8, worker=True) as portal,
    ):
        people = [
            Taker(portal.port, token, Random(seed + number), LENGTH)  # noqa: S311
            for number, token in enumerate(prepare(takers, LENGTH))
        ]
        storm = Storm(portal, Random(seed))  # noqa: S311
        blow(storm, people, kills)
        wrong = asyncio.run(resumes(people))
        found = _compare_after(people)
    print(f"{kills} kills {dict(storm.killed)} in {time.monotonic() - started:.0f} s")
    print(
        f"{takers} takers, {found.acknowledged} answers acknowledged, {storm.repeated} sent again"
    )
    print(f"lost {found.lost}, doubled {found.doubled}, chains broken {found.broken}")
    print(f"resumed elsewhere: {found.elsewhere} by the events, {wrong} by the page")
    if (
        found.acknowledged < _BETWEEN * kills
        or storm.repeated < kills // 4
        or len(storm.killed) < 3
    ):
        print("refused: too little happened for this to mean anything")
        return 1
    return 0 if found.sound and not wrong else 1


def _compare_after(people: list[Taker]) -> Verdict:
    """Through a fresh connection: those of before the kills are gone."""
    connections.as_worker()
    return compare(people)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--takers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(main(**vars(parser.parse_args())))
