"""The shadow test: at each step assemble a whole test that meets every constraint, ask its best question.

van der Linden and Reese (1998). Constraints may overlap (content by type, words, minutes, enemies): since
every question comes from a test that meets them all, so does the test that was given. One step is an
integer programme, tens of milliseconds for a thousand items: for workers, not for the web's hot path.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from exams.psychometrics.adaptive.content import Infeasible


@dataclass(frozen=True)
class Constraint:
    """Least <= the sum of `amount` over the test's items <= most; `amount` 0 or 1 counts items."""

    name: str
    amount: np.ndarray  # (items,)
    least: float
    most: float


@dataclass(frozen=True)
class ShadowTest:
    """A fixed number of questions under any linear constraints."""

    length: int
    constraints: tuple[Constraint, ...]

    def assemble(
        self,
        information: np.ndarray,  # (items,)
        given: np.ndarray,  # (items,) bool: already asked, so in the test
        admitted: np.ndarray | None = None,  # (items,) bool: may be used
    ) -> np.ndarray:
        """(items,) bool: the most informative whole test that contains what was given.

        Raises `Infeasible` naming a constraint which, alone or with those before it, cannot be met.
        """
        upper = np.ones(len(given)) if admitted is None else (admitted | given).astype(float)
        found = self._solve(information, given, upper, self.constraints)
        if found is None:
            raise Infeasible(self._collision(information, given, upper))
        return found

    def next_item(
        self,
        information: np.ndarray,
        given: np.ndarray,
        admitted: np.ndarray | None = None,
    ) -> int:
        """The most informative question of the shadow test that was not asked yet."""
        whole = self.assemble(information, given, admitted)
        return int(np.where(whole & ~given, information, -np.inf).argmax())

    def _solve(
        self,
        information: np.ndarray,
        given: np.ndarray,
        upper: np.ndarray,
        constraints: tuple[Constraint, ...],
    ) -> np.ndarray | None:
        rows = [np.ones(len(given)), *(constraint.amount for constraint in constraints)]
        least = [self.length, *(constraint.least for constraint in constraints)]
        most = [self.length, *(constraint.most for constraint in constraints)]
        found = milp(
            -np.asarray(information, dtype=np.float64),
            integrality=np.ones(len(given)),
            bounds=Bounds(given.astype(float), upper),
            constraints=LinearConstraint(np.stack(rows), least, most),
            options={"mip_rel_gap": 1e-3},
        )
        return None if found.x is None else np.asarray(found.x > 0.5)

    def _collision(self, information: np.ndarray, given: np.ndarray, upper: np.ndarray) -> str:
        for last in range(len(self.constraints) + 1):
            if self._solve(information, given, upper, self.constraints[:last]) is None:
                if last == 0:
                    return f"there are no {self.length} questions to make a test of"
                names = ", ".join(constraint.name for constraint in self.constraints[: last - 1])
                beside = f" together with {names}" if names else ""
                return f"{self.constraints[last - 1].name} cannot be met{beside}"
        return "the solver found no test in its time"
