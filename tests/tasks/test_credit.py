"""The arithmetic of the clock, without a database."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.credit import clipped, credit, midnight, monday, pieces, week_bounds

LIMIT = timedelta(seconds=120)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
lengths = st.timedeltas(timedelta(0), timedelta(days=9))


@pytest.mark.parametrize(
    ("gap", "idle", "credited"),
    [(30, 0, 30), (75, 0, 75), (75.001, 0, 0), (30, 120, 30), (30, 130, 20), (30, 150, 0), (30, 900, 0), (0, 0, 0), (-5, 0, 0)],
)  # fmt: skip
def test_a_gap_is_credited_less_idleness_beyond_the_limit(
    gap: float, idle: float, credited: float
) -> None:
    found = credit(timedelta(seconds=gap), idle=timedelta(seconds=idle), limit=LIMIT)
    assert found == timedelta(seconds=credited)


@given(st.timedeltas(-timedelta(hours=1), timedelta(days=1)), lengths, lengths)
def test_credit_is_never_negative_and_never_more_than_the_gap(
    gap: timedelta, idle: timedelta, limit: timedelta
) -> None:
    assert timedelta(0) <= credit(gap, idle=idle, limit=limit) <= max(gap, timedelta(0))


@given(st.lists(st.floats(0.5, 75), min_size=1, max_size=40))
def test_without_idleness_beats_credit_all_the_time_whatever_their_rhythm(
    gaps: list[float],
) -> None:
    lengths = [timedelta(seconds=gap) for gap in gaps]
    credited = [credit(gap, idle=timedelta(0), limit=LIMIT) for gap in lengths]
    assert sum(credited, timedelta(0)) == sum(lengths, timedelta(0))


@given(st.integers(121, 3000))
def test_an_idle_person_is_credited_up_to_the_limit_however_the_beats_fall(idle: int) -> None:
    marks = [*range(30, idle, 30), idle]
    before = [0, *marks[:-1]]
    credited = [
        credit(timedelta(seconds=at - last), idle=timedelta(seconds=at), limit=LIMIT)
        for last, at in zip(before, marks, strict=True)
    ]
    assert sum(credited, timedelta(0)) == LIMIT


@pytest.mark.parametrize("said", [float("nan"), float("inf"), 1e300])
def test_an_absurd_idle_time_is_clipped_to_the_session(said: float) -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    assert clipped(said, since=start, now=start + timedelta(hours=1)) == timedelta(hours=1)
    assert clipped(-said if said == said else -1.0, since=start, now=start) == timedelta(0)  # noqa: PLR0124  nan


@given(moments, lengths, st.sampled_from(ZONES))
def test_pieces_lie_end_to_end_each_within_one_local_day(
    start: datetime, length: timedelta, zone: str
) -> None:
    place = ZoneInfo(zone)
    cut = list(pieces(start, start + length, place))
    assert sum((piece.ended_at - piece.started_at for piece in cut), timedelta(0)) == length
    for left, right in pairwise(cut):
        assert left.ended_at == right.started_at == midnight(right.day, place)
    for piece in cut:
        assert piece.started_at.astimezone(place).date() == piece.day
        last = piece.ended_at - timedelta(microseconds=1)
        assert last.astimezone(place).date() == piece.day


@pytest.mark.parametrize(
    ("zone", "week", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 23), 167),
        ("Europe/Berlin", date(2026, 10, 19), 169),
        ("Europe/Berlin", date(2026, 11, 2), 168),
        ("Australia/Lord_Howe", date(2026, 3, 30), 168.5),
        ("Asia/Kathmandu", date(2026, 3, 23), 168),
    ],
)
def test_weeks_are_as_long_as_their_zone_makes_them(zone: str, week: date, hours: float) -> None:
    start, end = week_bounds(week, ZoneInfo(zone))
    assert end - start == timedelta(hours=hours)


def test_a_day_whose_midnight_does_not_exist_begins_at_its_first_instant() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    begins = midnight(date(2026, 4, 24), cairo)
    assert begins.astimezone(cairo).hour == 1
    assert (begins - timedelta(microseconds=1)).astimezone(cairo).date() == date(2026, 4, 23)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_week_begins_on_monday(day: date) -> None:
    assert monday(day).weekday() == 0
    assert timedelta(0) <= day - monday(day) < timedelta(days=7)
