"""Ability estimates from a calibration: EAP, MAP, WLE and sum-score tables, each with its error."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import torch
from torch import Tensor

from exams.psychometrics.calibration import Calibration
from exams.psychometrics.likelihood import Grid
from exams.psychometrics.models import log_probabilities
from exams.psychometrics.responses import NOT_SEEN, UnusableResponses
from exams.psychometrics.threads import one_thread

_REACH: Final = 10.0
_ROUNDS: Final = 100
_STILL: Final = 1e-9


class Method(StrEnum):
    """How an ability is estimated."""

    EAP = "eap"  # mean of the posterior (Bock, Mislevy 1982)
    MAP = "map"  # mode of the posterior
    WLE = "wle"  # weighted likelihood, without a prior (Warm 1989)
    SUM = "sum"  # EAP given only the sum score (Lord, Wingersky 1984)


@dataclass(frozen=True)
class Scores:
    """One ability a person, with its standard error; NaN where nothing was answered and no prior helps."""

    theta: np.ndarray  # (persons,)
    se: np.ndarray  # (persons,)


@one_thread()
def score(
    calibration: Calibration,
    responses: np.ndarray,  # (persons, items) as given to `calibrate`
    method: Method | str = Method.EAP,
    *,
    quadrature: int = 61,
) -> Scores:
    """Estimate each person's ability. Sum scores need everybody to have seen everything.

    Raises `UnusableResponses` for a category that the calibration does not know.
    """
    answers = _packed(calibration, np.asarray(responses, dtype=np.float64))
    return _METHODS[Method(method)](calibration, answers, Grid.even(quadrature))


def reliability(scores: Scores) -> float:
    """Empirical reliability of EAP scores: their variance against itself plus the mean error variance."""
    explained = float(np.var(scores.theta))
    return explained / (explained + float(np.mean(scores.se**2)))


def _eap(calibration: Calibration, answers: Tensor, grid: Grid) -> Scores:
    theta = grid.theta * _spread(calibration) + float(calibration.mean[0])
    joint = _likelihoods(calibration, answers, grid.theta) + _standard(grid)
    return _moments(joint, theta)


def _sums(calibration: Calibration, answers: Tensor, grid: Grid) -> Scores:
    if (answers == NOT_SEEN).any():
        raise UnusableResponses("sum scores need every person to have seen every question")
    logs = log_probabilities(calibration.layout, calibration.table, grid.theta).exp()
    chance = torch.ones(1, len(grid.theta), dtype=logs.dtype)  # (sums, points)
    for item, categories in zip(logs, calibration.layout.categories.tolist(), strict=True):
        longer = torch.zeros(len(chance) + categories - 1, chance.shape[1], dtype=logs.dtype)
        for category in range(categories):
            longer[category : category + len(chance)] += chance * item[category]
        chance = longer
    theta = grid.theta * _spread(calibration) + float(calibration.mean[0])
    table = _moments(chance.log() + _standard(grid), theta)
    total = answers.long().sum(1).numpy()
    return Scores(table.theta[total], table.se[total])


def _map(calibration: Calibration, answers: Tensor, grid: Grid) -> Scores:
    """Newton on the log-posterior from the EAP; the error is its curvature's."""
    begin = (_eap(calibration, answers, grid).theta - calibration.mean[0]) / _spread(calibration)
    theta = torch.from_numpy(begin)
    for _ in range(_ROUNDS):
        first, second, _ = _derivatives(calibration, answers, theta)
        step = (first - theta) / (1 - second).clamp(min=1e-6)
        theta = (theta + step.clamp(-1, 1)).clamp(-_REACH, _REACH)
        if step.abs().max() < _STILL:
            break
    _, second, _ = _derivatives(calibration, answers, theta)
    spread = _spread(calibration)
    error = (1 / (1 - second)).sqrt() * spread
    return Scores((theta * spread + float(calibration.mean[0])).numpy(), error.numpy())


