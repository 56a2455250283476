"""The observed information of a calibration, exactly, in one pass over the persons (Louis 1982).

What the answers tell is what they would tell if abilities were known, less what is lost because they
are not: the covariance, within each person, of the complete data's score.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from exams.psychometrics.expectation import Block
from exams.psychometrics.likelihood import Evaluation, Marginal
from exams.psychometrics.models import cell_slopes, log_probabilities


def observed_information(marginal: Marginal, vector: Tensor) -> Tensor:
    """(count, count): minus the Hessian of the marginal log-posterior."""
    evaluation = marginal.at(vector)
    return _complete(marginal, evaluation) - _lost(marginal, vector)


@dataclass(frozen=True)
class _Score:
    """The complete data's score as a linear function of a person's row of indicators.

    A row holds what was chosen above the lowest category, what was asked where that differs between
    persons, and the group.
    """

    by_column: Tensor  # (points, columns, count)
    precision: torch.dtype

    @classmethod
    def of(cls, marginal: Marginal, vector: Tensor, precision: torch.dtype) -> Self:
        """Derivatives of the log-probabilities, put where the parameters stand."""
        parameters = marginal.parameters
        table = parameters.table(vector)
        _, slopes = cell_slopes(parameters.layout, table, marginal.grid.theta)
        width, items, most, points = slopes.shape
        above = (slopes[:, :, 1:] - slopes[:, :, :1]).transpose(1, 2).reshape(width, -1, points)
        lowest, groups = slopes[:, :, 0], parameters.groups
        shared = marginal.persons.everything_seen
        columns = above.shape[1] + (0 if shared else items) + groups
        found = torch.zeros(points, columns, parameters.count, dtype=torch.float64)
        for cell in range(width):
            place = parameters.place[:, cell]
            has = torch.nonzero(place >= 0)[:, 0]
            for category in range(most - 1):
                rows = category * items + has
                found[:, rows, place[has]] += above[cell, rows].T
            if shared:
                total = torch.zeros(points, parameters.count, dtype=torch.float64)
                total.index_add_(1, place[has], lowest[cell, has].T.contiguous())
                found[:, -groups:] += total[:, None]
            else:
                found[:, above.shape[1] + has, place[has]] += lowest[cell, has].T
        found[:, -groups:, parameters.of_items :] += _of_groups(marginal, vector)
        return cls(found, precision)

    def rows(self, block: Block) -> Tensor:
        """(persons, columns) indicators."""
        parts = [block.chosen] if block.asked is None else [block.chosen, block.asked]
        count = self.by_column.shape[1] - sum(part.shape[1] for part in parts)
        member = block.group[:, None] == torch.arange(count)
        return torch.cat([*parts, member.to(self.precision)], 1)


def _complete(marginal: Marginal, evaluation: Evaluation) -> Tensor:
    """Minus the Hessian of the expected complete-data log-posterior: block-diagonal by item."""
    parameters, vector = marginal.parameters, evaluation.vector
    with torch.enable_grad():
        table = parameters.table(vector).detach().requires_grad_()
        logs = log_probabilities(parameters.layout, table, marginal.grid.theta)
        expected = (evaluation.counts * logs).sum()
        expected = expected + marginal.priors.log_density(parameters.layout, table)
        (slopes,) = torch.autograd.grad(expected, table, create_graph=True)
        columns = [
            torch.autograd.grad(slopes[:, column].sum(), table, retain_graph=True)[0]
            for column in range(table.shape[1])
        ]
    whole = marginal.assembled(-torch.stack(columns, 1))
    if parameters.groups > 1:
        rest = slice(parameters.of_items, None)
        whole[rest, rest] = -_hessian_of_groups(marginal, evaluation)
    return whole


def _lost(marginal: Marginal, vector: Tensor) -> Tensor:
    """(count, count): the sum over persons of their score's covariance, abilities being unknown."""
    precision = torch.float32 if marginal.large else torch.float64
    score = _Score.of(marginal, vector, precision)
    points, columns, count = score.by_column.shape
    parameters = marginal.parameters
    logs = log_probabilities(parameters.layout, parameters.table(vector), marginal.grid.theta)
    weights = marginal.grid.log_weights(*parameters.latent(vector))
    crossed = torch.zeros(points, columns, columns, dtype=torch.float64)
    squared = torch.zeros(count, count, dtype=torch.float64)
    by_column = score.by_column.to(precision)
    for block in marginal.persons.posteriors(logs, weights, precision):
        rows, mean = score.rows(block), torch.zeros(len(block.group), count, dtype=precision)
        share = block.share * block.weight[:, None].to(precision)
        for point in torch.nonzero(share.sum(0) > 0)[:, 0].tolist():
            crossed[point] += (rows * share[:, point, None]).T @ rows
            mean += block.share[:, point, None] * (rows @ by_column[point])
        squared += (mean * block.weight[:, None].to(precision)).T @ mean
    both = torch.zeros_like(squared)
    for point in range(points):
        both += score.by_column[point].T @ crossed[point] @ score.by_column[point]
    return both - squared


def _of_groups(marginal: Marginal, vector: Tensor) -> Tensor:
    """(points, groups, latent parameters): derivatives of each group's log-weights.

    With z = (theta - mean) / deviation they are z / deviation and z squared, each less its mean over
    the grid, since the weights sum to one.
    """
    slopes, share, _ = _moved(marginal, vector)
    centred = slopes - (slopes * share[:, :, None]).sum(1, keepdim=True)
    groups = marginal.parameters.groups
    found = torch.zeros(slopes.shape[1], groups, 2 * (groups - 1), dtype=torch.float64)
    for group in range(1, groups):
        found[:, group, [group - 1, groups + group - 2]] = centred[group]
    return found


def _hessian_of_groups(marginal: Marginal, evaluation: Evaluation) -> Tensor:
    """(latent parameters, latent parameters): of the expected persons' log-weights."""
    slopes, share, curves = _moved(marginal, evaluation.vector)
    groups = marginal.parameters.groups
    found = torch.zeros(2 * (groups - 1), 2 * (groups - 1), dtype=torch.float64)
    for group in range(1, groups):
        people, weight, moved = evaluation.people[group], share[group], slopes[group]
        centred = moved - weight @ moved
        spread = (centred * weight[:, None]).T @ centred
        away = people - people.sum() * weight
        curve = torch.einsum("q,qab->ab", away, curves[group]) - people.sum() * spread
        place = torch.tensor([group - 1, groups + group - 2])
        found[place[:, None], place] = curve
    return found


def _moved(marginal: Marginal, vector: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """By group and point: -z^2 / 2 by mean and log deviation, the weights, and second derivatives."""
    mean, deviation = marginal.parameters.latent(vector)
    spread = deviation.exp()[:, None]
    z = (marginal.grid.theta - mean[:, None]) / spread
    share = marginal.grid.log_weights(mean, deviation).exp()
    crossed = -2 * z / spread
    flat = torch.ones_like(z) / spread**2
    rows = torch.stack([-flat, crossed, crossed, -2 * z**2], -1)
    curves = rows.reshape(*z.shape, 2, 2)
    return torch.stack([z / spread, z**2], -1), share, curves
