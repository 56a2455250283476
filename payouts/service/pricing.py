"""From a timesheet to the lines it earns: exact fractions, rounded once for each line, in words.

Pure but for the rows it is given: what is computed here is computed again by the proof.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from payouts.models import LineKind
from portal.durations import hours
from portal.errors import Invalid
from portal.money import Money, plain, round_half_up
from tasks.credit import midnight
from tasks.models import Adjustment, Segment, Terms
from tasks.terms import hourly_at, parts

_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR: Final = 3600 * 10**6  # microseconds


@dataclass(frozen=True)
class Priced:
    """One line before it is written, with everything it is computed from."""

    kind: LineKind
    timesheet_id: int
    terms_id: int
    adjustment_id: int | None
    microseconds: int
    rate_minor: int
    amount: Money
    inputs: dict[str, Any]

    @property
    def formula(self) -> str:
        """How it is computed: time by rate, and what that makes."""
        rate = plain(Money(self.rate_minor, self.amount.currency))
        return f"{exact(self.microseconds)} \N{MULTIPLICATION SIGN} {rate} = {signed(self.amount)}"


def hourly_lines(
    segments: Iterable[Segment], terms: dict[int, Terms], *, timesheet_id: int
) -> Iterator[Priced]:
    """A timesheet's credited time, a line for each rate it was worked under."""
    by_terms: dict[int, list[Segment]] = {}
    for segment in segments:
        by_terms.setdefault(segment.terms_id, []).append(segment)
    for terms_id, worked in sorted(by_terms.items()):
        offer = terms[terms_id]
        if any(row["unit"] == "task" for row in offer.rates):
            raise Invalid("These terms pay by the task, which statements cannot do yet.")
        for part in parts(worked, offer):
            microseconds = int(part.seconds * 10**6)
            yield Priced(
                kind=LineKind.HOURLY,
                timesheet_id=timesheet_id,
                terms_id=terms_id,
                adjustment_id=None,
                microseconds=microseconds,
                rate_minor=part.hourly_minor,
                amount=_amount(microseconds, part.hourly_minor, offer.currency),
                inputs={"segments": [segment.id for segment in worked]},
            )


def adjustment_line(adjustment: Adjustment, terms: Terms, zone: ZoneInfo) -> Priced:
    """An approved adjustment, at the rate that held when its work day ended."""
    day_ends = midnight(adjustment.work_day + timedelta(days=1), zone)
    rate = hourly_at(terms, day_ends - _MICROSECOND)
    microseconds = adjustment.seconds * 10**6
    return Priced(
        kind=LineKind.ADJUSTMENT,
        timesheet_id=adjustment.timesheet_id,
        terms_id=terms.id,
        adjustment_id=adjustment.id,
        microseconds=microseconds,
        rate_minor=rate,
        amount=_amount(microseconds, rate, terms.currency),
        inputs={
            "work_day": adjustment.work_day.isoformat(),
            "reason": adjustment.reason,
            "by_rule": adjustment.decided_by_id is None,
        },
    )


def exact(microseconds: int) -> str:
    """A length to the last digit that the clock gave: `3 h 12 m 05 s`, `12.5 s`."""
    seconds, rest = divmod(abs(microseconds), 10**6)
    text = hours(seconds, seconds=True)
    if rest:
        digits = f"{rest:06d}".rstrip("0")
        text = f"{text.removesuffix(' s')}.{digits} s"
    return f"\N{MINUS SIGN}{text}" if microseconds < 0 else text


def signed(amount: Money) -> str:
    """The amount as in a formula, with a minus sign that is one."""
    return plain(amount).replace("-", "\N{MINUS SIGN}")


def _amount(microseconds: int, rate_minor: int, currency: str) -> Money:
    return Money(round_half_up(Fraction(microseconds * rate_minor, _HOUR)), currency)
