"""Who sits down when, on which project, for how many tasks: planned from the seed, before any work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from demo import content_files
from demo.clockwork import WEEK
from demo.content_files import Person
from demo.world import World

_FILL: Final = 0.9
"""How much of a project's room is used when the demo begins: the rest is there to be worked."""
_EVENNESS: Final = 0.25
"""How far the quick do more than the slow: 0 would be all alike, 1 in proportion to their speed."""
_SITTINGS: Final = 4


@dataclass(frozen=True)
class Shift:
    """One sitting as it is planned."""

    person: Person
    project: str
    starts_at: datetime
    tasks: int = 1
    reading: timedelta = timedelta(0)
    """Time for the guideline, at the first sitting in a project."""


def on_day(world: World, day: datetime) -> list[Shift]:
    """Everybody's sittings of a day (UTC), in no order."""
    monday = day - timedelta(days=day.weekday())
    if monday < world.calendar.opens:
        return []
    return [
        shift
        for person in world.experts.values()
        for shift in _week_of(world, person, monday)
        if shift.starts_at.date() == day.date() and shift.starts_at < world.calendar.end
    ]


def starts(world: World, person: Person) -> datetime:
    """The day on which an expert begins: so many whole weeks before this one, or a week ago."""
    weeks = min(person.work.weeks if person.work else 0, world.calendar.weeks)
    return world.calendar.this_week - weeks * WEEK


def _week_of(world: World, person: Person, monday: datetime) -> Iterator[Shift]:
    work = person.work
    if work is None or monday < starts(world, person):
        return
    random = world.random("rota", person.key, world.calendar.hour_of(monday))
    first = monday == starts(world, person)
    for project in work.accuracy:
        wanted = _weekly_tasks(project)[person.key] * world.thinness * random.uniform(0.85, 1.15)
        days = sorted(random.sample(range(6), _sittings(wanted)))
        for number, day in enumerate(days):
            yield Shift(
                person=person,
                project=project,
                starts_at=_start(person, monday, day, random.randint(0, 1500)),
                tasks=round(wanted * (number + 1) / len(days)) - round(wanted * number / len(days)),
                reading=timedelta(minutes=random.randint(8, 15) if first and number == 0 else 0),
            )


def _sittings(wanted: float) -> int:
    return max(1, min(_SITTINGS, round(wanted / 5)))


def _start(person: Person, monday: datetime, day: int, seconds: int) -> datetime:
    if person.work is None:
        raise ValueError(f"{person.key} does not work")
    zone = ZoneInfo(person.timezone)
    date = (monday + timedelta(days=day)).date()
    begins = datetime.combine(date, person.work.usual_start, zone)
    return begins.astimezone(monday.tzinfo) + timedelta(seconds=seconds)


@cache
def _weekly_tasks(project: str) -> dict[str, float]:
    """How many tasks a week each expert of the project answers, so that it is filled in the end."""
    row = next(row for row in content_files.projects() if row["slug"] == project)
    room = row["overlap"] * sum(not case.gold for case in content_files.cases(project))
    answers = _FILL * room / (1 - row["gold_share"])
    works = {p.key: p.work for p in content_files.people() if p.work and project in p.work.accuracy}
    pace = {
        key: (work.hours_per_week / work.seconds_per_task[project]) ** _EVENNESS
        for key, work in works.items()
    }
    total = sum(pace[key] * (work.weeks + 0.5) for key, work in works.items())
    return {key: answers * pace[key] / total for key in works}
