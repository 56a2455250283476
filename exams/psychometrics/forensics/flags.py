"""Flags with their base rate: what a reviewer must know before reading anything into one."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Flags:
    """What stands out among many comparisons, most striking first."""

    found: np.ndarray  # (flags, …) persons or pairs
    p: np.ndarray  # (flags,) how often an honest one would look so
    compared: int
    level: float

    @property
    def by_chance(self) -> float:
        """How many flags as many honest comparisons would raise."""
        return self.level * self.compared

    @property
    def false_share(self) -> np.ndarray:
        """(flags,): the share of honest ones among this and all more striking flags, at most.

        Benjamini and Hochberg (1995), with every comparison taken for honest: 1.0 means that such a
        flag is no news.
        """
        rank = np.arange(1, len(self.p) + 1)
        share = np.minimum(self.p * self.compared / rank, 1.0)
        return np.asarray(np.minimum.accumulate(share[::-1])[::-1])

    @classmethod
    def below(cls, found: np.ndarray, p: np.ndarray, *, compared: int, level: float) -> "Flags":
        """Those whose p is at most `level`, in order."""
        order = np.argsort(p, kind="stable")
        order = order[p[order] <= level]
        return cls(found[order], p[order], compared, level)


def empirical_threshold(honest: np.ndarray, level: float) -> float:
    """The value that at most the share `level` of honest comparisons reach, with one to spare.

    `honest` are statistics of comparisons that cannot be otherwise: people of different days or places.
    Infinite where there are too few of them to say anything about so small a share.
    """
    allowed = int(level * (len(honest) + 1)) - 1
    if allowed < 0:
        return float("inf")
    ordered = np.sort(honest)[::-1]
    return float(np.nextafter(ordered[allowed], np.inf))
