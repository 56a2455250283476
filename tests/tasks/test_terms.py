"""What work is worth, exactly."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Invalid
from tasks.terms import by_task, hourly_at, parts, price

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class Offer:
    rates: list[Any]


@dataclass(frozen=True)
class Given:
    submitted_at: datetime


def rate(
    minor: int, start: datetime, end: datetime | None = None, unit: str = "hour"
) -> dict[str, str | int | None]:
    until = end.isoformat() if end else None
    return {"unit": unit, "minor": minor, "from": start.isoformat(), "until": until}


def span(begin: float, end: float) -> Span:
    return Span(START + timedelta(seconds=begin), START + timedelta(seconds=end))


FLAT = Offer([rate(3850, START)])


def test_time_is_worth_its_share_of_an_hour() -> None:
    assert price([span(0, 11525)], [], FLAT) == Fraction(11525 * 3850, 3600)


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=30))
def test_cutting_time_into_pieces_never_changes_its_worth(microseconds: list[int]) -> None:
    edges = [START]
    for length in microseconds:
        edges.append(edges[-1] + timedelta(microseconds=length))
    cut = [Span(left, right) for left, right in zip(edges, edges[1:], strict=False)]  # noqa: RUF007
    assert price(cut, [], FLAT) == price([Span(edges[0], edges[-1])], [], FLAT)


def test_a_span_over_a_rate_change_is_split_there() -> None:
    change = START + timedelta(seconds=1800)
    dated = Offer([rate(3600, START, change), rate(7200, change)])
    found = parts([span(0, 3600)], dated)
    assert [(part.hourly_minor, int(part.seconds)) for part in found] == [
        (3600, 1800),
        (7200, 1800),
    ]
    assert price([span(0, 3600)], [], dated) == 1800 + 3600
    assert (hourly_at(dated, START), hourly_at(dated, change)) == (3600, 7200)


def test_time_without_a_rate_is_refused_and_not_worth_nothing() -> None:
    dated = Offer([rate(3600, START, START + timedelta(seconds=10))])
    for unpaid in (span(-1, 1), span(5, 11)):
        with pytest.raises(Invalid, match="no hourly rate"):
            price([unpaid], [], dated)


def test_tasks_are_worth_their_own_rate_where_there_is_one() -> None:
    both = Offer([rate(3600, START), rate(25, START, unit="task")])
    given_ = [Given(START), Given(START + timedelta(hours=1)), Given(START - timedelta(seconds=1))]
    assert by_task(given_, both) == 50
    assert price([span(0, 1)], given_, both) == 51
    assert by_task(given_, FLAT) == 0
