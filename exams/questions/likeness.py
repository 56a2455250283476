"""Whether two texts are nearly the same: evidence for a person to look at, and nothing more.

Texts are compared by the runs of five words they share. MinHash sketches find those worth comparing:
the share of equal entries estimates the share of common runs. Broder, A. Z. (1997), On the resemblance
and containment of documents, Proceedings of Compression and Complexity of Sequences, 21-29.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

RUN: Final = 5
"""Words in a run."""
ENTRIES: Final = 64
"""Numbers in a sketch: the estimate's standard error is at most 1 / (2 √64) ≈ 6 %."""
WORTH_COMPARING: Final = 0.1
NEARLY_THE_SAME: Final = 0.4
"""Share of a text's runs that stand in the other from which a person is told."""
_WORD: Final = re.compile(r"\w+")
_MASK: Final = (1 << 61) - 1


@dataclass(frozen=True)
class Likeness:
    """How much of one text stands in another."""

    share: float
    """Of the shorter text's runs of five words."""
    passages: list[str]
    """The longest stretches that are the same, longest first."""


def sketch(text: str) -> list[int]:
    """A short fingerprint of a text; [] where it is shorter than one run."""
    runs = {_hash(run) for run in _runs(_words(text))}
    if not runs:
        return []
    return [
        min((run * (2 * number + 1) + number * 0x9E3779B97F4A7C15) & _MASK for run in runs)
        for number in range(ENTRIES)
    ]


def resemblance(one: Sequence[int], other: Sequence[int]) -> float:
    """The estimated share of runs that two texts have in common, from their sketches."""
    if not one or not other:
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / ENTRIES


def compare(one: str, other: str, *, given: str = "") -> Likeness:
    """How much of the shorter text stands in the longer; what was `given` to both does not count."""
    shared = set(_runs(_words(given)))
    first, second = _words(one), _words(other)
    mine = [run for run in _runs(first) if run not in shared]
    theirs = {run for run in _runs(second) if run not in shared}
    if not mine or not theirs:
        return Likeness(0.0, [])
    common = set(mine) & theirs
    share = len(common) / min(len(set(mine)), len(theirs))
    return Likeness(share, _passages(first, common))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]


def _hash(run: tuple[str, ...]) -> int:
    digest = hashlib.blake2b(" ".join(run).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _passages(words: Sequence[str], common: set[tuple[str, ...]], most: int = 3) -> list[str]:
    """Stretches of words all of whose runs are common."""
    found: list[list[str]] = []
    reached = -1
    for at, run in enumerate(_runs(words)):
        if run not in common:
            continue
        if at <= reached + 1 and found:
            found[-1].append(words[at + RUN - 1])
        else:
            found.append(list(run))
        reached = at
    longest = sorted(found, key=len, reverse=True)[:most]
    return [" ".join(passage) for passage in longest]
