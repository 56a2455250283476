"""Which question comes next: the most informative, or one of the best, or less and less at random."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from exams.psychometrics.adaptive.table import Estimate, Sittings, Table


class Criterion(StrEnum):
    """How the next question is preferred."""

    MAXIMUM_INFORMATION = "maximum information"  # Lord 1980
    RANDOMESQUE = "randomesque"  # one of the best few (Kingsbury, Zara 1989)
    PROGRESSIVE = "progressive"  # random at first, informative at the end (Revuelta, Ponsoda 1998)


@dataclass(frozen=True)
class Choice:
    """A criterion with its numbers."""

    criterion: Criterion = Criterion.MAXIMUM_INFORMATION
    at: float | None = None  # the ability to be informed about; None for the person's own
    best: int = 5  # randomesque: one of so many
    expected_length: int = 20  # progressive: after so many, information alone counts

    def values(
        self,
        table: Table,
        sittings: Sittings,
        found: Estimate,
        random: np.random.Generator,
    ) -> np.ndarray:
        """(persons, items) in [0, 1]: how good each item would be."""
        theta = found.theta if self.at is None else np.full(len(found.theta), self.at)
        value = table.information_at(theta)
        value /= value.max(1, keepdims=True)
        if self.criterion is not Criterion.PROGRESSIVE:
            return value
        share = np.minimum(sittings.length / self.expected_length, 1.0).astype(np.float32)[:, None]
        luck = random.random(value.shape, dtype=np.float32)
        return np.asarray((1 - share) * luck + share * value)

    def pick(self, values: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """(persons,): the item taken, from values that are -inf where an item may not come."""
        if self.criterion is not Criterion.RANDOMESQUE:
            return np.asarray(values.argmax(1))
        best = min(self.best, values.shape[1])
        leading = np.argpartition(-values, best - 1, axis=1)[:, :best]
        open_to_choice = np.isfinite(np.take_along_axis(values, leading, 1))
        luck = np.where(open_to_choice, random.random(leading.shape), -1.0)
        return np.asarray(np.take_along_axis(leading, luck.argmax(1)[:, None], 1)[:, 0])
