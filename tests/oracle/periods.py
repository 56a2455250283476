"""Seeded stretches of one expert's work, as raw signs: what the oracle and the product are both given.

Only the standard library. Moments are whole seconds after `Period.begins`, so that an oracle which
walks the seconds is exact. Periods crowd around what goes wrong: nights in which clocks change, half
an hour on Lord Howe, midnights that do not exist in Cairo, zones at a quarter of an hour, leap days,
the turn of the year, rates that change in the middle of a shift, planned times that run out.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

ZONES: Final = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo",
    "America/St_Johns", "Pacific/Chatham", "Asia/Beirut", "UTC", "Africa/Lagos", "America/Santiago",
)  # fmt: skip
CURRENCIES: Final = ("USD", "EUR", "JPY", "KWD")
_LEAP_DAYS: Final = (datetime(2024, 2, 29, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC))
_GAPS: Final = (5, 20, 29, 30, 31, 45, 60, 74, 75, 76, 80, 120, 400, 700, 2000)
_OFTEN: Final = (6, 9, 9, 30, 9, 6, 6, 5, 6, 5, 3, 3, 2, 1, 1)


@dataclass(frozen=True)
class Rate:
    """Minor units an hour (or a task) from a second on, until another or for good."""

    minor: int
    starts: int
    ends: int | None
    unit: str = "hour"


@dataclass(frozen=True)
class Offer:
    """What a project offers: dated rates and the rules that terms freeze."""

    currency: str
    zone: str
    rates: tuple[Rate, ...]
    planned: int
    idle_limit: int
    hold: int
    words: int
    """Words of each task: half a second each is how long one may read."""


@dataclass(frozen=True)
class Sign:
    """Something that reaches the server at a second: `kind` says which fields count."""

    at: int
    kind: str
    project: int = 0
    idle: int = 0
    seq: int = 0
    back: int = 0
    """How many take-overs ago the tab that sends this beat had the clock."""


@dataclass(frozen=True)
class Period:
    """One expert, one or two projects, and everything that arrived."""

    seed: int
    begins: datetime
    offers: tuple[Offer, ...]
    later: tuple[tuple[Rate, ...], ...]
    """The rates of each project's second card, for `accept`."""
    signs: tuple[Sign, ...] = field(repr=False)


def period(seed: int) -> Period:
    """The period of a seed: always the same."""
    random = Random(f"period:{seed}")  # noqa: S311  repeatable by seed
    zone = random.choice(ZONES)
    begins = _beginning(random, zone)
    offers = tuple(_offer(random, zone if number == 0 else random.choice(ZONES)) for number in range(random.choice((1, 1, 2))))  # fmt: skip
    later = tuple(_rates(random) for _ in offers)
    return Period(seed, begins, offers, later, tuple(_signs(random, len(offers))))


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The hours in which a zone's clocks change, from 2025 to 2028."""
    found, hour, place = [], datetime(2025, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    before = hour.astimezone(place).utcoffset()
    while hour.year < 2029:
        hour += timedelta(hours=1)
        now = hour.astimezone(place).utcoffset()
        if now != before:
            found.append(hour)
        before = now
    return tuple(found)


def _beginning(random: Random, zone: str) -> datetime:
    """Up to half an hour before something odd, most of the time."""
    odd = [*changes(zone), *_LEAP_DAYS, datetime(2027, 12, 31, 23, 30, tzinfo=UTC)]
    roughly = random.choice(odd)
    kind = random.random()
    if kind < 0.5:
        return roughly - timedelta(seconds=random.randint(0, 1800))
    local = roughly.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0)
    if kind < 0.8:  # shortly before that day's midnight
        return local.astimezone(UTC) - timedelta(seconds=random.randint(0, 1500))
    monday = local - timedelta(days=local.weekday())
    return monday.astimezone(UTC) - timedelta(seconds=random.randint(0, 1500))


def _offer(random: Random, zone: str) -> Offer:
    planned = random.choice((60, 90, 150, 360, 3600))
    return Offer(
        currency=random.choice(CURRENCIES),
        zone=zone,
        rates=_rates(random),
        planned=planned,
        idle_limit=random.choice((30, 60, 120)),
        hold=max(planned, random.choice((600, 3600))),
        words=random.choice((0, 0, 100, 280, 800)),
    )


def _rates(random: Random) -> tuple[Rate, ...]:
    """An hourly rate from long ago, changing once or twice at odd seconds; at times one by the task."""
    marks = sorted(random.sample(range(1, 3000), random.choice((0, 1, 2))))
    edges = [-(10**6), *marks]
    ends = [*marks, None]
    hourly = [
        Rate(random.choice((1, 999, 3850, 4999, 12345)), start, end)
        for start, end in zip(edges, ends, strict=True)
    ]
    by_task = (
        [Rate(random.choice((7, 150)), -(10**6), None, "task")] if random.random() < 0.3 else []
    )
    return (*hourly, *by_task)


def _signs(random: Random, projects: int) -> list[Sign]:
    """A shift: a start, beats in and out of order, answers, breaks, other tabs, other projects."""
    signs, at, project, seq = [Sign(0, "start", 0)], 0, 0, 0
    for _ in range(random.randint(15, 40)):
        at += random.choices(_GAPS, _OFTEN)[0]
        kind = random.choices(
            ("beat", "late", "submit", "skip", "start", "other", "stop", "sweep", "expire", "accept", "extend"),
            (60, 6, 16, 3, 5, 4, 2, 3, 2, 2, 6),
        )[0]  # fmt: skip
        if kind == "beat":
            seq += random.choice((1, 1, 1, 2))
            signs.append(Sign(at, "beat", project, _idle(random), seq))
            if random.random() < 0.1:  # sent again, its answer was lost
                signs.append(Sign(at + random.randint(0, 4), "beat", project, _idle(random), seq))
                at = signs[-1].at
            continue
        if kind == "late":  # an older number, or a tab that has lost the clock
            back = random.choice((0, 1, 2))
            number = max(1, seq - random.choice((1, 3))) if not back else seq + 5
            signs.append(Sign(at, "beat", project, 0, number, back))
            continue
        if kind == "other":
            project, kind = (project + 1) % projects, "start"
        if kind == "start":
            seq = 0
        signs.append(Sign(at, kind, project))
    return signs


def _idle(random: Random) -> int:
    return random.choices((0, random.randint(0, 40), random.randint(25, 200), 10**6), (60, 20, 18, 2))[0]  # fmt: skip
