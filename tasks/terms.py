"""What work is worth by the terms it was done under: exact fractions of a minor unit, never rounded.

Pure: payouts adds top-ups and rounds once, on the statement line.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Protocol

from portal.errors import Invalid

_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


class Span(Protocol):
    """A half-open stretch of credited time."""

    @property
    def started_at(self) -> datetime:
        """Its first instant."""

    @property
    def ended_at(self) -> datetime:
        """The first instant after it."""


class Submitted(Protocol):
    """A judgment, for rates that pay by the task."""

    @property
    def submitted_at(self) -> datetime:
        """When it was given."""


class Offer(Protocol):
    """Accepted terms."""

    @property
    def rates(self) -> list[Any]:
        """`[{"unit", "minor", "from", "until"}]`, as the terms hold them."""


@dataclass(frozen=True)
class Part:
    """Time that was paid at one rate: for the formula on a statement line."""

    hourly_minor: int
    seconds: Fraction

    @property
    def amount(self) -> Fraction:
        """Minor units."""
        return self.seconds * self.hourly_minor / 3600


@dataclass(frozen=True)
class DatedRate:
    """One price and when it holds."""

    minor: int
    starts_at: datetime
    ends_at: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether it is the price at the moment."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)


def price(segments: Iterable[Span], judgments: Iterable[Submitted], terms: Offer) -> Fraction:
    """What the segments and the judgments earn together, in minor units of the terms' currency.

    Raises `Invalid` where the terms have no hourly rate for some of the time.
    """
    return sum((part.amount for part in parts(segments, terms)), by_task(judgments, terms))


def parts(segments: Iterable[Span], terms: Offer, *, unit: str = "hour") -> list[Part]:
    """The segments' time by hourly rate, the lower rate first; a segment is split where a rate ends.

    `unit` is "training" for time that has an hourly rate of its own.
    """
    hourly = rates_of(terms, unit)
    seconds: dict[int, Fraction] = {}
    for segment in segments:
        for minor, length in _split(segment, hourly):
            seconds[minor] = seconds.get(minor, Fraction(0)) + exact_seconds(length)
    return [Part(minor, length) for minor, length in sorted(seconds.items())]


def by_task(judgments: Iterable[Submitted], terms: Offer) -> Fraction:
    """What the judgments earn where the terms pay by the task; nothing where they do not."""
    rates = rates_of(terms, "task")
    paid = (
        rate.minor for judgment in judgments for rate in rates if rate.holds(judgment.submitted_at)
    )
    return Fraction(sum(paid))  # fmt: skip


def exact_seconds(length: timedelta) -> Fraction:
    """Seconds to the microsecond, as a fraction."""
    return Fraction(length // _MICROSECOND, _SECOND // _MICROSECOND)


def hourly_at(terms: Offer, moment: datetime) -> int:
    """The hourly rate at a moment, in minor units. Raises `Invalid` where there is none."""
    for rate in rates_of(terms, "hour"):
        if rate.holds(moment):
            return rate.minor
    raise Invalid(f"These terms have no hourly rate on {moment:%d %B %Y}.")


def _split(segment: Span, rates: Sequence[DatedRate]) -> Iterator[tuple[int, timedelta]]:
    begin, end = segment.started_at, segment.ended_at
    while begin < end:
        rate = next((rate for rate in rates if rate.holds(begin)), None)
        if rate is None:
            raise Invalid(f"These terms have no hourly rate on {begin:%d %B %Y}.")
        until = end if rate.ends_at is None else min(end, rate.ends_at)
        yield rate.minor, until - begin
        begin = until


def rates_of(terms: Offer, unit: str) -> list[DatedRate]:
    """The prices of one unit, as the terms hold them."""
    return [
        DatedRate(
            row["minor"],
            datetime.fromisoformat(row["from"]),
            datetime.fromisoformat(row["until"]) if row["until"] else None,
        )
        for row in terms.rates
        if row["unit"] == unit
    ]
