"""Similarity of everybody with everybody: tens of millions of pairs, with a threshold from honest ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from exams.psychometrics.forensics.curves import Curves, Unusable, checked
from exams.psychometrics.forensics.flags import Flags
from exams.psychometrics.forensics.pairs import generalised_binomial, omega_p

_BLOCK = 500  # persons at a time, each against all
_STEP = 0.01  # of the histogram of honest pairs
_REACH = 30.0
_ENOUGH_BEYOND = 10  # honest pairs that should lie beyond a threshold taken from them


@dataclass(frozen=True)
class Similarity:
    """What stands out among all pairs of those who could have worked together."""

    flags: Flags  # found: (flags, 2) copier, source
    omega: np.ndarray  # (flags,)
    matches: np.ndarray  # (flags,)
    binomial_p: np.ndarray  # (flags,) the generalised binomial test's, as a second opinion
    threshold: float  # of omega
    honest_pairs: int  # behind the threshold; zero where it is the normal distribution's
    honest_share: float  # of them at or above it


def all_pairs(
    curves: Curves,
    choices: np.ndarray,  # (persons, items) options from 0
    *,
    level: float = 0.001,
    apart: np.ndarray
    | None = None,  # (persons,) who could not have worked with whom: other day, other room
    most: int = 10_000,
) -> Similarity:
    """Omega of every ordered pair, the larger of both directions flagged beyond the threshold.

    Without `apart` the threshold is the normal distribution's at `level` / 2 for each direction. With it,
    only pairs with the same label are compared, and pairs with different labels, who cannot have copied,
    give the threshold: the level then holds even where the model does not. Where there are fewer than
    ten over `level` of them, the normal's threshold stays. At most `most` flags are kept, the most
    striking.

    Raises `Unusable` where everybody is apart from everybody.
    """
    table = checked(choices, curves)
    blocks = _Blocks(curves, table)
    labels = (
        np.zeros(len(table), dtype=np.int64)
        if apart is None
        else np.unique(apart, return_inverse=True)[1]
    )
    compared = int((np.bincount(labels) * (np.bincount(labels) - 1) // 2).sum())
    if compared == 0:
        raise Unusable("everybody sat apart from everybody: there is nobody to compare")
    honest = _honest(blocks, labels)
    enough = honest.count * level >= _ENOUGH_BEYOND
    threshold = honest.threshold(level) if enough else float(norm.isf(level / 2))
    kept = _beyond(blocks, labels, threshold, most)
    p = honest.p(kept.omega) if enough else np.minimum(2 * omega_p(kept.omega), level)
    flags = Flags(kept.pairs, p, compared, level)
    return Similarity(
        flags=flags,
        omega=kept.omega,
        matches=kept.matches,
        binomial_p=generalised_binomial(curves, table, flags.found),
        threshold=threshold,
        honest_pairs=honest.count,
        honest_share=honest.share(threshold),
    )


class _Blocks:
    """Omega in both directions for blocks of persons against all who come after them."""

    def __init__(self, curves: Curves, table: np.ndarray) -> None:
        items, options, points = curves.chance.shape
        self.count = len(table)
        self._place = curves.abilities(table)
        codes = np.arange(options)
        self._chosen = (table[:, :, None] == codes).reshape(self.count, -1).astype(np.float32)
        flat = curves.chance.reshape(items * options, points).astype(np.float32)
        self._mean = (
            self._chosen @ flat
        ).T.copy()  # (points, persons): a copier there, this source
        spread = self._mean - (self._chosen @ flat**2).T
        self._precision = 1 / np.sqrt(np.maximum(spread, 1e-6))

    def __iter__(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
        """First row, then (rows, persons) matches, omega with the row as copier, and as source.

        Columns begin at the first row: earlier ones have met these rows already.
        """
        for start in range(0, self.count, _BLOCK):
            rows = slice(start, min(start + _BLOCK, self.count))
            matches = self._chosen[rows] @ self._chosen[start:].T
            here, there = self._place[rows], self._place[start:]
            copying = (matches - self._mean[here, start:]) * self._precision[here, start:]
            copied = matches - self._mean[there, rows].T
            copied *= self._precision[there, rows].T
            yield start, matches, copying, copied


@dataclass(frozen=True)
class _Honest:
    """A histogram of the larger omega of pairs who were apart."""

    counts: np.ndarray  # from -_REACH in steps of _STEP

    @property
    def count(self) -> int:
        return int(self.counts.sum())

    def threshold(self, level: float) -> float:
        """The lower end of the first step that at most `level` of the pairs reach."""
        reach = self.counts[::-1].cumsum()[::-1]
        return float((reach <= level * (self.count + 1) - 1).argmax() * _STEP - _REACH)

    def p(self, omega: np.ndarray) -> np.ndarray:
        """How often honest pairs reach each value: never less than one in all of them and this one."""
        reach = self.counts[::-1].cumsum()[::-1]
        place = np.clip((omega + _REACH) / _STEP + 1e-9, 0, len(reach) - 1).astype(np.int64)
        return np.asarray((reach[place] + 1) / (self.count + 1))

    def share(self, threshold: float) -> float:
        if not self.count:
            return 0.0
        first = int(np.ceil((threshold + _REACH) / _STEP - 1e-9))
        return float(self.counts[first:].sum() / self.count)


def _honest(blocks: _Blocks, labels: np.ndarray) -> _Honest:
    bins = round(2 * _REACH / _STEP) + 1
    counts = np.zeros(bins, dtype=np.int64)
    if labels.max() > 0:
        for start, _, copying, copied in blocks:
            upper = _upper(copying.shape)
            other = labels[start : start + len(copying), None] != labels[start:]
            larger = np.maximum(copying, copied)[upper & other]
            place = np.clip((larger + _REACH) / _STEP, 0, bins - 1).astype(np.int64)
            counts += np.bincount(place, minlength=bins)
    return _Honest(counts)


@dataclass(frozen=True)
class _Kept:
    pairs: np.ndarray  # (kept, 2)
    omega: np.ndarray  # (kept,)
    matches: np.ndarray  # (kept,)


def _beyond(blocks: _Blocks, labels: np.ndarray, threshold: float, most: int) -> _Kept:
    """Every pair of one label at or above the threshold, the most striking first if there are many."""
    pairs, omegas, counts = [], [], []
    for start, matches, copying, copied in blocks:
        larger = np.maximum(copying, copied)
        same = labels[start : start + len(copying), None] == labels[start:]
        row, column = np.nonzero((larger >= threshold) & same & _upper(copying.shape))
        row_copies = copying[row, column] >= copied[row, column]
        first, second = row + start, column + start
        pairs.append(
            np.stack([np.where(row_copies, first, second), np.where(row_copies, second, first)], 1)
        )
        omegas.append(larger[row, column])
        counts.append(matches[row, column])
    found, matched = np.concatenate(omegas).astype(np.float64), np.concatenate(counts)
    order = np.argsort(-found, kind="stable")[:most]
    return _Kept(np.concatenate(pairs)[order], found[order], matched[order].astype(np.int64))


def _upper(shape: tuple[int, ...]) -> np.ndarray:
    """True where the column stands for a later person than the row."""
    return np.arange(shape[1]) > np.arange(shape[0])[:, None]
