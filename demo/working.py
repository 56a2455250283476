"""Act four: simulated experts at work. Each sitting is a generator that says when it acts next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Final

from sqlalchemy.orm import Session

from demo import answers, content_files
from demo.content_files import Case, Work
from demo.rota import Shift
from demo.world import World
from portal.ids import random_id
from tasks.models import Assignment, Enrolment, Project, Task, Terms, WorkSession
from tasks.queries import projects as queries
from tasks.service import claim, clock, judge, offers

Acting = Iterator[datetime]
"""Acts, then gives the moment at which it wants to go on."""

_BEAT: Final = timedelta(seconds=72)
"""The page beats every 30 s; a gap of up to 75 s is credited whole, so this credits the same."""
_SPREAD: Final = 0.35  # of the logarithm of a task's seconds
_SKIPS: Final = 0.02
_BREAKS: Final = 0.05
_BETWEEN: Final = timedelta(minutes=25)
_ENDS: Final = timedelta(minutes=40)  # before the demo's present nobody begins anything more


@dataclass
class Desk:
    """One expert at one sitting: their clock, the random numbers, and what time it is for them."""

    session: Session
    world: World
    shift: Shift
    now: datetime
    random: Random
    project: Project
    terms: Terms
    live: WorkSession
    seq: int = 0

    @property
    def expert_id(self) -> int:
        """Whose it is."""
        return self.world.accounts[self.shift.person.key]

    @property
    def work(self) -> Work:
        """How they work."""
        if self.shift.person.work is None:
            raise ValueError(f"{self.shift.person.key} does not work")
        return self.shift.person.work


def sit_in_turn(session: Session, world: World, shifts: list[Shift]) -> Acting:
    """One expert's sittings of a day: the next begins when the last is over, with a while between."""
    free_at = shifts[0].starts_at
    for shift in sorted(shifts, key=lambda shift: shift.starts_at):
        for moment in sit(session, world, replace(shift, starts_at=max(free_at, shift.starts_at))):
            free_at = moment + _BETWEEN
            yield moment


def sit(session: Session, world: World, shift: Shift) -> Acting:
    """One sitting from the start of the clock to its stop."""
    yield shift.starts_at
    if shift.starts_at > world.calendar.end - _ENDS:
        return
    desk = sit_down(session, world, shift)
    yield from stay(desk, shift.reading)
    for _ in range(shift.tasks):
        if desk.now > world.calendar.end - _ENDS:
            break
        assignment = take(desk)
        if assignment is None:
            break
        yield from _answer(desk, assignment)
        yield from _pause(desk)
    clock.stop(session, desk.live, now=desk.now)


def accept_terms(session: Session, world: World, shift: Shift, *, now: datetime) -> Terms:
    """The terms the expert works under: read and accepted at their first sitting in a project."""
    project, expert_id = world.project(session, shift.project), world.accounts[shift.person.key]
    known = session.scalar(queries.current_terms(expert_id, project.id))
    if known is not None:
        return known
    found = offers.offer(session, project, now=now)
    if found is None:
        raise ValueError(f"{project.slug} offers nothing")
    agreed = found.agreement.id
    return offers.accept(
        session, expert_id=expert_id, project=project, agreement_version_id=agreed, now=now
    )


def sit_down(session: Session, world: World, shift: Shift) -> Desk:
    """Start the expert's clock on the project."""
    now = shift.starts_at
    terms = accept_terms(session, world, shift, now=now)
    project = world.project(session, shift.project)
    random = world.random("sitting", shift.person.key, shift.project, world.calendar.hour_of(now))
    live = clock.start(
        session,
        expert_id=terms.expert_id,
        project=project,
        terms=terms,
        public_id=random_id(),
        now=now,
    )
    return Desk(session, world, shift, now, random, project, terms, live)


def stay(desk: Desk, length: timedelta) -> Acting:
    """Let the clock run for a while, with a sign of life as often as it takes."""
    until = desk.now + length
    while desk.now + _BEAT < until:
        desk.now += _BEAT
        yield desk.now
        beat(desk, idle=float(desk.random.randint(0, 20)))
    if length:
        desk.now = until
        yield until


def beat(desk: Desk, *, idle: float = 0.0) -> None:
    """One sign of life."""
    desk.seq += 1
    clock.beat(
        desk.session,
        desk.live,
        epoch=desk.live.epoch,
        seq=desk.seq,
        idle_seconds=idle,
        now=desk.now,
    )


def take(desk: Desk) -> Assignment | None:
    """The next task; None where there is nothing for them just now."""
    _place(desk)
    found = claim.claim_in_project(
        desk.session,
        expert_id=desk.expert_id,
        project=desk.project,
        public_id=random_id(),
        now=desk.now,
    )
    return found if isinstance(found, Assignment) else None


def _place(desk: Desk) -> None:
    """Enrol them, with probes drawn by our seed: the service's own comes from a random public id."""
    for pool in desk.session.scalars(queries.pools(desk.project.id)):
        if desk.session.get(Enrolment, (pool.id, desk.expert_id)) is None:
            enrolment = claim.enrol(desk.session, expert_id=desk.expert_id, pool=pool, now=desk.now)
            seeded = desk.world.random("probes", desk.shift.person.key, desk.project.slug)
            enrolment.probe_seed = seeded.getrandbits(62)


def _answer(desk: Desk, assignment: Assignment) -> Acting:
    """Think, then answer; now and then give the task back."""
    median = desk.work.seconds_per_task[desk.project.slug]
    seconds = round(median * desk.random.lognormvariate(0, _SPREAD))
    skips = desk.random.random() < _SKIPS
    yield from stay(desk, timedelta(seconds=max(15, seconds // 4 if skips else seconds)))
    if skips:
        judge.release(desk.session, assignment, now=desk.now)
        return
    judge.judge(desk.session, assignment, entries(desk, assignment), now=desk.now)


def entries(desk: Desk, assignment: Assignment) -> dict[str, str]:
    """What they enter: the truth as often as their accuracy says."""
    task = desk.session.get_one(Task, (assignment.pool_id, assignment.task_id))
    accuracy = desk.work.accuracy[desk.project.slug]
    case = _by_key(desk.project.slug)[task.key]
    return answers.entries(
        case, accuracy=accuracy, order_shown=assignment.order_shown, random=desk.random
    )


def _pause(desk: Desk) -> Acting:
    """A cup of tea: nothing is credited, and the page beats again as soon as they are back."""
    if desk.random.random() < _BREAKS:
        desk.now += timedelta(seconds=desk.random.randint(180, 600))
        yield desk.now
        beat(desk)


@cache
def _by_key(project: str) -> dict[str, Case]:
    return {case.key: case for case in content_files.cases(project)}
