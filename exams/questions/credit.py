"""Partial credit: part of the points for what lies near the right answer."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field


def by_distance(distance: int, near: Sequence[float]) -> float:
    """All for 0, `near[d - 1]` for a distance of d, nothing beyond.

    `near` is part of the question and not of its key: how parts count is no secret.
    """
    if distance == 0:
        return 1.0
    return float(near[distance - 1]) if distance <= len(near) else 0.0


def _falling(near: list[float]) -> list[float]:
    if any(later > earlier for earlier, later in pairwise(near)):
        raise ValueError("what lies further off cannot earn more")
    return near


Near = Annotated[
    list[Annotated[float, Field(gt=0, lt=1)]], Field(max_length=8), AfterValidator(_falling)
]
"""Shares of the points for a distance of 1, 2, …: falling, each below the whole."""
