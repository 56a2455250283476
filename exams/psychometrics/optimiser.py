"""Maximising a marginal log-posterior: EM by single Newton steps, then a preconditioned L-BFGS."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from exams.psychometrics.likelihood import Evaluation, Marginal

_REMEMBERED = 12
_HALVINGS = 30
_REFRESH = 6


@dataclass(frozen=True)
class Found:
    """Where the search ended."""

    evaluation: Evaluation
    converged: bool
    rounds: int


@dataclass
class _Memory:
    """The last steps and gradient changes of the L-BFGS (Nocedal 1980), on top of a preconditioner."""

    factor: Tensor
    steps: list[Tensor] = field(default_factory=list)
    changes: list[Tensor] = field(default_factory=list)

    def direction(self, gradient: Tensor) -> Tensor:
        """The two-loop recursion, uphill."""
        left = gradient.clone()
        used: list[Tensor] = []
        for step, change in zip(reversed(self.steps), reversed(self.changes), strict=True):
            share = (step @ left) / (step @ change)
            used.append(share)
            left = left - share * change
        found = torch.cholesky_solve(left[:, None], self.factor)[:, 0]
        for step, change, share in zip(self.steps, self.changes, reversed(used), strict=True):
            found = found + step * (share - (change @ found) / (step @ change))
        return found

    def learn(self, step: Tensor, change: Tensor) -> None:
        """Remember a step if it met positive curvature."""
        if step @ change > 1e-12 * step.norm() * change.norm():
            self.steps = [*self.steps[1 - _REMEMBERED :], step]
            self.changes = [*self.changes[1 - _REMEMBERED :], change]


def maximise(
    marginal: Marginal,
    begin: Tensor,
    *,
    cycles: int = 6,
    tolerance: float = 1e-7,
    most_rounds: int = 500,
) -> Found:
    """Climb from `begin` until the expected gain of a further step is below `tolerance`.

    The gain is the gradient's length in the metric of the preconditioner, squared, halved: what a
    Newton step would add to the log-posterior if the complete-data information were the observed one.
    """
    here = marginal.at(begin)
    for _ in range(cycles):
        here = _climb(marginal, here, _solve(marginal, here))[0]
    memory = _Memory(_factor(marginal, here))
    for number in range(most_rounds):
        direction = memory.direction(here.gradient)
        gain = 0.5 * float(here.gradient @ direction)
        if gain < tolerance**2 * max(1.0, abs(here.value)):
            return Found(here, converged=True, rounds=number)
        there, moved = _climb(marginal, here, direction)
        if not moved:
            if not memory.steps:
                return Found(here, converged=gain < 1e-6, rounds=number)
            memory = _Memory(_factor(marginal, here))
            continue
        memory.learn(there.vector - here.vector, here.gradient - there.gradient)
        here = there
        if number % (_REFRESH * _REMEMBERED) == _REFRESH * _REMEMBERED - 1:
            memory = _Memory(_factor(marginal, here))
    return Found(here, converged=False, rounds=most_rounds)


def _climb(marginal: Marginal, here: Evaluation, direction: Tensor) -> tuple[Evaluation, bool]:
    """Halve the step until it gains enough (Armijo); stay where none does."""
    slope = float(here.gradient @ direction)
    size = 1.0
    for _ in range(_HALVINGS):
        there = marginal.at(here.vector + size * direction)
        if there.value >= here.value + 1e-4 * size * slope - 1e-11 * abs(here.value):
            return there, True
        size /= 2
    return here, False


def _solve(marginal: Marginal, here: Evaluation) -> Tensor:
    factor = _factor(marginal, here)
    return torch.cholesky_solve(here.gradient[:, None], factor)[:, 0]


def _factor(marginal: Marginal, here: Evaluation) -> Tensor:
    """The Cholesky factor of the complete-data information, made positive definite where it is not."""
    information = marginal.complete_information(here)
    damping = 0.0
    scale = float(information.diagonal().abs().mean())
    while True:
        eye = torch.eye(len(information), dtype=information.dtype)
        decomposed = torch.linalg.cholesky_ex(information + damping * scale * eye)
        if not int(decomposed.info):
            factor: Tensor = decomposed.L
            return factor
        damping = max(10 * damping, 1e-4)
