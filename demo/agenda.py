"""What happens when: everybody's appointments beside the daily work, in the order of time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from demo import (
    adaptive_exam,
    applicants,
    content_files,
    first_round,
    matters,
    moments,
    money,
    people,
    projects,
    rota,
    writing_exam,
)
from demo.clockwork import WEEK
from demo.content_files import Person
from demo.diary import Appointment, written
from demo.world import World

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


def appointments(world: World) -> list[Appointment]:
    """Everything that is arranged, in order; nothing of it lies after the present."""
    found = [
        *_founding(world),
        *(each for person in world.experts.values() for each in _hiring(world, person)),
        *(each for person in content_files.people() for each in matters.applying(world, person)),
        *_money(world),
        *matters.of_the_work(world),
        *moments.appointments(world),
        *writing_exam.appointments(world),
        *adaptive_exam.appointments(world),
        *first_round.appointments(world),
    ]
    return sorted((each for each in found if each.at < world.calendar.end), key=lambda a: a.at)


def _founding(world: World) -> Iterator[Appointment]:
    begin = world.calendar.founded
    yield written(begin, lambda session, now: people.found(session, world, now=now))
    yield written(begin + _HOUR, lambda session, now: people.publish_agreements(session, now=now))
    yield written(begin + 2 * _HOUR, lambda session, now: projects.set_up(session, world, now=now))
    yield written(begin + 4 * _HOUR, lambda session, now: _deliver(session, world, now))
    yield Appointment(begin + 5 * _HOUR, lambda _now: money.fund(world))


def _deliver(session: Session, world: World, now: datetime) -> None:
    projects.deliver_tasks(session, world, now=now)
    applicants.publish(session, world, now=now)


def _hiring(world: World, person: Person) -> Iterator[Appointment]:
    """An expert's way in: screened, examined, identified, and ready to be paid."""
    start = rota.starts(world, person)
    minutes = timedelta(minutes=13 * list(world.experts).index(person.key))
    come = start - 9 * _DAY + 10 * _HOUR + minutes
    yield written(come, partial(applicants.come, world, person))
    yield written(come + _DAY, partial(applicants.sit, world, person, applicants.EXAM_SKILL))
    identified = come + 3 * _DAY
    yield Appointment(identified, partial(applicants.show_identity, world, person, "verified"))
    if person.work and person.work.weeks > 1:
        yield Appointment(start + 2 * _DAY, partial(money.open_payout_account, world, person))


def _money(world: World) -> Iterator[Appointment]:
    """Every week's time, two days later approved, in the end paid; the newest still under way."""
    monday = world.calendar.opens
    while monday < world.calendar.this_week:
        yield from _week(world, monday)
        monday += WEEK
    asked = world.calendar.end - 2 * _DAY
    yield written(asked, lambda session, now: money.claim_bonus(session, world, now=now))


def _week(world: World, monday: datetime) -> Iterator[Appointment]:
    done = monday + WEEK
    newest = done == world.calendar.this_week
    latest = world.calendar.end - timedelta(minutes=30)
    handed_in = (
        min(max(done + 9 * _HOUR, latest - 20 * _HOUR), latest) if newest else done + 9 * _HOUR
    )
    yield written(handed_in, lambda session, now: money.hand_in(session, monday, now=now))
    if newest:
        return
    approved = done + _DAY + 10 * _HOUR
    yield written(approved, lambda session, now: money.approve_time(session, world, now=now))
    yield written(approved + _DAY, lambda session, now: money.build_runs(session, world, now=now))
    waiting = done + WEEK == world.calendar.this_week
    clients = ["halyard-assist"] if waiting else ["meridian-commons", "halyard-assist"]
    yield written(
        approved + 2 * _DAY,
        lambda session, now: money.sign_runs(session, world, *clients, now=now),
    )
    yield from _by_bank(world, approved + 2 * _DAY)


def _by_bank(world: World, signed: datetime) -> Iterator[Appointment]:
    """The same day a file for the bank, a day later its answer; the first payment comes back."""
    steps = [
        (3 * _HOUR, money.take_to_bank),
        (_DAY, money.enter_answers),
        (3 * _DAY, money.come_back),
        (3 * _DAY + 5 * _HOUR, money.confirm_return),
    ]
    for later, act in steps:
        yield written(signed + later, lambda session, now, act=act: act(session, world, now=now))  # type: ignore[misc]
