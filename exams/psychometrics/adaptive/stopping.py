"""When an adaptive test ends: precise enough, decided at the cut, or as long as it may be."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from exams.psychometrics.adaptive.table import Estimate, Sittings, Table


class Reason(IntEnum):
    """Why a test ended, or that it goes on."""

    GOES_ON = 0
    PRECISE = 1
    DECIDED = 2
    LONGEST = 3


class Rule(StrEnum):
    """How the evidence for a side of the cut is weighed."""

    SPRT = "sprt"  # sequential probability ratio (Wald 1947; Reckase 1983)
    GLR = "glr"  # generalised likelihood ratio (Bartroff, Finkelman, Lai 2008; Thompson 2009)
    BAYES = "bayes"  # posterior odds of being above the cut


@dataclass(frozen=True)
class Cut:
    """A decision to be made: above or below, with the error rates that are accepted."""

    at: float
    rule: Rule = Rule.GLR
    indifference: float = 0.25  # half the region in which either answer will do (SPRT, GLR)
    false_pass: float = 0.05
    false_fail: float = 0.05

    @property
    def bounds(self) -> tuple[float, float]:
        """Log odds below which the test says no, above which it says yes (Wald)."""
        low = np.log(self.false_fail / (1 - self.false_pass))
        return float(low), float(np.log((1 - self.false_fail) / self.false_pass))

    def evidence(self, table: Table, sittings: Sittings, found: Estimate) -> np.ndarray:
        """(persons,): log odds for being above the cut."""
        low, high = self.at - self.indifference, self.at + self.indifference
        curves = sittings.log_likelihood
        if self.rule is Rule.SPRT:
            return np.asarray(table.at(curves, high) - table.at(curves, low))
        if self.rule is Rule.GLR:
            above = np.maximum(curves[:, table.theta >= high].max(1), table.at(curves, high))
            below = np.maximum(curves[:, table.theta <= low].max(1), table.at(curves, low))
            return np.asarray(above - below)
        chance = np.clip(_share_above(table, found.posterior, self.at), 1e-12, 1 - 1e-12)
        return np.asarray(np.log(chance / (1 - chance)))

    def above(self, evidence: np.ndarray) -> np.ndarray:
        """(persons,) bool: the side to which the evidence leans, however weak it is."""
        return np.asarray(evidence > sum(self.bounds) / 2)


@dataclass(frozen=True)
class Stop:
    """A test has `shortest` to `longest` questions; between them it ends at `se` or decided at `cut`."""

    shortest: int = 5
    longest: int = 60
    se: float | None = None
    cut: Cut | None = None

    def reasons(self, table: Table, sittings: Sittings, found: Estimate) -> np.ndarray:
        """(persons,) of `Reason`."""
        reason = np.full(len(found.theta), Reason.GOES_ON)
        if self.cut is not None:
            low, high = self.cut.bounds
            evidence = self.cut.evidence(table, sittings, found)
            reason[(evidence <= low) | (evidence >= high)] = Reason.DECIDED
        if self.se is not None:
            reason[found.se <= self.se] = Reason.PRECISE
        reason[sittings.length < self.shortest] = Reason.GOES_ON
        reason[(sittings.length >= self.longest) & (reason == Reason.GOES_ON)] = Reason.LONGEST
        return reason


def _share_above(table: Table, posterior: np.ndarray, cut: float) -> np.ndarray:
    """(persons,): the posterior's share above the cut, the cell around it in part."""
    step = table.theta[1] - table.theta[0]
    return np.asarray(posterior @ np.clip((table.theta - cut) / step + 0.5, 0.0, 1.0))
