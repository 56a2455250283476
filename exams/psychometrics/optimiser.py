"""Maximising a marginal log-posterior: EM by single Newton steps, then a preconditioned L-BFGS."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import torch
from torch import Tensor

from exams.psychometrics.likelihood import Evaluation, Marginal

Evaluate = Callable[[Tensor], Evaluation]

_REMEMBERED = 12
_HALVINGS = 30
_REFRESH = 3


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


@dataclass(frozen=True)
class Found:
    """Where the search ended."""

    evaluation: Evaluation
    converged: bool
    rounds: int
    memory: _Memory


@dataclass(frozen=True)
class _Limits:
    """How long a search goes on. `noise` is what rounding alone may take from the value, relatively."""

    cycles: int  # of EM
    tolerance: float  # the gain is compared with its square, relatively
    rounds: int
    noise: float = 1e-11


_ROUGH: Final = _Limits(2, 2.5e-5, 40, noise=1e-7)
_ENOUGH: Final = 3e-6  # where there are many answers: far below a standard error


def maximise(
    marginal: Marginal,
    begin: Tensor,
    *,
    cycles: int = 3,
    tolerance: float = 1e-7,
    most_rounds: int = 500,
) -> Found:
    """Climb from `begin` until the expected gain of a further step is below `tolerance`.

    The gain is the gradient's length in the metric of the preconditioner, squared, halved: what a
    Newton step would add to the log-posterior if the complete-data information were the observed one.
    Where there are many answers the way is made in single precision and the end in double.
    """
    if not marginal.large:
        return _searched(marginal, marginal.at, begin, _Limits(cycles, tolerance, most_rounds))
    near = _searched(marginal, marginal.roughly_at, begin, _ROUGH)
    rest = _Limits(0, max(tolerance, _ENOUGH), most_rounds)
    found = _searched(marginal, marginal.at, near.evaluation.vector, rest, near.memory)
    return replace(found, rounds=near.rounds + found.rounds)


def _searched(
    marginal: Marginal,
    evaluate: Evaluate,
    begin: Tensor,
    limits: _Limits,
    memory: _Memory | None = None,
) -> Found:
    here = evaluate(begin)
    for _ in range(limits.cycles):
        here = _climb(evaluate, here, _solve(marginal, here), limits.noise)[0]
    memory = memory or _Memory(_factor(marginal, here))
    for number in range(limits.rounds):
        direction = memory.direction(here.gradient)
        gain = 0.5 * float(here.gradient @ direction)
        if gain < limits.tolerance**2 * max(1.0, abs(here.value)):
            return Found(here, converged=True, rounds=number, memory=memory)
        there, moved = _climb(evaluate, here, direction, limits.noise)
        if not moved:
            if not memory.steps:
                return Found(here, converged=gain < 1e-6, rounds=number, memory=memory)
            memory = _Memory(_factor(marginal, here))
            continue
        memory.learn(there.vector - here.vector, here.gradient - there.gradient)
        here = there
        if number % _REFRESH == _REFRESH - 1:
            memory.factor = _factor(marginal, here)
    return Found(here, converged=False, rounds=limits.rounds, memory=memory)


def _climb(
    evaluate: Evaluate, here: Evaluation, direction: Tensor, noise: float
) -> tuple[Evaluation, bool]:
    """Halve the step until it gains enough (Armijo); stay where none does."""
    slope = float(here.gradient @ direction)
    size = 1.0
    for _ in range(_HALVINGS):
        there = evaluate(here.vector + size * direction)
        if there.value >= here.value + 1e-4 * size * slope - noise * abs(here.value):
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
