"""The demo's sample world: act after act through the product's own services, its clock moved back."""

import heapq
import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from demo import agenda, matters, moments, rota, working
from demo.clockwork import Calendar, moved_clock, set_clock
from demo.diary import Appointment
from demo.rota import Shift
from demo.working import Acting
from demo.world import World
from portal import clock, contributions, db, settings
from portal.app import create_app
from portal.connections import connect
from portal.db import reading, transaction
from portal.jobs import work
from portal.stripe.sandbox.serving import served

_DAY: Final = timedelta(days=1)
_SUNDAY: Final = 6


SEED: Final = 14
"""Decides all that is random in the demo's past; with this one every expert of the main project has
more than ten check tasks behind them, and one lies below the needed level."""


def run() -> None:
    """Seed this demo's database, as `touchstone seed` does before the product is first served.

    Signed in as the owner, who may do what the web and the worker do together. Letters are
    rendered as a page's request would render them. A seeding that is cut short is begun again from
    nothing, so its transactions need not wait for the disk.
    """
    config = settings.load()
    app = create_app(config)
    connect(
        config.model_copy(update={"redis_url": None}), database_url=config.migration_database_url
    )
    event.listen(db.engine(), "connect", _without_waiting)
    with reading() as session:
        calendar = Calendar(end=clock.now(session))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with app.test_request_context(base_url=config.base_url), served(config) as stripe:
        make(World(SEED, calendar, stripe))


def make(world: World) -> None:
    """Make the whole world. The clock is the present's again at the end, however it ends."""
    for module in contributions.installed().job_modules:
        import_module(module)
    with moved_clock():
        arranged = deque(agenda.appointments(world))
        for day in _days(world):
            _live_a_day(world, arranged, day)
        _keep(arranged, world.calendar.end)
        _catch_up(world.calendar.end)
    with transaction() as session:
        matters.ask_for_report(session, world, now=world.calendar.end)


def _days(world: World) -> Iterator[datetime]:
    day = world.calendar.founded.replace(hour=0, minute=0)
    while day < world.calendar.end:
        yield day
        day += _DAY


def _live_a_day(world: World, arranged: deque[Appointment], day: datetime) -> None:
    """Keep the day's appointments, then let everybody work; once a week the background catches up."""
    _keep(arranged, min(day + _DAY, world.calendar.end - moments.LAST))
    if shifts := rota.on_day(world, day):
        with transaction() as session:
            _live(_sittings(session, world, shifts))
    if day.weekday() == _SUNDAY:
        _catch_up(min(day + _DAY, world.calendar.end))


def _keep(arranged: deque[Appointment], until: datetime) -> None:
    """Keep the appointments before a moment, each with the clock set and its jobs done."""
    while arranged and arranged[0].at < until:
        appointment = arranged.popleft()
        set_clock(appointment.at)
        appointment.act(appointment.at)
        work.drain()


def _sittings(session: Session, world: World, shifts: list[Shift]) -> list[Acting]:
    """A day's sittings: each expert one after the other, the experts beside one another."""
    mine: dict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        mine[shift.person.key].append(shift)
    return [working.sit_in_turn(session, world, each) for each in mine.values()]


def _live(actings: Iterable[Acting]) -> None:
    """Let everybody act in the order of time."""
    waiting = [(next(acting), number, acting) for number, acting in enumerate(actings)]
    heapq.heapify(waiting)
    while waiting:
        _moment, number, acting = heapq.heappop(waiting)
        following = next(acting, None)
        if following is not None:
            heapq.heappush(waiting, (following, number, acting))


def _catch_up(moment: datetime) -> None:
    """Run what the background would have run by then: sweeps, letters, scores, transfers."""
    set_clock(moment)
    work.tick(contributions.installed().sweeps)
    work.drain()


def _without_waiting(connection: Any, _record: object) -> None:  # noqa: ANN401  psycopg's own
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.autocommit = False
