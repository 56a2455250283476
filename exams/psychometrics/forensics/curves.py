"""How likely each option is at each ability: what "by chance alike" means for two people's answers."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from exams.psychometrics.items import Items

_FLOOR = 1e-9


class Unusable(ValueError):
    """The answers cannot be compared; the message says why."""


@dataclass(frozen=True)
class Curves:
    """The chance of each option on a grid of abilities; an omission is an option like any other."""

    theta: np.ndarray  # (points,)
    chance: np.ndarray  # (items, options, points)

    @classmethod
    def of(cls, items: Items, *, points: int = 241, reach: float = 6.0) -> Self:
        """From a nominal response model of the options (Bock 1972), as Wollack (1997) has it."""
        theta = np.linspace(-reach, reach, points)
        return cls(theta, np.maximum(items.probabilities(theta), _FLOOR))

    @classmethod
    def of_shares(
        cls,
        items: Items,  # right or wrong
        choices: np.ndarray,  # (persons, items) options from 0
        key: np.ndarray,  # (items,) the right option
        *,
        points: int = 241,
        reach: float = 6.0,
    ) -> Self:
        """For too few people for a nominal model: from a right-or-wrong model and a count of choices.

        Right as often as the model says; wrong options in the shares in which they were chosen, whatever
        the ability.
        """
        options = int(choices.max()) + 1
        theta = np.linspace(-reach, reach, points)
        right = items.probabilities(theta)[:, 1]  # (items, points)
        counts = np.stack([(choices == k).sum(0) + 0.5 for k in range(options)], 1)
        counts[np.arange(len(key)), key] = 0
        shares = counts / counts.sum(1, keepdims=True)
        chance = shares[:, :, None] * (1 - right)[:, None]
        chance[np.arange(len(key)), key] = right
        return cls(theta, np.maximum(chance, _FLOOR))

    def abilities(self, choices: np.ndarray) -> np.ndarray:
        """(persons,) places on the grid where each person's answers are likeliest under a N(0, 1) prior.

        The posterior's mode rather than its mean: a place on the grid is needed anyway.
        """
        logs = np.log(self.chance)
        joint = np.tile(-0.5 * self.theta**2, (len(choices), 1))
        for item in range(choices.shape[1]):
            joint += logs[item][choices[:, item]]
        return np.asarray(joint.argmax(1))


def checked(choices: np.ndarray, curves: Curves) -> np.ndarray:
    """(persons, items) as integers. Raises `Unusable` for holes or options the curves do not know."""
    table = np.asarray(choices)
    if table.ndim != 2 or table.shape[1] != len(curves.chance):
        raise Unusable(f"a table with {len(curves.chance)} questions is needed")
    if np.isnan(table.astype(np.float64)).any() or (table < 0).any():
        raise Unusable("everybody must have seen everything; code an omission as an option")
    if (table >= curves.chance.shape[1]).any():
        raise Unusable("an option that the model does not know")
    return table.astype(np.int64)
