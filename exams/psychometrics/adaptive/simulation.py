"""Many adaptive tests at once with people who never were: lengths, errors, exposure, decisions."""

from dataclasses import dataclass

import numpy as np

from exams.psychometrics.adaptive.engine import NOTHING, AdaptiveTest
from exams.psychometrics.adaptive.stopping import Reason
from exams.psychometrics.adaptive.table import Sittings
from exams.psychometrics.items import Items

_BLOCK = 2000  # persons at a time


@dataclass(frozen=True)
class Outcome:
    """How every simulated test ended, one row a person."""

    truth: np.ndarray  # (persons,)
    theta: np.ndarray  # (persons,)
    se: np.ndarray  # (persons,)
    length: np.ndarray  # (persons,)
    reason: np.ndarray  # (persons,) of `Reason`
    given: np.ndarray  # (persons, items) bool
    above: np.ndarray  # (persons,) bool: the decision at the cut, False where there is none

    @property
    def exposure(self) -> np.ndarray:
        """(items,): the share of tests in which each item was given."""
        return np.asarray(self.given.mean(0))

    @property
    def overlap(self) -> float:
        """How many questions two tests share on average, over their mean length."""
        persons, times = len(self.given), self.given.sum(0).astype(np.float64)
        shared = (times * (times - 1)).sum() / (persons * (persons - 1))
        return float(shared / self.length.mean())


def run(
    test: AdaptiveTest,
    truth: np.ndarray,  # (persons,) abilities
    random: np.random.Generator,
    *,
    real: Items,
) -> Outcome:
    """Let people of these abilities take the test; `real` are the items as they are, not as estimated."""
    parts = [
        _block(test, truth[start : start + _BLOCK], random, real)
        for start in range(0, len(truth), _BLOCK)
    ]
    return Outcome(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _block(
    test: AdaptiveTest, truth: np.ndarray, random: np.random.Generator, real: Items
) -> tuple[np.ndarray, ...]:
    persons = len(truth)
    theta, se, reason = np.zeros(persons), np.zeros(persons), np.zeros(persons, dtype=np.int64)
    length, above = np.zeros(persons, dtype=np.int64), np.zeros(persons, dtype=bool)
    given = np.zeros((persons, test.table.count), dtype=bool)
    reach = (
        real.probabilities(truth).cumsum(1)[:, :-1].astype(np.float32)
    )  # (items, steps, persons)
    admitted = test.admitted(random, persons)
    who, sittings = np.arange(persons), Sittings.start(test.table, persons)
    while len(who):
        step = test.step(sittings, admitted, random)
        ended = step.item == NOTHING
        done = who[ended]
        theta[done], se[done] = step.estimate.theta[ended], step.estimate.se[ended]
        reason[done], length[done] = step.reason[ended], sittings.length[ended]
        given[done] = sittings.given[ended]
        if test.stop.cut is not None:
            evidence = test.stop.cut.evidence(test.table, sittings, step.estimate)
            above[done] = test.stop.cut.above(evidence)[ended]
        if ended.any():
            who, admitted, sittings = who[~ended], admitted[~ended], sittings.only(~ended)
        if len(who):
            item = step.item[~ended]
            luck = random.random(len(who))
            category = (luck[:, None] > reach[item, :, who]).sum(1)
            sittings.answer(test.table, item, category)
    return truth, theta, se, length, reason, given, above


def reasons(outcome: Outcome) -> dict[Reason, int]:
    """How many tests ended for which reason."""
    return {reason: int((outcome.reason == reason).sum()) for reason in Reason}
