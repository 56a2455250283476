"""Item response models: for every item and ability, the log-probability of each category.

Slope-intercept form throughout, with a = slope, d = intercepts, c = guessing and theta the ability:

    2PL      P(1) = sigma(a theta + d)
    3PL      P(1) = c + (1 - c) sigma(a theta + d)                       (Birnbaum 1968)
    GRM      P(X >= k) = sigma(a theta + d_k), d falling                 (Samejima 1969)
    GPCM     P(k) = softmax_k(k a theta + d_k), d_0 = 0                  (Muraki 1992)
    nominal  P(k) = softmax_k(s_k a theta + d_k), s_0 = 0, s_K-1 = K - 1 (Bock 1972; Thissen 2010)

1PL is the 2PL with one slope for all items, PCM the GPCM likewise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus


class Model(StrEnum):
    """The models that can be fitted, by the names the command line takes."""

    ONE_PL = "1pl"
    TWO_PL = "2pl"
    THREE_PL = "3pl"
    GRM = "grm"
    GPCM = "gpcm"
    PCM = "pcm"
    NOMINAL = "nominal"

    @property
    def one_slope(self) -> bool:
        """Whether all items share their slope."""
        return self in {Model.ONE_PL, Model.PCM}

    @property
    def binary(self) -> bool:
        """Whether it takes right and wrong only."""
        return self in {Model.ONE_PL, Model.TWO_PL, Model.THREE_PL}

    @property
    def simplest(self) -> "Model":
        """What is left of it with one slope for all items."""
        return Model.ONE_PL if self.binary else Model.PCM


@dataclass(frozen=True)
class Layout:
    """Where an item's free parameters stand in its row: slope, intercepts, then what is left."""

    model: Model
    categories: Tensor  # (items,) long: how many each item has

    @property
    def most(self) -> int:
        """The most categories of any item."""
        return int(self.categories.max())

    @property
    def width(self) -> int:
        """Columns of the parameter table."""
        extra = {Model.THREE_PL: 1, Model.NOMINAL: max(0, self.most - 2)}
        return self.most + extra.get(self.model, 0)

    @property
    def free(self) -> Tensor:
        """(items, width) bool: the columns an item really has."""
        column = torch.arange(self.width)
        has = column < self.categories[:, None]
        if self.model is Model.THREE_PL:
            has[:, -1] = True
        if self.model is Model.NOMINAL:
            score = column - self.most
            has |= (score >= 0) & (score < self.categories[:, None] - 2)
        return has

    @property
    def used(self) -> Tensor:
        """(items, most) bool: the categories an item really has."""
        return torch.arange(self.most) < self.categories[:, None]

    def scores(self, table: Tensor) -> Tensor:
        """(items, most): how much each category says of ability; 0, 1, 2 … but in the nominal model."""
        whole = torch.arange(self.most, dtype=table.dtype).expand(len(table), -1)
        if self.model is not Model.NOMINAL or self.most == 2:
            return whole
        last = (self.categories - 1)[:, None]
        between = torch.cat(
            [table.new_zeros(len(table), 1), table[:, self.most :], table.new_zeros(len(table), 1)],
            1,
        )
        inner = (torch.arange(self.most) > 0) & (torch.arange(self.most) < last)
        return torch.where(inner, between, whole)


def log_probabilities(layout: Layout, table: Tensor, theta: Tensor) -> Tensor:
    """The log-probability of each category at each ability.

    `table` is (items, width), `theta` (points,); gives (items, categories, points). Categories that
    an item does not have get zero, which never meets an answer.
    """
    return _FAMILIES[layout.model](layout, table, theta)


def cell_slopes(layout: Layout, table: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities and, (width, items, categories, points), their derivatives by each cell.

    Forward derivatives by going backward twice: the pulled-back gradient is linear in `weight`,
    whatever that is. It is summed up here, not handed to `grad` as `grad_outputs`: that imports a
    computer algebra, which takes longer than a fit of 10,000 people.
    """
    with torch.enable_grad():
        cells = table.detach().clone().requires_grad_()
        logs = log_probabilities(layout, cells, theta)
        weight = torch.zeros_like(logs, requires_grad=True)
        (pulled,) = torch.autograd.grad((logs * weight).sum(), cells, create_graph=True)
        columns = [
            torch.autograd.grad(pulled[:, column].sum(), weight, retain_graph=True)[0]
            for column in range(table.shape[1])
        ]
    return logs.detach(), torch.stack(columns)


def _two_parameters(_layout: Layout, table: Tensor, theta: Tensor) -> Tensor:
    logit = _logit(table, theta)
    return torch.stack([logsigmoid(-logit), logsigmoid(logit)], 1)


def _three_parameters(_layout: Layout, table: Tensor, theta: Tensor) -> Tensor:
    """With g = logit c: P(1) = (e^g + e^z + e^(g+z)) / ((1 + e^g)(1 + e^z)), in logs."""
    logit, guess = _logit(table, theta), table[:, -1:]
    wrong = -softplus(guess) - softplus(logit)
    right = torch.logsumexp(torch.stack([guess.expand_as(logit), logit, guess + logit]), 0)
    return torch.stack([wrong, right + wrong], 1)


def _graded(layout: Layout, table: Tensor, theta: Tensor) -> Tensor:
    """P(k) = sigma(x_k) - sigma(x_k+1), as a product that keeps its digits in both tails."""
    steps = table[:, :1, None] * theta + table[:, 1 : layout.most, None]  # (items, steps, points)
    has = layout.used[:, 1:, None]
    upper = torch.cat([torch.zeros_like(steps[:, :1]), logsigmoid(steps)], 1)
    lower_logit = torch.where(has, steps, torch.zeros_like(steps))
    gap = torch.where(has[:, 1:], steps[:, :-1] - steps[:, 1:], torch.ones_like(steps[:, 1:]))
    inner = logsigmoid(-lower_logit[:, 1:]) + torch.log1p(-torch.exp(-gap.clamp(min=1e-10)))
    first = logsigmoid(-lower_logit[:, :1])
    bottom = torch.cat([first, torch.where(has[:, 1:], inner, torch.zeros_like(inner))], 1)
    last = torch.zeros_like(first)
    return torch.where(layout.used[:, :, None], upper + torch.cat([bottom, last], 1), 0.0)


def _divide_by_total(layout: Layout, table: Tensor, theta: Tensor) -> Tensor:
    intercepts = torch.cat([torch.zeros_like(table[:, :1]), table[:, 1 : layout.most]], 1)
    slopes = table[:, :1] * layout.scores(table)
    logits = slopes[:, :, None] * theta + intercepts[:, :, None]
    logits = logits.masked_fill(~layout.used[:, :, None], -torch.inf)
    return torch.log_softmax(logits, 1).masked_fill(~layout.used[:, :, None], 0.0)


def _logit(table: Tensor, theta: Tensor) -> Tensor:
    return table[:, :1] * theta + table[:, 1:2]


_FAMILIES: Final[dict[Model, Callable[[Layout, Tensor, Tensor], Tensor]]] = {
    Model.ONE_PL: _two_parameters,
    Model.TWO_PL: _two_parameters,
    Model.THREE_PL: _three_parameters,
    Model.GRM: _graded,
    Model.GPCM: _divide_by_total,
    Model.PCM: _divide_by_total,
    Model.NOMINAL: _divide_by_total,
}
