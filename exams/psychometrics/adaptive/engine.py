"""One step of an adaptive test: estimate, stop or choose; the same answers and seed give the same test."""

from dataclasses import dataclass, field

import numpy as np

from exams.psychometrics.adaptive.choosing import Choice
from exams.psychometrics.adaptive.content import Blueprint, Infeasible
from exams.psychometrics.adaptive.stopping import Reason, Stop
from exams.psychometrics.adaptive.table import Estimate, Sittings, Table, estimate

NOTHING = -1


@dataclass(frozen=True)
class Step:
    """What is known now and what comes next, one row a person."""

    estimate: Estimate
    reason: np.ndarray  # (persons,) of `Reason`
    item: np.ndarray  # (persons,) the next one, NOTHING where the test has ended


@dataclass(frozen=True)
class AdaptiveTest:
    """A bank with the rules of a test. Raises `Infeasible` when the rules cannot be kept."""

    table: Table
    stop: Stop
    choice: Choice = field(default_factory=Choice)
    blueprint: Blueprint | None = None
    admission: np.ndarray | None = None  # (items,) Sympson-Hetter's chance to be admitted to a test

    def __post_init__(self) -> None:
        """Refuse rules under which some test could not end well."""
        if self.stop.longest > self.table.count:
            raise Infeasible(
                f"a test of {self.stop.longest} questions from a bank of {self.table.count}"
            )
        if self.blueprint is not None:
            self.blueprint.check(shortest=self.stop.shortest, longest=self.stop.longest)

    def admitted(self, random: np.random.Generator, persons: int = 1) -> np.ndarray:
        """(persons, items) bool: which items each test may use, drawn once before it begins.

        Sympson and Hetter (1985) draw when an item is first preferred and set it aside for this test if
        the draw fails. Drawing for all items beforehand is the same experiment, and a replay of the
        events then needs nothing but the seed.
        """
        shape = (persons, self.table.count)
        if self.admission is None:
            return np.ones(shape, dtype=bool)
        return np.asarray(random.random(shape, dtype=np.float32) < self.admission)

    def step(
        self,
        sittings: Sittings,
        admitted: np.ndarray,
        random: np.random.Generator,
        closed: np.ndarray | None = None,  # (items,) bool: never to be asked in these sittings
    ) -> Step:
        """Estimate every sitting, end it or choose its next item. What has nothing left to ask ends too."""
        found = estimate(self.table, sittings)
        counts = None if self.blueprint is None else self.blueprint.counts(sittings.given)
        reason = self.stop.reasons(self.table, sittings, found)
        if self.blueprint is not None and counts is not None:
            early = (reason != Reason.LONGEST) & ~self.blueprint.met(counts)
            reason[early] = Reason.GOES_ON
        if (reason != Reason.GOES_ON).all():
            return Step(found, reason, np.full(len(reason), NOTHING))
        values = self.choice.values(self.table, sittings, found, random)
        values, may = self._within_blueprint(values, sittings, counts)
        if closed is not None:
            may &= ~closed
        reason[(reason == Reason.GOES_ON) & ~may.any(1)] = Reason.LONGEST
        wanted = self.choice.pick(_open(values, may, admitted), random)
        return Step(found, reason, np.where(reason == Reason.GOES_ON, wanted, NOTHING))

    def _within_blueprint(
        self, values: np.ndarray, sittings: Sittings, counts: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        if self.blueprint is None or counts is None:
            return values, ~sittings.given
        left = self.stop.longest - sittings.length
        penalty = self.blueprint.penalty(counts).astype(np.float32)[:, self.blueprint.area]
        may = self.blueprint.allowed(sittings.given, counts, left)
        return values - np.float32(self.blueprint.weight) * penalty, may


def _open(values: np.ndarray, may: np.ndarray, admitted: np.ndarray) -> np.ndarray:
    """Values with -inf where an item may not come. Where nothing admitted is left, the blueprint wins."""
    both = may & admitted
    stuck = ~both.any(1)
    if stuck.any():
        both[stuck] = may[stuck]
    return np.where(both, values, -np.inf)
