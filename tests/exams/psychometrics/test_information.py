"""The observed information against differences of the gradient, which know nothing of Louis's identity."""

import numpy as np
import pytest
import torch

from exams.psychometrics import likelihood
from exams.psychometrics.calibration import calibrate
from exams.psychometrics.information import observed_information
from exams.psychometrics.items import Items
from exams.psychometrics.likelihood import Marginal
from exams.psychometrics.models import Model
from exams.psychometrics.simulate import (
    abilities,
    answers,
    binary_items,
    nominal_items,
    partial_credit_items,
)
from exams.psychometrics.threads import one_thread

_MADE = {
    Model.ONE_PL: lambda random: binary_items(random, 6, guessing=None),
    Model.TWO_PL: lambda random: binary_items(random, 6, guessing=None),
    Model.THREE_PL: lambda random: binary_items(random, 6),
    Model.GRM: lambda random: partial_credit_items(random, 4, 3),
    Model.GPCM: lambda random: partial_credit_items(random, 4, 4),
    Model.PCM: lambda random: partial_credit_items(random, 4, 3),
    Model.NOMINAL: lambda random: nominal_items(random, 4, 4),
}


@pytest.mark.parametrize("holes", [0.0, 0.3])
@pytest.mark.parametrize("model", list(Model))
def test_it_equals_the_differences_of_the_gradient(model: Model, holes: float) -> None:
    table = _table(model, holes)
    found = calibrate(table, model)
    _agree(found.marginal, found.vector)


def test_it_knows_groups_and_frequencies() -> None:
    table = _table(Model.TWO_PL, 0.2)
    groups = np.repeat(["a", "b"], len(table) // 2)
    weights = np.random.default_rng(1).integers(1, 4, len(table))
    found = calibrate(table, groups=groups, weights=weights)
    _agree(found.marginal, found.vector)


def test_single_precision_gives_the_same_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    found = calibrate(_table(Model.THREE_PL, 0.2), Model.THREE_PL)
    slow = observed_information(found.marginal, found.vector)
    monkeypatch.setattr(likelihood, "_LARGE", 0)
    fast = observed_information(found.marginal, found.vector)
    errors = [torch.linalg.inv(one).diagonal().sqrt() for one in (slow, fast)]
    assert errors[1].numpy() == pytest.approx(errors[0].numpy(), rel=1e-3)


def _table(model: Model, holes: float) -> np.ndarray:
    random = np.random.default_rng(6)
    items: Items = _MADE[model](random)
    table = answers(random, items, abilities(random, 1000))
    return np.where(random.random(table.shape) < holes, np.nan, table)


@one_thread()
def _agree(marginal: Marginal, vector: torch.Tensor) -> None:
    found, expected = observed_information(marginal, vector), _differences(marginal, vector)
    scale = expected.diagonal().abs().sqrt()
    gap = (found - expected) / torch.outer(scale, scale)
    assert gap.abs().max() < 1e-4


def _differences(marginal: Marginal, vector: torch.Tensor, step: float = 1e-4) -> torch.Tensor:
    rows = []
    for index in range(len(vector)):
        change = torch.zeros_like(vector)
        change[index] = step
        above, below = marginal.at(vector + change), marginal.at(vector - change)
        rows.append((below.gradient - above.gradient) / (2 * step))
    return torch.stack(rows)
