"""The E-step: what the answers say of who is where on the grid, block of persons by block.

It is all that touches persons, two matrix products a block. The answers stay uint8 and are widened
block by block; sums over blocks are kept in double precision whatever the products are in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import torch
from torch import Tensor

from exams.psychometrics.responses import NOT_SEEN, Responses

_BLOCK: Final = 2048  # persons: a block's posterior stays in the cache

_FAINTEST: Final = -60.0  # log of a share; below it single precision gets denormal, and very slow


@dataclass(frozen=True)
class Persons:
    """Distinct rows of answers with their weights and groups."""

    answers: Tensor  # (patterns, items) uint8
    weight: Tensor  # (patterns,) double
    group: Tensor  # (patterns,) long
    most: int  # categories
    everything_seen: bool

    @classmethod
    def of(cls, responses: Responses, group: Tensor) -> Self:
        """The persons of these responses."""
        return cls(
            responses.answers,
            responses.weight,
            group,
            int(responses.categories.max()),
            not bool((responses.answers == NOT_SEEN).any()),
        )

    def expected(
        self, logs: Tensor, weights: Tensor, precision: torch.dtype
    ) -> tuple[float, Tensor, Tensor]:
        """Log-likelihood, expected answers (items, categories, points) and persons (groups, points).

        `logs` (items, categories, points) and `weights` (groups, points) are log-probabilities.
        """
        items, categories, points = logs.shape
        # Against the lowest category as baseline, which is whatever was seen and is nothing else.
        above = (logs[:, 1:] - logs[:, :1]).transpose(0, 1).reshape(-1, points).to(precision)
        lowest = logs[:, 0].to(precision)
        start = weights + logs[:, 0].sum(0) if self.everything_seen else weights
        total = 0.0
        higher = torch.zeros_like(above, dtype=torch.float64)
        seen = torch.zeros_like(lowest, dtype=torch.float64)
        people = torch.zeros_like(weights)
        for part in self._blocks():
            chosen, asked = self._widened(part, precision)
            joint = torch.addmm(start[self.group[part]].to(precision), chosen, above)
            if asked is not None:
                joint.addmm_(asked, lowest)
            likelihood = _normalised(joint)
            total += float(self.weight[part] @ likelihood.double())
            joint *= self.weight[part, None].to(precision)
            higher += chosen.T @ joint
            people.index_add_(0, self.group[part], joint.double())
            if asked is not None:
                seen += asked.T @ joint
        if self.everything_seen:
            seen = people.sum(0).expand(items, -1)
        above_counts = higher.reshape(categories - 1, items, points).transpose(0, 1)
        below = seen[:, None] - above_counts.sum(1, keepdim=True)
        return total, torch.cat([below, above_counts], 1), people

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, len(self.answers), _BLOCK):
            yield slice(start, start + _BLOCK)

    def _widened(self, part: slice, precision: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Who chose which category above the lowest, (persons, categories - 1 x items); who was asked."""
        answers = self.answers[part]
        chosen = [(answers == category).to(precision) for category in range(1, self.most)]
        asked = None if self.everything_seen else (answers != NOT_SEEN).to(precision)
        return chosen[0] if len(chosen) == 1 else torch.cat(chosen, 1), asked


def _normalised(joint: Tensor) -> Tensor:
    """Turn log-joints (persons, points) into posteriors in place; give the log-likelihoods (persons,)."""
    highest = joint.amax(1, keepdim=True)
    joint.sub_(highest).clamp_(min=_FAINTEST).exp_()
    share = joint.sum(1, keepdim=True)
    joint.div_(share)
    return (share.log_() + highest)[:, 0]
