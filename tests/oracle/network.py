"""`python -m tests.oracle.network`: eight hours behind a bad line, and what the clock makes of them.

Browser tabs as `work-clock.js` has them (a beat every 30 s, sent again every 5 s until it is answered
or the next is due) talk to the product's own clock through a line that loses one message in ten,
each way, and delays others until they arrive out of order. The person moves between four tabs of two
projects, the computer sleeps, tabs crash and are opened again. Every client has a clock of its own
that is up to a day wrong, and says how long it has been still by that clock alone.

What is credited is compared with the seconds that the person was truly at work.
"""

import argparse
import heapq
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from migrations import commands
from portal import db
from portal.embedded.postgres import Postgres
from portal.ids import random_id
from tasks.models import Assignment, Project, Segment, Terms, WorkSession
from tasks.queries import projects as project_queries
from tasks.service import claim, clock, judge
from tasks.service.clock import ClockState
from tests.make import Make
from tests.oracle.__main__ import settle
from tests.oracle.bad_line import AGAIN, BEAT, Line, Result, Tab


@dataclass
class Shift:
    """One person's day: what happens next stands in a heap by its second."""

    session: Session
    begins: datetime
    random: Random
    line: Line
    expert_id: int
    projects: list[Project]
    tabs: list[Tab]
    result: Result = field(default_factory=Result)
    now: float = 0.0
    heap: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    order: "count[int]" = field(default_factory=count)
    arrived: dict[int, int] = field(default_factory=dict)
    working: bool = True
    since: float = 0.0
    naps: list[tuple[float, float]] = field(default_factory=list)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do it so many seconds from now."""
        heapq.heappush(self.heap, (self.now + seconds, next(self.order), act))

    def run(self, hours: float) -> Result:
        """Play the day to its end."""
        self.sit_down(self.tabs[0])
        self.later(self.random.uniform(20, 180), self.answer)
        self.later(self.random.uniform(300, 900), self.change_tab)
        self.later(self.random.uniform(1500, 3000), self.interrupt)
        end = hours * 3600
        while self.heap and self.heap[0][0] <= end:
            self.now, _number, act = heapq.heappop(self.heap)
            act()
        self.now = end
        self.stand_up()
        self.stop()
        return self.measure()

    # What the person does.

    def sit_down(self, tab: Tab) -> None:
        """Come to a tab: it takes the clock over, and counts from the server's answer on."""
        for other in self.tabs:
            other.here = other is tab
        tab.alive, tab.last_input = True, self.now
        tab.generation += 1
        self.start(tab, tab.generation)

    def stand_up(self) -> None:
        """No longer at work."""
        if self.working:
            self.result.worked += self.now - self.since
            self.working = False

    def change_tab(self) -> None:
        """Go on in another tab, at times of another project."""
        if self.working:
            tab = self.random.choice([tab for tab in self.tabs if not tab.here])
            self.result.taken_over += 1
            self.sit_down(tab)
        self.later(self.random.uniform(600, 1500), self.change_tab)

    def answer(self) -> None:
        """Answer the task in the tab that is in use; the request is tried until it is through."""
        tab = self.current()
        if self.working and tab.live is not None and tab.live.ended_at is None:
            held = self.take(tab)
            judge.judge(self.session, held, {"choice": "tie"}, now=self.moment())
            self.take(tab)
            self.result.answers += 1
            tab.last_input = self.now
        self.later(self.random.uniform(20, 180), self.answer)

    def interrupt(self) -> None:
        """The computer sleeps with all its tabs, or the tab in use crashes and is opened again.

        Whoever opens a crashed tab again is at work meanwhile.
        """
        crash = self.random.random() < 0.5
        length = self.random.uniform(5, 35) if crash else self.random.uniform(180, 1200)
        self.result.interruptions += 1
        if not crash:
            self.stand_up()
            self.naps.append((self.now, self.now + length))
        for tab in [self.current()] if crash else self.tabs:
            tab.alive = False
            tab.generation += 1
        self.later(length, self.come_back)

    def come_back(self) -> None:
        """Open the tab again; work counts from here."""
        if not self.working:
            self.working, self.since = True, self.now
        self.sit_down(self.current())
        self.later(self.random.uniform(2400, 4800), self.interrupt)

    # What the pages do, as work-clock.js does.

    def start(self, tab: Tab, generation: int) -> None:
        """Ask for the clock until the server has answered."""
        if generation != tab.generation:
            return
        there = self.send()
        if there is None:
            self.later(AGAIN, lambda: self.start(tab, generation))
            return
        self.later(there, lambda: self.begin(tab, generation))

    def begin(self, tab: Tab, generation: int) -> None:
        """At the server: run the clock for the tab's project."""
        project = self.projects[tab.project]
        self.take(tab)
        live = clock.start(
            self.session,
            expert_id=self.expert_id,
            project=project,
            terms=clock_terms(self.session, self.expert_id, project),
            public_id=random_id(),
            now=self.moment(),
        )
        back = self.send()
        if generation != tab.generation:
            return
        if back is None:
            self.later(AGAIN, lambda: self.start(tab, generation))
            return
        tab.live, tab.epoch, tab.seq, tab.answered = live, live.epoch, 0, 0
        self.later(back + BEAT, lambda: self.beat(tab, generation))

    def beat(self, tab: Tab, generation: int) -> None:
        """Every 30 s the next number."""
        if generation != tab.generation or not tab.alive:
            return
        tab.seq += 1
        self.send_beat(tab, generation, tab.seq)
        self.later(BEAT, lambda: self.beat(tab, generation))

    def send_beat(self, tab: Tab, generation: int, number: int) -> None:
        """Send it, and again in 5 s unless it is answered or the next is due."""
        if generation != tab.generation or number != tab.seq or tab.answered >= number:
            return
        if tab.here and self.working:
            tab.last_input = self.now - self.random.uniform(0, 10)
        own_clock = self.now + tab.skew  # wrong by up to a day, and only its differences are sent
        idle = own_clock - (tab.last_input + tab.skew)
        there = self.send()
        if there is not None:
            if self.random.random() < 0.04:  # held up on the way, past the next beat
                there += self.random.uniform(20, 45)
            self.later(there, lambda: self.receive(tab, generation, number, idle))
        self.later(AGAIN, lambda: self.send_beat(tab, generation, number))

    def receive(self, tab: Tab, generation: int, number: int, idle: float) -> None:
        """At the server; the answer may be lost as well."""
        live, epoch = tab.live, tab.epoch
        if live is None or generation != tab.generation:
            return
        key = live.id * 1000 + epoch
        self.result.out_of_order += number < self.arrived.get(key, 0)
        self.arrived[key] = max(number, self.arrived.get(key, 0))
        told = clock.beat(
            self.session, live, epoch=epoch, seq=number, idle_seconds=idle, now=self.moment()
        )
        back = self.send()
        if back is not None:
            self.later(back, lambda: self.hear(tab, generation, number, told.state))

    def hear(self, tab: Tab, generation: int, number: int, state: ClockState) -> None:
        """The answer to a beat; a tab that has lost the clock stops beating."""
        if generation != tab.generation:
            return
        tab.answered = max(tab.answered, number)
        if state in {ClockState.TAKEN_OVER, ClockState.ENDED}:
            tab.alive = False

    def send(self) -> float | None:
        """One message, one way."""
        trip = self.line.trip()
        self.result.sent += 1
        self.result.lost += trip is None
        return trip

    # The rest.

    def current(self) -> Tab:
        """The tab in use."""
        return next(tab for tab in self.tabs if tab.here)

    def take(self, tab: Tab) -> Assignment:
        """The task that is held in the project, or the next."""
        found = claim.claim_in_project(
            self.session,
            expert_id=self.expert_id,
            project=self.projects[tab.project],
            public_id=random_id(),
            now=self.moment(),
        )
        assert isinstance(found, Assignment), found
        return found

    def stop(self) -> None:
        """At the day's end the person presses Pause."""
        live = self.session.scalar(
            sa.select(WorkSession).where(
                WorkSession.expert_id == self.expert_id, WorkSession.ended_at.is_(None)
            )
        )
        if live is not None:
            clock.stop(self.session, live, now=self.moment())

    def moment(self) -> datetime:
        """The server's clock."""
        return self.begins + timedelta(seconds=self.now)

    def measure(self) -> Result:
        """Add up what was credited, and look for seconds paid twice or in sleep."""
        spans = self.session.scalars(
            sa.select(Segment)
            .where(Segment.expert_id == self.expert_id)
            .order_by(Segment.started_at)
        ).all()
        marks = [
            (
                (span.started_at - self.begins).total_seconds(),
                (span.ended_at - self.begins).total_seconds(),
            )
            for span in spans
        ]
        self.result.credited = sum(end - start for start, end in marks)
        self.result.twice = sum(
            max(0.0, before[1] - after[0]) for before, after in pairwise(sorted(marks))
        )
        for start, end in self.naps:
            covered = sum(max(0.0, min(end, b) - max(start, a)) for a, b in marks)
            self.result.asleep += max(0.0, covered - 1e-6)
        return self.result


