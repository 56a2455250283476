"""Item curves in numpy: the same numbers as the torch models that fitted them, and no torch."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from exams.psychometrics import simulate
from exams.psychometrics.calibration import calibrate
from exams.psychometrics.items import Items
from exams.psychometrics.models import log_probabilities

_THETA = np.linspace(-4, 4, 17)
_BANKS = {
    "2pl": lambda random: simulate.binary_items(random, 12, guessing=None),
    "3pl": lambda random: simulate.binary_items(random, 12),
    "grm": lambda random: simulate.graded_items(random, 12, 4),
    "gpcm": lambda random: simulate.partial_credit_items(random, 12, 4),
    "nominal": lambda random: simulate.nominal_items(random, 12, 4),
}


@pytest.fixture(params=_BANKS)
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bank(model: str) -> Items:
    return _BANKS[model](np.random.default_rng(7))


def test_probabilities_of_a_fit_equal_those_of_its_model(model: str, bank: Items) -> None:
    random = np.random.default_rng(11)
    given = simulate.answers(random, bank, simulate.abilities(random, 600))
    fit = calibrate(given, model)
    theirs = log_probabilities(fit.layout, fit.table, torch.from_numpy(_THETA)).exp().numpy()
    assert Items.of(fit).probabilities(_THETA) == pytest.approx(theirs, abs=1e-12)


def test_probabilities_sum_to_one(bank: Items) -> None:
    assert bank.probabilities(_THETA).sum(1) == pytest.approx(1.0)


def test_slopes_are_the_derivatives_of_probabilities(bank: Items) -> None:
    step = 1e-5
    rise = bank.probabilities(_THETA + step) - bank.probabilities(_THETA - step)
    assert bank.slopes(_THETA) == pytest.approx(rise / (2 * step), abs=1e-8)


def test_a_2pl_item_gives_the_information_of_the_textbook() -> None:
    items = Items.binary(np.array([1.5]), np.array([0.5]))
    chance = 1 / (1 + np.exp(-1.5 * (_THETA - 0.5)))
    assert items.information(_THETA)[0] == pytest.approx(1.5**2 * chance * (1 - chance))


def test_a_3pl_item_gives_birnbaums_information() -> None:
    items = Items.binary(np.array([1.5]), np.array([0.5]), np.array([0.2]))
    chance = 0.2 + 0.8 / (1 + np.exp(-1.5 * (_THETA - 0.5)))
    birnbaum = 1.5**2 * (chance - 0.2) ** 2 / 0.8**2 * (1 - chance) / chance
    assert items.information(_THETA)[0] == pytest.approx(birnbaum)


def test_another_scale_changes_parameters_but_no_probability(bank: Items) -> None:
    moved = bank.on_scale(1.3, -0.4)
    assert moved.probabilities(1.3 * _THETA - 0.4) == pytest.approx(
        bank.probabilities(_THETA), abs=1e-12
    )


def test_difficulties_move_with_the_scale() -> None:
    bank = simulate.graded_items(np.random.default_rng(3), 5, 4)
    assert bank.on_scale(1.3, -0.4).difficulty == pytest.approx(1.3 * bank.difficulty - 0.4)


def test_items_of_different_length_share_a_table() -> None:
    short, long = Items.binary(np.ones(1), np.zeros(1)), _BANKS["grm"](np.random.default_rng(1))
    padded = np.pad(short.intercepts, ((0, 0), (0, 2)), constant_values=np.nan)
    scores = np.pad(short.scores, ((0, 0), (0, 2)), constant_values=np.nan)
    both = Items(
        np.r_[short.slope, long.slope],
        np.r_[padded, long.intercepts],
        np.r_[short.guessing, long.guessing],
        np.r_[scores, long.scores],
        np.r_[short.divided, long.divided],
    )
    assert both.categories.tolist() == [2, *[4] * 12]
    assert both.probabilities(_THETA)[0, 2:] == pytest.approx(0.0)
    assert both.information(_THETA)[0] == pytest.approx(short.information(_THETA)[0])
    assert both.information(_THETA)[1:] == pytest.approx(long.information(_THETA))


def test_items_and_simulation_need_no_torch() -> None:
    code = "import exams.psychometrics.simulate, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
