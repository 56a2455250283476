"""A bank as a table of numbers over a grid of abilities, and what answers say on that grid."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from exams.psychometrics.items import Items

_FLOOR = 1e-12


@dataclass(frozen=True)
class Table:
    """Everything an adaptive step reads: computed once from a calibration, kept as arrays."""

    theta: np.ndarray  # (points,) evenly spaced
    log_prior: np.ndarray  # (points,)
    log_chance: np.ndarray  # (items, categories, points)
    information: np.ndarray  # (points, items), single precision: it only ranks

    @classmethod
    def of(
        cls,
        items: Items,
        *,
        mean: float = 0.0,
        deviation: float = 1.0,
        points: int = 121,
        reach: float = 6.0,
    ) -> Self:
        """The curves of `items`, with a normal prior, over [-reach, reach]."""
        theta = np.linspace(-reach, reach, points)
        prior = np.exp(-0.5 * ((theta - mean) / deviation) ** 2)
        chance = np.maximum(items.probabilities(theta), _FLOOR)
        information = np.ascontiguousarray(items.information(theta).T.astype(np.float32))
        return cls(theta, np.log(prior / prior.sum()), np.log(chance), information)

    @property
    def count(self) -> int:
        """How many items there are."""
        return len(self.log_chance)

    def information_at(self, theta: np.ndarray) -> np.ndarray:
        """(persons, items): information at each person's ability, between grid points linearly."""
        row, share = self._between(theta)
        below, above = self.information[row], self.information[row + 1]
        return np.asarray(below + share[:, None].astype(np.float32) * (above - below))

    def at(self, curves: np.ndarray, theta: float) -> np.ndarray:
        """(persons,): (persons, points) curves at one ability, between grid points linearly."""
        row, share = self._between(np.array([theta]))
        return np.asarray(curves[:, row[0]] * (1 - share[0]) + curves[:, row[0] + 1] * share[0])

    def _between(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = (theta - self.theta[0]) / (self.theta[1] - self.theta[0])
        row = np.minimum(np.maximum(place.astype(np.int64), 0), len(self.theta) - 2)
        return row, np.minimum(np.maximum(place - row, 0.0), 1.0)


@dataclass
class Sittings:
    """Tests in progress, one row a person: what was given, and the likelihood of the answers."""

    log_likelihood: np.ndarray  # (persons, points)
    given: np.ndarray  # (persons, items) bool
    length: np.ndarray  # (persons,)

    @classmethod
    def start(cls, table: Table, persons: int = 1) -> Self:
        """Nothing asked yet."""
        return cls(
            np.zeros((persons, len(table.theta))),
            np.zeros((persons, table.count), dtype=bool),
            np.zeros(persons, dtype=np.int64),
        )

    @classmethod
    def replay(cls, table: Table, items: list[int], categories: list[int]) -> Self:
        """One sitting from its recorded answers: the same events always give the same state."""
        found = cls.start(table)
        found.given[0, items] = True
        found.length[0] = len(items)
        if items:
            found.log_likelihood[0] = table.log_chance[items, categories].sum(0)
        return found

    def answer(self, table: Table, item: np.ndarray, category: np.ndarray) -> None:
        """Record each person's next answer: (persons,) item and category."""
        self.given[np.arange(len(item)), item] = True
        self.log_likelihood += table.log_chance[item, category]
        self.length += 1

    def only(self, rows: np.ndarray) -> Self:
        """These sittings, copied."""
        return type(self)(self.log_likelihood[rows], self.given[rows], self.length[rows])


@dataclass(frozen=True)
class Estimate:
    """EAP ability, its standard error, and the posterior they come from (Bock, Mislevy 1982)."""

    theta: np.ndarray  # (persons,)
    se: np.ndarray  # (persons,)
    posterior: np.ndarray  # (persons, points)


def estimate(table: Table, sittings: Sittings) -> Estimate:
    """Mean and deviation of the posterior on the grid."""
    joint = sittings.log_likelihood + table.log_prior
    share = np.exp(joint - joint.max(1, keepdims=True))
    share /= share.sum(1, keepdims=True)
    mean = share @ table.theta
    variance = share @ table.theta**2 - mean**2
    return Estimate(mean, np.sqrt(np.maximum(variance, 0.0)), share)
