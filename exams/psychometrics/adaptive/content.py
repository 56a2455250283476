"""Keeping the blueprint while adapting: hard limits by area, and a penalty that steers towards them.

Every item belongs to one area. The penalty (after Shin, Chien, Way, Swanson 2009) makes an area that
runs ahead of its share less attractive; the limits make a test that breaks its blueprint impossible.
Constraints that overlap (content by type) need the shadow test.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

_NO_ENEMY = -1


class Infeasible(ValueError):
    """No test can meet the blueprint; the message names what collides."""


@dataclass(frozen=True)
class Blueprint:
    """How many questions of each area a test has, at least and at most."""

    area: np.ndarray  # (items,) from 0
    least: np.ndarray  # (areas,)
    most: np.ndarray  # (areas,)
    enemies: np.ndarray  # (items,) of one number from 0 at most one is asked; -1 for no enemies
    weight: float = 0.3  # of an area's penalty against information, both between 0 and 1

    @classmethod
    def of(
        cls,
        area: np.ndarray,
        least: np.ndarray,
        most: np.ndarray,
        *,
        enemies: np.ndarray | None = None,
        weight: float = 0.3,
    ) -> Self:
        """A blueprint; without `enemies` nobody has any."""
        nobody = np.full(len(area), _NO_ENEMY)
        return cls(area, least, most, nobody if enemies is None else enemies, weight)

    def check(self, *, shortest: int, longest: int) -> None:
        """Raise `Infeasible` where some test of these lengths could not be finished."""
        have = np.array([self._in_reach(number) for number in range(len(self.least))])
        for number in np.flatnonzero(have < self.least):
            raise Infeasible(
                f"area {number} needs {self.least[number]} questions, the bank has {have[number]}"
                " that are not each other's enemies"
            )
        if self.least.sum() > longest:
            raise Infeasible(
                f"the areas need {self.least.sum()} questions, the longest test has {longest}"
            )
        if (room := int(np.minimum(self.most, have).sum())) < longest:
            raise Infeasible(f"the areas allow {room} questions, the longest test has {longest}")
        if shortest > longest:
            raise Infeasible(f"a test of at least {shortest} and at most {longest} questions")
        self._refuse_enemies_across_areas()

    def counts(self, given: np.ndarray) -> np.ndarray:
        """(persons, areas) from (persons, items): how many of each area were given."""
        return np.asarray(given.astype(np.float32) @ self._members).astype(np.int64)

    def allowed(self, given: np.ndarray, counts: np.ndarray, left: np.ndarray) -> np.ndarray:
        """(persons, items) bool: what may come next so that the blueprint can still be met.

        `left` (persons,) is how many questions the longest test still has. Where the areas' unmet
        minima need all of them, only those areas may come.
        """
        needs = np.maximum(self.least - counts, 0)
        pressed = needs.sum(1) >= left
        area_may = (counts < self.most) & (~pressed[:, None] | (needs > 0))
        may = area_may[:, self.area] & ~given
        return may if self._peaceful else np.asarray(may & ~self._beside_enemy(given))

    def penalty(self, counts: np.ndarray) -> np.ndarray:
        """(persons, areas) in [0, 1]: how far ahead of its share each area would be, if it came next."""
        middle = (self.least + self.most) / 2
        ahead = (counts + 1) / np.maximum(middle, 0.5)
        low, high = ahead.min(1, keepdims=True), ahead.max(1, keepdims=True)
        return np.asarray((ahead - low) / np.maximum(high - low, 1e-9))

    def met(self, counts: np.ndarray) -> np.ndarray:
        """(persons,) bool: whether every minimum is reached, so that the test may stop."""
        return np.asarray((counts >= self.least).all(1))

    @cached_property
    def _members(self) -> np.ndarray:
        """(items, areas): one where an item lies in an area."""
        return np.asarray(self.area[:, None] == np.arange(len(self.least)), dtype=np.float32)

    @cached_property
    def _peaceful(self) -> bool:
        return bool((self.enemies == _NO_ENEMY).all())

    def _in_reach(self, number: int) -> int:
        """How many questions of an area one test can hold, of enemies one each."""
        inside = self.area == number
        groups = self.enemies[inside]
        return int((groups == _NO_ENEMY).sum() + len(np.unique(groups[groups != _NO_ENEMY])))

    def _refuse_enemies_across_areas(self) -> None:
        """Enemies in two areas would make the minima of one depend on the other's choices."""
        for group in np.unique(self.enemies[self.enemies != _NO_ENEMY]):
            if len(np.unique(self.area[self.enemies == group])) > 1:
                raise Infeasible(f"enemies {group} lie in several areas: use the shadow test")

    def _beside_enemy(self, given: np.ndarray) -> np.ndarray:
        groups = int(self.enemies.max()) + 2
        met = np.zeros((len(given), groups), dtype=bool)
        rows, columns = np.nonzero(given)
        met[rows, self.enemies[columns] + 1] = True
        met[:, 0] = False
        return np.asarray(met[:, self.enemies + 1])
