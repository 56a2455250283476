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
        total = 0.0
        higher = torch.zeros((categories - 1) * items, points, dtype=torch.float64)
        seen = torch.zeros(items, points, dtype=torch.float64)
        people = torch.zeros_like(weights)
        for block in self.posteriors(logs, weights, precision):
            total += float(block.weight @ block.likelihood.double())
            share = block.share * block.weight[:, None].to(precision)
            higher += block.chosen.T @ share
            people.index_add_(0, block.group, share.double())
            if block.asked is not None:
                seen += block.asked.T @ share
        if self.everything_seen:
            seen = people.sum(0).expand(items, -1)
        above_counts = higher.reshape(categories - 1, items, points).transpose(0, 1)
        below = seen[:, None] - above_counts.sum(1, keepdim=True)
        return total, torch.cat([below, above_counts], 1), people

    def posteriors(
        self, logs: Tensor, weights: Tensor, precision: torch.dtype
    ) -> Iterator["Block"]:
        """Block by block, where each person may be; arguments as for `expected`."""
        points = logs.shape[2]
        # Against the lowest category as baseline, which is whatever was seen and is nothing else.
        above = (logs[:, 1:] - logs[:, :1]).transpose(0, 1).reshape(-1, points).to(precision)
        lowest = logs[:, 0].to(precision)
        start = weights + logs[:, 0].sum(0) if self.everything_seen else weights
        for part in self._blocks():
            group = self.group[part]
            chosen, asked = self._widened(part, precision)
            joint = torch.addmm(start[group].to(precision), chosen, above)
            if asked is not None:
                joint.addmm_(asked, lowest)
            likelihood = _normalised(joint)
            yield Block(chosen, asked, joint, likelihood, self.weight[part], group)

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, len(self.answers), _BLOCK):
            yield slice(start, start + _BLOCK)

    def _widened(self, part: slice, precision: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Who chose which category above the lowest, (persons, categories - 1 x items); who was asked."""
        answers = self.answers[part]
        chosen = [(answers == category).to(precision) for category in range(1, self.most)]
        asked = None if self.everything_seen else (answers != NOT_SEEN).to(precision)
        return chosen[0] if len(chosen) == 1 else torch.cat(chosen, 1), asked


@dataclass(frozen=True)
class Block:
    """Some of the persons."""

    chosen: Tensor  # (persons, categories - 1 x items): 1 where that was chosen
    asked: Tensor | None  # (persons, items); None where everybody saw everything
    share: Tensor  # (persons, points): the posterior
    likelihood: Tensor  # (persons,) in logs
    weight: Tensor  # (persons,) double
    group: Tensor  # (persons,) long


def _normalised(joint: Tensor) -> Tensor:
    """Turn log-joints (persons, points) into posteriors in place; give the log-likelihoods (persons,)."""
    highest = joint.amax(1, keepdim=True)
    joint.sub_(highest).clamp_(min=_FAINTEST).exp_()
    share = joint.sum(1, keepdim=True)
    joint.div_(share)
    return (share.log_() + highest)[:, 0]
