"""Compares what the product credited with what the oracle says, period by period."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields

from sqlalchemy.orm import Session

from tests.oracle.periods import Period, changes, period
from tests.oracle.play import played
from tests.oracle.second_by_second import Found, owed


@dataclass
class Tally:
    """What was compared, and where the two do not agree."""

    counted: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Put another's numbers beside these."""
        self.counted += other.counted
        self.differences += other.differences

    def lines(self) -> Iterable[str]:
        """The numbers as a table, the differences below."""
        for name, count in sorted(self.counted.items()):
            yield f"{name:<44}{count:>12,}"
        yield f"{'differences':<44}{len(self.differences):>12,}"
        yield from self.differences[:20]


def compare(session: Session, seeds: Iterable[int]) -> Tally:
    """Each seed's period through both, the product's rows rolled back after each."""
    tally = Tally()
    for seed in seeds:
        given = period(seed)
        outer = session.begin_nested()
        try:
            got = played(session, given)
        finally:
            outer.rollback()
            session.expunge_all()
        _note(tally, given, owed(given), got)
    return tally


def _note(tally: Tally, given: Period, should: Found, got: Found) -> None:
    for each in fields(Found):
        if getattr(should, each.name) != getattr(got, each.name):
            tally.differences.append(
                f"seed {given.seed}, {each.name}: {getattr(should, each.name)} ≠ {getattr(got, each.name)}"
            )
    last = given.signs[-1].at
    tests: dict[str, Callable[[], int]] = {
        "periods": lambda: 1,
        "signs": lambda: len(given.signs),
        "seconds credited": lambda: should.seconds,
        "tasks answered": lambda: len(should.answered),
        "gaps offered": lambda: len(should.claims),
        "seconds granted after the fact": lambda: should.adjusted,
        "periods over two local days": lambda: any(_days(should, n) > 1 for n in range(2)),
        "periods over two local weeks": lambda: any(_weeks(should, n) > 1 for n in range(2)),
        "periods in which the clocks change": lambda: _changes(given, last),
        "periods with a second rate card": lambda: any(s.kind == "accept" for s in given.signs),
    }
    for name, count in tests.items():
        tally.counted[name] += int(count())
    for offer in given.offers:
        tally.counted[f"projects paid in {offer.currency}"] += 1


def _days(found: Found, number: int) -> int:
    return sum(project == number for project, _day in found.by_day)


def _weeks(found: Found, number: int) -> int:
    return sum(project == number for project, _week in found.by_week)


def _changes(given: Period, last: int) -> bool:
    zones = {offer.zone for offer in given.offers}
    return any(
        0 <= (change - given.begins).total_seconds() <= last
        for zone in zones
        for change in changes(zone)
    )