def clock_terms(session: Session, expert_id: int, project: Project) -> Terms:
    """The terms that hold."""
    return session.scalars(project_queries.current_terms(expert_id, project.id)).one()


def simulate(session: Session, *, seed: int, hours: float, lost: float) -> Result:
    """One seeded day on the given session; the rows stay in the caller's transaction."""
    random = Random(f"line:{seed}")  # noqa: S311  repeatable by seed
    begins = datetime.fromisoformat("2026-11-23T08:00:00+00:00")
    make = Make(session, begins)
    expert = make.expert()
    projects = [
        make.project(tasks=int(hours * 40), overlap=1, day_cap_seconds=10**6, task_cap_seconds=900)
        for _ in range(2)
    ]
    for project in projects:
        make.terms(expert, project)
    day = 86_400.0
    tabs = [Tab(number % 2, random.uniform(-day, day)) for number in range(4)]
    line = Line(random, lost)
    return Shift(session, begins, random, line, expert.id, projects, tabs).run(hours)


def main() -> int:
    """Run it, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.network", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=3, help="so many seeds, one after another")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--lost", type=float, default=0.1)
    told = parser.parse_args()
    held = True
    with tempfile.TemporaryDirectory(prefix="ts-") as folder:
        settle(folder)
        server = Postgres.start(Path(folder) / "postgres", durable=False)
        try:
            commands.upgrade(server.url("touchstone_owner", "touchstone"))
            engine = db.configure(server.url("touchstone_owner", "touchstone"))
            for seed in range(told.seed, told.seed + told.days):
                with db.sessions() as session:
                    result = simulate(session, seed=seed, hours=told.hours, lost=told.lost)
                    session.rollback()
                print(f"seed {seed}", *result.lines(), sep="\n")
                print("every bound holds\n" if result.holds() else "A BOUND IS BROKEN\n")
                held &= result.holds()
            engine.dispose()
        finally:
            server.stop()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
