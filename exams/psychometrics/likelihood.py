"""The marginal likelihood: ability integrated out over a grid, its gradient by Fisher's identity."""

from dataclasses import dataclass

import torch
from torch import Tensor

from exams.psychometrics.expectation import Persons
from exams.psychometrics.models import Layout, cell_slopes, log_probabilities
from exams.psychometrics.priors import Priors
from exams.psychometrics.responses import Responses

_LARGE = 200_000  # answers


@dataclass(frozen=True)
class Grid:
    """Abilities and the log of their share in each group's normal distribution."""

    theta: Tensor  # (points,)

    @classmethod
    def even(cls, points: int, reach: float = 6.0) -> "Grid":
        """Evenly spaced over [-reach, reach]."""
        return cls(torch.linspace(-reach, reach, points, dtype=torch.float64))

    def log_weights(self, mean: Tensor, log_deviation: Tensor) -> Tensor:
        """(groups, points): normal densities on the grid, made to sum to one."""
        standard = (self.theta - mean[:, None]) / log_deviation.exp()[:, None]
        return torch.log_softmax(-0.5 * standard**2, 1)


@dataclass(frozen=True)
class Parameters:
    """How the vector of free parameters fills the item table and the groups' distributions.

    `place` says for each free cell of the table which element of the vector it holds: 1PL and PCM
    point all slopes at the first one. The first group's distribution is N(0, 1).
    """

    layout: Layout
    place: Tensor  # (items, width) long, -1 where the item has no such parameter
    groups: int

    @classmethod
    def of(cls, layout: Layout, groups: int) -> "Parameters":
        """One element for each free cell, or one for all slopes."""
        free = layout.free.clone()
        shared = layout.model.one_slope
        if shared:
            free[:, 0] = False
        place = torch.full(free.shape, -1)
        place[free] = torch.arange(int(free.sum())) + int(shared)
        if shared:
            place[:, 0] = 0
        return cls(layout, place, groups)

    @property
    def of_items(self) -> int:
        """How many elements belong to the items."""
        return int(self.place.max()) + 1

    @property
    def count(self) -> int:
        """How many elements there are in all."""
        return self.of_items + 2 * (self.groups - 1)

    def table(self, vector: Tensor) -> Tensor:
        """(items, width), zero where the item has no such parameter."""
        cells = vector[self.place.clamp(min=0)]
        return torch.where(self.place >= 0, cells, torch.zeros_like(cells))

    def latent(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """(groups,) means and logs of standard deviations."""
        rest = vector[self.of_items :].reshape(2, -1)
        zero = vector.new_zeros(1)
        return torch.cat([zero, rest[0]]), torch.cat([zero, rest[1]])

    def vector(self, table: Tensor) -> Tensor:
        """The vector whose table this is; the mean of all cells that share an element."""
        has = self.place >= 0
        total = torch.zeros(self.count, dtype=table.dtype)
        times = torch.zeros_like(total)
        total.index_add_(0, self.place[has], table[has])
        times.index_add_(0, self.place[has], torch.ones_like(table[has]))
        return total / times.clamp(min=1)


@dataclass(frozen=True)
class Evaluation:
    """The objective at one vector: log-likelihood plus log-prior, and what the optimiser needs."""

    vector: Tensor
    log_likelihood: float
    log_prior: float
    gradient: Tensor  # (count,)
    counts: Tensor  # (items, categories, points): expected answers
    people: Tensor  # (groups, points): expected persons

    @property
    def value(self) -> float:
        """What is maximised."""
        return self.log_likelihood + self.log_prior


class Marginal:
    """The marginal log-likelihood of one set of responses under one model."""

    def __init__(
        self,
        responses: Responses,
        parameters: Parameters,
        grid: Grid,
        priors: Priors,
        *,
        group: Tensor,  # (patterns,) long
    ) -> None:
        self.parameters, self.grid = parameters, grid
        self.priors = priors
        self.persons = Persons.of(responses, group)

    @property
    def large(self) -> bool:
        """Whether single precision saves more than it costs to finish in double."""
        return self.persons.answers.numel() > _LARGE

    def at(self, vector: Tensor) -> Evaluation:
        """Value, gradient and expected counts at a vector.

        Fisher's identity: the gradient of the marginal log-likelihood is that of the expected
        complete-data log-likelihood at the same point, so the E-step is all that touches persons.
        """
        return self._at(vector, torch.float64)

    def roughly_at(self, vector: Tensor) -> Evaluation:
        """The same with the E-step's products in single precision: good to about 1e-9 of the value."""
        return self._at(vector, torch.float32)

    def _at(self, vector: Tensor, precision: torch.dtype) -> Evaluation:
        with torch.enable_grad():
            free = vector.detach().clone().requires_grad_()
            logs = log_probabilities(
                self.parameters.layout, self.parameters.table(free), self.grid.theta
            )
            weights = self.grid.log_weights(*self.parameters.latent(free))
            likelihood, counts, people = self.persons.expected(
                logs.detach(), weights.detach(), precision
            )
            prior = self.priors.log_density(self.parameters.layout, self.parameters.table(free))
            expected = (counts * logs).sum() + (people * weights).sum() + prior
            (gradient,) = torch.autograd.grad(expected, free)
        return Evaluation(vector, likelihood, float(prior.detach()), gradient, counts, people)

    def complete_information(self, evaluation: Evaluation) -> Tensor:
        """(count, count): what the answers would tell if abilities were known, and the prior.

        Fisher's information of the expected complete data, never negative whatever the model:
        block-diagonal by item but for shared slopes. The preconditioner.
        """
        layout, table = self.parameters.layout, self.parameters.table(evaluation.vector)
        logs, slopes = cell_slopes(layout, table, self.grid.theta)
        people = evaluation.counts.sum(1, keepdim=True) * logs.exp()  # (items, categories, points)
        flat = slopes.permute(1, 0, 2, 3).flatten(2)  # (items, width, categories x points)
        blocks = (flat * people.flatten(1)[:, None]) @ flat.transpose(1, 2)
        blocks += torch.diag_embed(self.priors.curvature(layout, table))
        whole = self.assembled(blocks)
        if self.parameters.groups > 1:
            persons = evaluation.people.sum(1)[1:]
            _, deviation = self.parameters.latent(evaluation.vector)
            precision = persons / (2 * deviation[1:]).exp()
            rest = torch.arange(self.parameters.of_items, self.parameters.count)
            whole[rest, rest] = torch.cat([precision, 2 * persons])
        return whole

    def assembled(self, blocks: Tensor) -> Tensor:
        """(count, count) from (items, width, width): cells that share a parameter are added up."""
        place = self.parameters.place
        count = self.parameters.count
        both = (place[:, :, None] >= 0) & (place[:, None, :] >= 0)
        flat = place[:, :, None] * count + place[:, None, :]
        whole = torch.zeros(count * count, dtype=blocks.dtype)
        whole.index_add_(0, flat[both], blocks[both])
        return whole.reshape(count, count)
