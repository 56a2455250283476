"""What an adaptive test achieves on a bank of 1,000 3PL questions: `python -m benchmarks.cat [PERSONS]`.

Bank: a ~ LN(.15, .3), b ~ N(0, 1), c ~ Beta(8, 32); people N(0, 1); five areas, each with a minimum and a
maximum. Precision, exposure control, decisions at a cut (true parameters, and parameters estimated from
1,000 people), and the time of one step as the web process takes it. Exits with 1 when an aim is missed.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from exams.psychometrics import simulate
from exams.psychometrics.adaptive.choosing import Choice
from exams.psychometrics.adaptive.content import Blueprint
from exams.psychometrics.adaptive.engine import AdaptiveTest
from exams.psychometrics.adaptive.exposure import admission_for
from exams.psychometrics.adaptive.simulation import Outcome, run
from exams.psychometrics.adaptive.stopping import Cut, Reason, Rule, Stop
from exams.psychometrics.adaptive.table import Sittings, Table
from exams.psychometrics.calibration import calibrate
from exams.psychometrics.items import Items

SEED: Final = 20261126
BANK: Final = 1000
AREAS: Final = 5
SE: Final = 0.30  # where a test stops
CEILING: Final = 0.21  # of exposure, for an overlap under .18
CUT: Final = 1.0
HARDEST_CUT: Final = 0.0  # where most people are: measured too, though no aim is set for it
CALIBRATED_ON: Final = 1000
STEPS: Final = 5000


class NotDone(RuntimeError):
    """The work that a figure would rest on was not done."""


@dataclass(frozen=True)
class Figure:
    """One measured number against its aim."""

    name: str
    value: float
    aim: str
    met: bool

    def __str__(self) -> str:
        return (
            f"  {'ok  ' if self.met else 'MISS'} {self.name:52} {self.value:9.4f}   aim {self.aim}"
        )


def main(persons: int) -> int:
    """Measure, print, and say by the exit code whether every aim was met."""
    random = np.random.default_rng(SEED)
    bank = simulate.binary_items(random, BANK)
    blueprint = Blueprint.of(
        np.arange(BANK) % AREAS, np.full(AREAS, 1), np.full(AREAS, 25), weight=0.1
    )
    print(f"{BANK} questions, {persons} people a run, seed {SEED}, {os.cpu_count()} cores")
    free = AdaptiveTest(Table.of(bank), Stop(shortest=5, longest=80, se=SE), blueprint=blueprint)
    outcome, figures = _measured("precision", free, bank, persons, random)
    missed = _printed("Maximum information until SE", figures + list(_precision(outcome)))
    held = _controlled(free, bank, random)
    worn, figures = _measured("exposure", held, bank, persons, random)
    missed += _printed("Sympson-Hetter", figures + list(_exposure(worn, outcome)))
    estimated = _estimated(bank, random)
    for told, items in (("true parameters", bank), (f"from {CALIBRATED_ON} people", estimated)):
        test = _deciding(items, blueprint, CUT)
        decided, figures = _measured(told, test, bank, persons, random)
        missed += _printed(f"SPRT at {CUT}, {told}", figures + list(_decisions(decided, CUT)))
    hard, _ = _measured(
        "most people at the cut", _deciding(bank, blueprint, HARDEST_CUT), bank, persons, random
    )
    _printed(
        f"SPRT at {HARDEST_CUT}, for comparison, not counted", list(_decisions(hard, HARDEST_CUT))
    )
    missed += _printed("One step, one person, with replay", list(_steps(held, bank, random)))
    print("every aim met" if not missed else f"{missed} aims missed")
    return 1 if missed else 0


def _measured(
    name: str, test: AdaptiveTest, bank: Items, persons: int, random: np.random.Generator
) -> tuple[Outcome, list[Figure]]:
    """Run a test on fresh people; refuse to go on unless each of them really took one."""
    started = time.perf_counter()
    found = run(test, simulate.abilities(random, persons), random, real=bank)
    taken = found.given.sum(1)
    if len(found.length) != persons or (taken != found.length).any() or found.length.min() < 1:
        raise NotDone(f"{name}: {len(found.length)} of {persons} tests, answers do not add up")
    if not np.isfinite(found.theta).all() or (found.reason == Reason.GOES_ON).any():
        raise NotDone(f"{name}: a test has no end or no estimate")
    blueprint = test.blueprint
    if blueprint is None:
        raise NotDone(f"{name}: no blueprint to meet")
    counts = blueprint.counts(found.given)
    broken = ((counts < blueprint.least) | (counts > blueprint.most)).any(1).sum()
    seconds = time.perf_counter() - started
    print(f"  ({name}: {found.length.sum()} answers by {persons} people in {seconds:.0f} s)")
    return found, [Figure("tests that break their blueprint", float(broken), "0", broken == 0)]


def _precision(found: Outcome) -> Iterator[Figure]:
    error = found.theta - found.truth
    precise = (found.se <= 0.30).mean()
    rmse, bias = float(np.sqrt((error**2).mean())), float(error.mean())
    yield Figure("mean length", found.length.mean(), "<= 19", found.length.mean() <= 19)
    yield Figure("tests that end with SE <= .30", precise, ">= .99", precise >= 0.99)
    yield Figure("RMSE", rmse, "<= .30", rmse <= 0.30)
    yield Figure("bias", bias, "within .01", abs(bias) <= 0.01)


def _controlled(free: AdaptiveTest, bank: Items, random: np.random.Generator) -> AdaptiveTest:
    found = admission_for(free, bank, ceiling=CEILING, random=random, most_rounds=10)
    print(f"  (admission chances of round {found.number}: highest exposure {found.highest:.3f})")
    return replace(free, admission=found.admission)


def _exposure(worn: Outcome, free: Outcome) -> Iterator[Figure]:
    highest, more = worn.exposure.max(), worn.length.mean() - free.length.mean()
    print(f"  (without control: highest {free.exposure.max():.2f}, overlap {free.overlap:.2f})")
    yield Figure("highest exposure", highest, "<= .25", highest <= 0.25)
    yield Figure("overlap", worn.overlap, "<= .18", worn.overlap <= 0.18)
    yield Figure("questions more than without", more, "<= 5", more <= 5)


def _deciding(items: Items, blueprint: Blueprint, at: float) -> AdaptiveTest:
    cut = Cut(at=at, rule=Rule.SPRT, indifference=0.15, false_pass=0.15, false_fail=0.15)
    return AdaptiveTest(
        Table.of(items), Stop(shortest=5, longest=75, cut=cut), Choice(at=at), blueprint
    )


def _decisions(found: Outcome, cut: float) -> Iterator[Figure]:
    right = found.above == (found.truth >= cut)
    far = np.abs(found.truth - cut) > 0.25
    yield Figure("mean length", found.length.mean(), "<= 18", found.length.mean() <= 18)
    yield Figure("right decisions", right.mean(), ">= .95", right.mean() >= 0.95)
    yield Figure(
        "right decisions beyond ±.25", right[far].mean(), ">= .99", right[far].mean() >= 0.99
    )


def _estimated(bank: Items, random: np.random.Generator) -> Items:
    """The bank as 1,000 people show it: they answer it in ten sessions of a hundred questions."""
    theta = simulate.abilities(random, CALIBRATED_ON)
    parts = []
    for session in np.split(np.arange(BANK), 10):
        given = simulate.answers(random, bank.take(session), theta)
        varied = given.std(0) > 0
        if not varied.all():
            raise NotDone("a question that everybody answered alike cannot be calibrated")
        fit = calibrate(given, "3pl", options=5)
        if not fit.converged:
            raise NotDone("a calibration did not converge")
        parts.append(Items.of(fit))
    found = Items.binary(
        np.concatenate([part.slope for part in parts]),
        np.concatenate([part.difficulty[:, 0] for part in parts]),
        np.concatenate([part.guessing for part in parts]),
    )
    gap = np.sqrt(((found.slope - bank.slope) ** 2).mean())
    print(f"  (calibrated on {CALIBRATED_ON} people: RMSE of slopes {gap:.3f})")
    return found


def _steps(test: AdaptiveTest, bank: Items, random: np.random.Generator) -> Iterator[Figure]:
    """Time what a request does: replay the answers, redraw what the seed admits, stop or choose."""
    seconds: list[float] = []
    worked: list[float] = []
    while len(seconds) < STEPS:
        seed, theta = int(random.integers(2**32)), simulate.abilities(random, 1)
        items: list[int] = []
        categories: list[int] = []
        while len(items) < test.stop.longest:
            started, begun = time.perf_counter(), time.thread_time()
            sitting = Sittings.replay(test.table, items, categories)
            admitted = test.admitted(np.random.default_rng(seed))
            step = test.step(sitting, admitted, np.random.default_rng((seed, len(items))))
            worked.append(time.thread_time() - begun)
            seconds.append(time.perf_counter() - started)
            if (item := int(step.item[0])) < 0:
                break
            chance = bank.take(np.array([item])).probabilities(theta)[0, 1, 0]
            items.append(item)
            categories.append(int(random.random() < chance))
    busy = os.getloadavg()[0]
    for name, measured in (("by the clock", seconds), ("of the processor", worked)):
        median, p99 = np.percentile(np.array(measured) * 1000, [50, 99])
        print(f"  ({len(measured)} steps, load {busy:.1f}, {name}: median {median:.3f} ms)")
        yield Figure(f"p99 of a step {name}, ms", float(p99), "<= .25", bool(p99 <= 0.25))


def _printed(title: str, figures: list[Figure]) -> int:
    print(title)
    for figure in figures:
        print(figure)
    return sum(not figure.met for figure in figures)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