def _wle(calibration: Calibration, answers: Tensor, _grid: Grid) -> Scores:
    """The zero of score + J / 2I by bisection, where J sums P' P'' / P over the answered questions.

    The error is Warm's asymptotic one, 1 / sqrt(I).
    """
    low = torch.full((len(answers),), -_REACH, dtype=torch.float64)
    high = -low
    for _ in range(60):
        middle = (low + high) / 2
        first, _, (information, bias) = _derivatives(calibration, answers, middle)
        rising = first + bias / (2 * information.clamp(min=1e-12)) > 0
        low, high = torch.where(rising, middle, low), torch.where(rising, high, middle)
    theta = (low + high) / 2
    _, _, (information, _) = _derivatives(calibration, answers, theta)
    nothing = (answers == NOT_SEEN).all(1)
    spread = _spread(calibration)
    found = torch.where(nothing, torch.nan, theta * spread)
    error = torch.where(nothing, torch.nan, spread / information.sqrt())
    return Scores(found.numpy(), error.numpy())


def _derivatives(
    calibration: Calibration, answers: Tensor, theta: Tensor
) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    """(persons,) each: slope and curvature of the log-likelihood, test information and Warm's J."""
    step = 1e-3
    around = [_category_logs(calibration, theta + shift * step) for shift in (-1, 0, 1)]
    before, here, after = (logs.exp() for logs in around)
    first = (after - before) / (2 * step)  # P', (persons, items, categories)
    second = (after - 2 * here + before) / step**2
    seen = (answers != NOT_SEEN)[:, :, None] & calibration.layout.used
    safe = here.clamp(min=1e-300)
    chosen = answers.long().clamp(max=here.shape[2] - 1)[:, :, None]
    slope = ((around[2] - around[0]) / (2 * step)).gather(2, chosen)[:, :, 0]
    curve = ((around[2] - 2 * around[1] + around[0]) / step**2).gather(2, chosen)[:, :, 0]
    asked = answers != NOT_SEEN
    information = torch.where(seen, first**2 / safe, 0.0).sum((1, 2))
    bias = torch.where(seen, first * second / safe, 0.0).sum((1, 2))
    return (slope * asked).sum(1), (curve * asked).sum(1), (information, bias)


def _category_logs(calibration: Calibration, theta: Tensor) -> Tensor:
    """(persons, items, categories): every person at their own ability."""
    return log_probabilities(calibration.layout, calibration.table, theta).permute(2, 0, 1)


def _likelihoods(calibration: Calibration, answers: Tensor, theta: Tensor) -> Tensor:
    """(persons, points): log-likelihood of each person's answers."""
    logs = log_probabilities(calibration.layout, calibration.table, theta)
    codes = torch.arange(calibration.layout.most, dtype=torch.uint8)
    chosen = (answers[:, :, None] == codes).reshape(len(answers), -1).to(logs.dtype)
    return chosen @ logs.reshape(-1, len(theta))


def _moments(joint: Tensor, theta: Tensor) -> Scores:
    share = torch.softmax(joint, 1)
    mean = share @ theta
    variance = share @ theta**2 - mean**2
    return Scores(mean.numpy(), variance.clamp(min=0).sqrt().numpy())


def _standard(grid: Grid) -> Tensor:
    return torch.log_softmax(-0.5 * grid.theta**2, 0)


def _spread(calibration: Calibration) -> float:
    return float(np.sqrt(calibration.variance[0]))


def _packed(calibration: Calibration, table: np.ndarray) -> Tensor:
    if table.ndim != 2 or table.shape[1] != len(calibration.names):
        raise UnusableResponses(f"a table with {len(calibration.names)} questions is needed")
    seen = ~np.isnan(table) & (table != -1)
    shifted = np.where(seen, table, 0) - calibration.lowest
    known = (shifted >= 0) & (shifted < calibration.layout.categories.numpy())
    for number, name in enumerate(calibration.names):
        if (seen & ~known)[:, number].any():
            raise UnusableResponses(
                f"question {name}: an answer that the calibration does not know"
            )
    return torch.from_numpy(np.where(seen, shifted, NOT_SEEN).astype(np.uint8))


_METHODS: Final[dict[Method, Callable[[Calibration, Tensor, Grid], Scores]]] = {
    Method.EAP: _eap,
    Method.MAP: _map,
    Method.WLE: _wle,
    Method.SUM: _sums,
}
