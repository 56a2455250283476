"""Keeping questions from wearing out: Sympson and Hetter's admission chances, found by simulation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from exams.psychometrics.adaptive.engine import AdaptiveTest
from exams.psychometrics.adaptive.simulation import run
from exams.psychometrics.items import Items


@dataclass(frozen=True)
class Round:
    """One round of the search: the chances it used and what they led to."""

    number: int
    admission: np.ndarray  # (items,)
    highest: float  # exposure of any item
    overlap: float
    length: float  # mean


def rounds(
    test: AdaptiveTest,
    real: Items,
    *,
    ceiling: float,
    random: np.random.Generator,
    persons: int = 4000,
    mean: float = 0.0,
    deviation: float = 1.0,
) -> Iterator[Round]:
    """Simulate, correct and simulate again (Sympson, Hetter 1985), for as long as somebody asks.

    An item given in a share P(A) of tests at an admission chance K would be preferred in P(S) = P(A) / K
    of them, so the next K is `ceiling` / P(S) where that is below one. At the end K is raised for as
    many of the least worn items as the longest test needs, so that no test runs out.
    """
    admission = np.ones(test.table.count)
    number = 0
    while True:
        number += 1
        theta = random.normal(mean, deviation, persons)
        outcome = run(replace(test, admission=admission), theta, random, real=real)
        yield Round(
            number,
            admission,
            float(outcome.exposure.max()),
            outcome.overlap,
            float(outcome.length.mean()),
        )
        preferred = outcome.exposure / admission
        admission = np.minimum(1.0, ceiling / np.maximum(preferred, 1e-9))
        admission[np.argsort(preferred)[: test.stop.longest]] = 1.0


def admission_for(
    test: AdaptiveTest,
    real: Items,
    *,
    ceiling: float,
    random: np.random.Generator,
    most_rounds: int = 20,
    persons: int = 4000,
) -> Round:
    """The round after which no item's exposure is above the ceiling, or the best of `most_rounds`."""
    best: Round | None = None
    for found in rounds(test, real, ceiling=ceiling, random=random, persons=persons):
        if best is None or found.highest < best.highest:
            best = found
        if found.highest <= ceiling or found.number == most_rounds:
            return best
    raise AssertionError("rounds come for as long as they are asked for")
