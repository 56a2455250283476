"""From a timesheet to the lines it earns: exact fractions, rounded once for each line, in words.

Pure but for the rows it is given: what is computed here is computed again by the proof.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from payouts.models import Bonus, LineKind
from portal.durations import hours
from portal.money import Money, plain, round_half_up
from tasks import rules
from tasks.credit import midnight
from tasks.models import Activity, Adjustment, Judgment, Segment, Terms
from tasks.rules import Rules
from tasks.terms import exact_seconds, hourly_at, parts, rates_of

_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR: Final = 3600 * 10**6  # microseconds
_TIMES: Final = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Priced:
    """One line before it is written, with everything it is computed from."""

    kind: LineKind
    amount: Money
    formula: str
    inputs: dict[str, Any]
    timesheet_id: int | None = None
    terms_id: int | None = None
    adjustment_id: int | None = None
    bonus_id: int | None = None
    microseconds: int = 0
    rate_minor: int = 0
    count: int | None = None
    judgment_ids: tuple[tuple[int, int], ...] = ()
    """Pool and judgment, where it pays by the task."""
    exact: Fraction = Fraction(0)
    """The amount in minor units before it was rounded."""


@dataclass(frozen=True)
class Quality:
    """How somebody did on a project's check tasks when a statement was drawn."""

    right: int
    judged: int


@dataclass(frozen=True)
class Work:
    """Everything on one timesheet that may earn something."""

    timesheet_id: int
    segments: Sequence[Segment]
    adjustments: Sequence[Adjustment]
    judgments: Sequence[Judgment]
    before: Mapping[tuple[int, int], Fraction]
    """Seconds of its tasks (pool, task) that were credited before this sheet's own."""
    quality: Quality
    zone: ZoneInfo


@dataclass(frozen=True)
class _Stretch:
    started_at: datetime
    ended_at: datetime


def lines(work: Work, terms: Mapping[int, Terms]) -> list[Priced]:
    """Every line of a timesheet, terms by terms: hours, tasks, what quality adds; then the rest."""
    found: list[Priced] = []
    for terms_id in sorted(terms):
        offer = terms[terms_id]
        rule = rules.parse(offer.rules)
        base = [*_hours(work, offer, rule), *_tasks(work, offer)]
        found += base
        found += _for_quality(work, offer, rule, base)
        if rates_of(offer, "hour"):
            found += (
                adjustment_line(a, offer, work.zone)
                for a in work.adjustments
                if a.terms_id == terms_id
            )
        mine = [line for line in found if line.terms_id == terms_id]
        found += _top_up(work, offer, rule, mine)
    return found


def hourly_lines(
    segments: Iterable[Segment], terms: Mapping[int, Terms], *, timesheet_id: int
) -> Iterator[Priced]:
    """Credited time alone, a line for each rate it was worked under, without any rule of the card."""
    work = Work(timesheet_id, list(segments), (), (), {}, Quality(0, 0), ZoneInfo("UTC"))
    for terms_id in sorted({segment.terms_id for segment in work.segments}):
        yield from _hours(work, terms[terms_id], Rules())


def adjustment_line(adjustment: Adjustment, terms: Terms, zone: ZoneInfo) -> Priced:
    """An approved adjustment, at the rate that held when its work day ended."""
    day_ends = midnight(adjustment.work_day + timedelta(days=1), zone)
    rate = hourly_at(terms, day_ends - _MICROSECOND)
    microseconds = adjustment.seconds * 10**6
    amount = Fraction(microseconds * rate, _HOUR)
    return Priced(
        kind=LineKind.ADJUSTMENT,
        amount=_rounded(amount, terms.currency),
        formula=_time_formula(microseconds, rate, amount, terms.currency),
        inputs={
            "work_day": adjustment.work_day.isoformat(),
            "reason": adjustment.reason,
            "by_rule": adjustment.decided_by_id is None,
        },
        timesheet_id=adjustment.timesheet_id,
        terms_id=terms.id,
        adjustment_id=adjustment.id,
        microseconds=microseconds,
        rate_minor=rate,
        exact=amount,
    )


