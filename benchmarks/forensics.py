"""Whether copying is found and the honest are left alone: `python -m benchmarks.forensics [ROOMS]`.

Rooms of 2,000 people answer 40 questions with five options; a tenth of them copied 40 % from a neighbour.
The option model is calibrated on the very answers among which the copies are. The share of honest pairs
flagged is measured on pairs in which neither copied nor was copied from. Then all pairs of 10,000 people
on 100 questions, by the clock. Exits with 1 when an aim is missed.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from exams.psychometrics import simulate
from exams.psychometrics.calibration import calibrate
from exams.psychometrics.forensics.all_pairs import all_pairs
from exams.psychometrics.forensics.curves import Curves
from exams.psychometrics.forensics.pairs import generalised_binomial, omega, omega_p
from exams.psychometrics.items import Items

SEED: Final = 20261126
LEVEL: Final = 0.001
QUESTIONS: Final = 40
OPTIONS: Final = 5
PEOPLE: Final = 2000
COPIERS: Final = 200
SHARE: Final = 0.4
HONEST_PAIRS: Final = 100_000  # drawn a room
MANY_PEOPLE, MANY_QUESTIONS = 10_000, 100
SECONDS: Final = 60.0

Test = Callable[[Curves, np.ndarray, np.ndarray], np.ndarray]


class NotDone(RuntimeError):
    """The work that a figure would rest on was not done."""


def main(rooms: int) -> int:
    """Measure, print, and say by the exit code whether every aim was met."""
    random = np.random.default_rng(SEED)
    print(f"{rooms} rooms of {PEOPLE} people, {QUESTIONS} questions with {OPTIONS} options;")
    print(f"{COPIERS} a room copied {SHARE:.0%}; seed {SEED}, {os.cpu_count()} cores")
    flagged = {name: [0, 0, 0, 0] for name in _TESTS}  # honest flagged, honest, found, copiers
    for _ in range(rooms):
        _one_room(random, flagged)
    missed = sum(_printed(name, *counts) for name, counts in flagged.items())
    missed += _everybody(random)
    print("every aim met" if not missed else f"{missed} aims missed")
    return 1 if missed else 0


def _one_room(random: np.random.Generator, flagged: dict[str, list[int]]) -> None:
    items = simulate.nominal_items(random, QUESTIONS, OPTIONS)
    honest = simulate.answers(random, items, simulate.abilities(random, PEOPLE))
    pairs = random.permutation(PEOPLE)[: 2 * COPIERS].reshape(-1, 2)
    choices = simulate.copied(random, honest, pairs, SHARE)
    fit = calibrate(choices, "nominal")
    if not fit.converged:
        raise NotDone("the option model did not converge")
    curves = Curves.of(Items.of(fit))
    bystanders = np.setdiff1d(np.arange(PEOPLE), pairs)
    drawn = random.choice(bystanders, (HONEST_PAIRS, 2))
    drawn = drawn[drawn[:, 0] != drawn[:, 1]]
    for name, test in _TESTS.items():
        clean, copied = test(curves, choices, drawn), test(curves, choices, pairs)
        if not (np.isfinite(clean).all() and np.isfinite(copied).all()):
            raise NotDone(f"{name}: a pair without a p-value")
        for place, number in enumerate(
            ((clean <= LEVEL).sum(), len(clean), (copied <= LEVEL).sum(), len(copied))
        ):
            flagged[name][place] += int(number)


def _printed(name: str, wrong: int, honest: int, found: int, copiers: int) -> int:
    if honest * LEVEL < 50 or copiers < 100:
        raise NotDone(f"{name}: {honest} honest pairs and {copiers} copiers are too few")
    type_one, power = wrong / honest, found / copiers
    print(name)
    print(
        f"  {_mark(type_one <= LEVEL)} honest pairs flagged {type_one:.5f} of {honest}, aim <= {LEVEL}"
    )
    print(f"  {_mark(power >= 0.5)} copiers found {power:.3f} of {copiers}, aim >= .50")
    return (type_one > LEVEL) + (power < 0.5)


def _everybody(random: np.random.Generator) -> int:
    """All pairs of many people, twelve in a hundred of them in pairs who copied."""
    items = simulate.nominal_items(random, MANY_QUESTIONS, OPTIONS)
    honest = simulate.answers(random, items, simulate.abilities(random, MANY_PEOPLE))
    pairs = random.permutation(MANY_PEOPLE)[: 2 * 600].reshape(-1, 2)
    choices = simulate.copied(random, honest, pairs, SHARE)
    rooms = random.integers(0, 100, MANY_PEOPLE)
    rooms[pairs[:, 0]] = rooms[pairs[:, 1]]
    curves = Curves.of(items)
    missed = 0
    for told, apart in (("everybody with everybody", None), ("within a hundred rooms", rooms)):
        started, begun = time.perf_counter(), time.process_time()
        found = all_pairs(curves, choices, apart=apart, most=200_000)
        seconds, worked = time.perf_counter() - started, time.process_time() - begun
        everybody = MANY_PEOPLE * (MANY_PEOPLE - 1) // 2
        covered = found.flags.compared + found.honest_pairs
        if covered != everybody or not len(found.flags.p):
            raise NotDone(f"{covered} of {everybody} pairs were looked at")
        true = {tuple(sorted(pair)) for pair in pairs.tolist()}
        hits = sum(tuple(sorted(pair)) in true for pair in found.flags.found.tolist())
        wrong = (len(found.flags.p) - hits) / (found.flags.compared - len(pairs))
        print(f"{MANY_PEOPLE} people, {MANY_QUESTIONS} questions, {told}: {covered} pairs")
        print(
            f"  {_mark(seconds <= SECONDS)} {seconds:.1f} s ({worked:.1f} s of processor), aim <= 60;"
            f" load {os.getloadavg()[0]:.1f}, peak memory"
            f" {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
        )
        print(
            f"  {_mark(wrong <= LEVEL)} other pairs flagged {wrong:.5f}, aim <= {LEVEL};"
            f" {hits} of {len(pairs)} copiers found; by chance {found.flags.by_chance:.0f} flags"
            f" expected; threshold {found.threshold:.2f} from {found.honest_pairs} honest pairs"
        )
        missed += (seconds > SECONDS) + (wrong > LEVEL)
    return missed


def _mark(met: bool) -> str:
    return "ok  " if met else "MISS"


_TESTS: Final[dict[str, Test]] = {
    "omega (Wollack)": lambda curves, choices, pairs: omega_p(omega(curves, choices, pairs)),
    "generalised binomial test": generalised_binomial,
}

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
