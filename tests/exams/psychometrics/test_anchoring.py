"""Pilot questions calibrated onto the scale of questions already known."""

import numpy as np
import pytest
from scipy.stats import norm

from exams.psychometrics import simulate
from exams.psychometrics.anchoring import calibrate_onto
from exams.psychometrics.calibration import Calibration, calibrate
from exams.psychometrics.items import Items
from exams.psychometrics.responses import UnusableResponses

_OLD = [f"old {n}" for n in range(16)]
_PILOTS = [f"pilot {n}" for n in range(4)]


@pytest.fixture(scope="module")
def bank() -> Items:
    return simulate.binary_items(np.random.default_rng(5), 20, guessing=None)


@pytest.fixture(scope="module")
def base(bank: Items) -> Calibration:
    random = np.random.default_rng(6)
    known = bank.take(np.arange(16))
    return calibrate(simulate.answers(random, known, simulate.abilities(random, 4000)), names=_OLD)


@pytest.fixture(scope="module")
def newcomers(bank: Items) -> np.ndarray:
    random = np.random.default_rng(7)
    theta = simulate.abilities(random, 2500, mean=0.6, deviation=1.2)
    return simulate.answers(random, bank, theta)


def test_pilots_land_on_the_old_scale_though_the_people_are_others(
    base: Calibration, newcomers: np.ndarray, bank: Items
) -> None:
    found = calibrate_onto(base, newcomers, [*_OLD, *_PILOTS])
    assert found.calibration.converged
    pilots, errors = ~found.fixed, found.calibration.standard_error
    gap = found.calibration.slope[pilots] - bank.slope[pilots]
    assert (np.abs(gap / errors[pilots, 0]) < norm.ppf(0.9995)).all()
    assert found.calibration.difficulty[pilots] == pytest.approx(
        bank.difficulty[pilots, 0], abs=0.15
    )
    assert found.mean == pytest.approx(0.6, abs=0.1)
    assert found.variance == pytest.approx(1.44, abs=0.2)


def test_anchors_keep_their_parameters_to_the_last_digit(
    base: Calibration, newcomers: np.ndarray
) -> None:
    found = calibrate_onto(base, newcomers, [*_OLD, *_PILOTS])
    assert (found.calibration.slope[:16] == base.slope).all()
    assert (found.calibration.intercept[:16] == base.intercept).all()
    assert np.isnan(found.calibration.standard_error[:16]).all()


def test_a_free_fit_would_have_missed_the_scale(newcomers: np.ndarray, bank: Items) -> None:
    free = calibrate(newcomers, names=[*_OLD, *_PILOTS])
    assert abs((free.difficulty[16:] - bank.difficulty[16:, 0]).mean()) > 0.3


def test_pilots_seen_by_some_only_are_calibrated_from_those(
    base: Calibration, newcomers: np.ndarray, bank: Items
) -> None:
    seats = newcomers.copy()
    seen = np.random.default_rng(8).random((len(seats), 4)) < 0.4
    seats[:, 16:] = np.where(seen, seats[:, 16:], np.nan)
    found = calibrate_onto(base, seats, [*_OLD, *_PILOTS])
    assert found.calibration.difficulty[16:] == pytest.approx(bank.difficulty[16:, 0], abs=0.25)


@pytest.mark.parametrize("model", ["1pl", "3pl", "grm", "gpcm", "pcm", "nominal"])
def test_every_model_takes_pilots(model: str) -> None:
    random = np.random.default_rng(9)
    items = {
        "1pl": lambda: simulate.binary_items(random, 8, slope=(0.15, 0), guessing=None),
        "3pl": lambda: simulate.binary_items(random, 8),
        "grm": lambda: simulate.graded_items(random, 8, 3),
        "gpcm": lambda: simulate.partial_credit_items(random, 8, 3),
        "pcm": lambda: simulate.partial_credit_items(random, 8, 3, slope=(0, 0)),
        "nominal": lambda: simulate.nominal_items(random, 8, 3),
    }[model]()
    first = simulate.answers(random, items.take(np.arange(7)), simulate.abilities(random, 1500))
    base = calibrate(first, model, names=[f"old {n}" for n in range(7)])
    second = simulate.answers(random, items, simulate.abilities(random, 1500, mean=0.5))
    found = calibrate_onto(base, second, [*base.names, "pilot"])
    grid = np.linspace(-2, 2, 9)
    curves = Items.of(found.calibration).expected(grid)[7]
    assert curves == pytest.approx(items.expected(grid)[7], abs=0.12)
    assert found.mean == pytest.approx(0.5, abs=0.15)


def test_what_cannot_be_anchored_is_refused_by_name(
    base: Calibration, newcomers: np.ndarray
) -> None:
    names = [*_OLD, *_PILOTS]
    with pytest.raises(UnusableResponses, match="nothing ties the scales"):
        calibrate_onto(base, newcomers, [f"other {n}" for n in range(20)])
    with pytest.raises(UnusableResponses, match="nothing to fit"):
        calibrate_onto(base, newcomers[:, :16], _OLD)
    few = newcomers.copy()
    few[150:, 19] = np.nan
    with pytest.raises(UnusableResponses, match="question pilot 3: 150 answers are too few"):
        calibrate_onto(base, few, names)
    graded = newcomers.copy()
    graded[:40, 0] = 2
    with pytest.raises(UnusableResponses, match="question old 0: other categories"):
        calibrate_onto(base, graded, names)