def bonus_line(bonus: Bonus) -> Priced:
    """An approved bonus: its amount is its formula."""
    amount = Money(bonus.minor, bonus.currency)
    return Priced(
        kind=LineKind.BONUS,
        amount=amount,
        formula=f"bonus = {plain(amount)}",
        inputs={"reason": bonus.reason},
        bonus_id=bonus.id,
        exact=Fraction(bonus.minor),
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


def _hours(work: Work, terms: Terms, rule: Rules) -> Iterator[Priced]:
    """Time at the hourly rate, and training at its own where the card has one.

    Terms that pay by the task alone have no rate by the hour, and no line for it.
    """
    mine = [segment for segment in work.segments if segment.terms_id == terms.id]
    training = bool(rates_of(terms, "training"))
    kinds = {LineKind.HOURLY: "hour", LineKind.TRAINING: "training"}
    for kind, unit in kinds.items():
        taught = kind is LineKind.TRAINING
        of_kind = [s for s in mine if (training and s.activity is Activity.TRAINING) is taught]
        if rule.by_task:
            of_kind = [s for s in of_kind if s.activity is not Activity.TASK]
        if not of_kind or (rule.by_task and not rates_of(terms, unit)):
            continue
        for part in parts(_paid(of_kind, work, rule), terms, unit=unit):
            microseconds = int(part.seconds * 10**6)
            inputs: dict[str, Any] = {"segments": [segment.id for segment in of_kind]}
            if rule.aht_cap_seconds is not None:
                inputs["cap_seconds"] = rule.aht_cap_seconds
            yield Priced(
                kind=kind,
                amount=_rounded(part.amount, terms.currency),
                formula=_time_formula(microseconds, part.hourly_minor, part.amount, terms.currency),
                inputs=inputs,
                timesheet_id=work.timesheet_id,
                terms_id=terms.id,
                microseconds=microseconds,
                rate_minor=part.hourly_minor,
                exact=part.amount,
            )


def _paid(segments: Iterable[Segment], work: Work, rule: Rules) -> Iterator[Segment | _Stretch]:
    """The segments, each cut where its task has had all the time that the card pays for."""
    if rule.aht_cap_seconds is None:
        yield from segments
        return
    had = dict(work.before)
    for segment in sorted(segments, key=lambda each: each.started_at):
        if segment.pool_id is None or segment.task_id is None:
            yield segment
            continue
        task = (segment.pool_id, segment.task_id)
        length = exact_seconds(segment.ended_at - segment.started_at)
        left = max(Fraction(0), rule.aht_cap_seconds - had.get(task, Fraction(0)))
        had[task] = had.get(task, Fraction(0)) + length
        paid = min(left, length)
        if paid > 0:
            end = segment.started_at + timedelta(microseconds=int(paid * 10**6))
            yield _Stretch(segment.started_at, end)


def _tasks(work: Work, terms: Terms) -> Iterator[Priced]:
    """Judgments, a line for each rate that held when they were given."""
    mine = [judgment for judgment in work.judgments if judgment.terms_id == terms.id]
    for rate in rates_of(terms, "task"):
        held = [judgment for judgment in mine if rate.holds(judgment.submitted_at)]
        if not held:
            continue
        amount = Money(len(held) * rate.minor, terms.currency)
        price = plain(Money(rate.minor, terms.currency))
        yield Priced(
            kind=LineKind.TASK,
            amount=amount,
            formula=f"{len(held)} {_TIMES} {price} = {signed(amount)}",
            inputs={"judgments": len(held)},
            timesheet_id=work.timesheet_id,
            terms_id=terms.id,
            rate_minor=rate.minor,
            count=len(held),
            judgment_ids=tuple((judgment.pool_id, judgment.id) for judgment in held),
            exact=Fraction(amount.minor),
        )


def _for_quality(work: Work, terms: Terms, rule: Rules, base: Sequence[Priced]) -> Iterator[Priced]:
    """What the band of quality adds to hours and tasks, on a line of its own."""
    times = rule.multiplier(work.quality.right, work.quality.judged)
    earned = sum((line.exact for line in base if line.kind is not LineKind.TRAINING), Fraction(0))
    extra = earned * (times - 1)
    if extra <= 0:
        return
    amount = _rounded(extra, terms.currency)
    of = plain(_rounded(earned, terms.currency))
    yield Priced(
        kind=LineKind.QUALITY,
        amount=amount,
        formula=f"{of} {_TIMES} {float(times - 1):g} = {signed(amount)}",
        inputs={"right": work.quality.right, "judged": work.quality.judged, "times": str(times)},
        timesheet_id=work.timesheet_id,
        terms_id=terms.id,
        exact=extra,
    )


def _top_up(work: Work, terms: Terms, rule: Rules, mine: Sequence[Priced]) -> Iterator[Priced]:
    """What is missing to the guaranteed hour, over all time credited and approved under the terms."""
    if rule.guarantee_minor is None:
        return
    worked = [segment for segment in work.segments if segment.terms_id == terms.id]
    seconds = sum((exact_seconds(s.ended_at - s.started_at) for s in worked), Fraction(0))
    seconds += sum(a.seconds for a in work.adjustments if a.terms_id == terms.id)
    earned = sum(line.amount.minor for line in mine)
    missing = seconds * rule.guarantee_minor / 3600 - earned
    amount = _rounded(missing, terms.currency)
    if amount.minor <= 0:
        return
    microseconds = int(seconds * 10**6)
    least = plain(Money(rule.guarantee_minor, terms.currency))
    had = signed(Money(earned, terms.currency))
    yield Priced(
        kind=LineKind.GUARANTEE,
        amount=amount,
        formula=f"{exact(microseconds)} {_TIMES} {least} \N{MINUS SIGN} {had} = {signed(amount)}",
        inputs={"earned_minor": earned},
        timesheet_id=work.timesheet_id,
        terms_id=terms.id,
        rate_minor=rule.guarantee_minor,
        exact=missing,
    )


def _time_formula(microseconds: int, rate_minor: int, amount: Fraction, currency: str) -> str:
    """Time by rate, and what that makes."""
    rate = plain(Money(rate_minor, currency))
    return f"{exact(microseconds)} {_TIMES} {rate} = {signed(_rounded(amount, currency))}"


def _rounded(amount: Fraction, currency: str) -> Money:
    return Money(round_half_up(amount), currency)
