"""Reliability and classical statistics against what psych and mirt printed."""

import csv
import json
from typing import Any

import numpy as np
import pytest

from exams.psychometrics.calibration import calibrate
from exams.psychometrics.item_statistics import item_statistics
from exams.psychometrics.items import Items
from exams.psychometrics.models import Model
from exams.psychometrics.reliability import (
    Unreliable,
    alpha,
    error_of_ability,
    error_of_points,
    marginal_reliability,
    omega_total,
)
from exams.psychometrics.simulate import abilities, answers, binary_items
from tests.shared_data import shared

_SETS = ["lsat6", "lsat7", "sat12_scored", "science_mirt", "wirs", "verbal_aggression"]


@pytest.mark.parametrize("name", _SETS)
def test_alpha_equals_psychs(name: str) -> None:
    table, reference = _read(name)
    found = alpha(table)
    assert found.value == pytest.approx(reference["alpha_raw"], abs=1e-8)
    assert found.se == pytest.approx(reference["ase"], abs=1e-8)
    assert found.without == pytest.approx(list(reference["alpha_if_dropped"].values()), abs=1e-8)


@pytest.mark.parametrize("name", _SETS)
def test_omega_total_equals_psychs(name: str) -> None:
    table, reference = _read(name)
    assert omega_total(table).value == pytest.approx(reference["omega_total_1f"], abs=1e-4)


@pytest.mark.parametrize("name", _SETS)
def test_difficulty_and_discrimination_equal_psychs(name: str) -> None:
    table, reference = _read(name)
    found = item_statistics(table)
    assert found.mean == pytest.approx(list(reference["p_value"].values()), abs=1e-8)
    assert found.discrimination == pytest.approx(list(reference["r_drop"].values()), abs=1e-8)


def test_marginal_reliability_equals_mirts() -> None:
    table, _ = _read("lsat7")
    assert marginal_reliability(calibrate(table)) == pytest.approx(0.44181895676, abs=1e-5)


def test_omega_recovers_the_loadings_of_one_factor() -> None:
    random = np.random.default_rng(8)
    loadings = np.array([0.8, 0.7, 0.6, 0.5, -0.6])
    factor = random.normal(size=(60_000, 1))
    scores = factor * loadings + random.normal(size=(60_000, 5)) * np.sqrt(1 - loadings**2)
    found = omega_total(scores)
    total = np.abs(loadings).sum() ** 2
    assert np.abs(found.loadings) == pytest.approx(np.abs(loadings), abs=0.02)
    assert found.value == pytest.approx(total / (total + (1 - loadings**2).sum()), abs=0.01)


def test_answers_missing_at_random_leave_alpha_about_where_it_was() -> None:
    table, _ = _read("sat12_scored")
    holes = np.random.default_rng(4).random(table.shape) < 0.2
    assert alpha(np.where(holes, np.nan, table)).value == pytest.approx(
        alpha(table).value, abs=0.03
    )


def test_the_standard_error_of_alpha_is_the_spread_over_samples() -> None:
    random = np.random.default_rng(1)
    items = binary_items(random, 12, guessing=None)
    found = [alpha(answers(random, items, abilities(random, 300))) for _ in range(200)]
    spread = np.std([one.value for one in found])
    assert np.mean([one.se for one in found]) == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (np.ones((20, 1)), "at least two questions"),
        (np.ones((20, 3)), "does not vary"),
        (np.array([[1, np.nan, 0], [0, np.nan, 1], [np.nan, 1, 1]]), "fewer than two people"),
    ],
)
def test_what_has_no_reliability_is_refused_with_its_reason(table: np.ndarray, says: str) -> None:
    with pytest.raises(Unreliable, match=says):
        alpha(table)


def test_omega_needs_three_questions_that_vary() -> None:
    random = np.random.default_rng(0)
    two = random.integers(0, 2, (50, 2)).astype(float)
    with pytest.raises(Unreliable, match="three questions"):
        omega_total(two)
    with pytest.raises(Unreliable, match="answered alike"):
        omega_total(np.column_stack([two, np.ones(50)]))


def test_the_error_of_an_ability_is_that_of_its_information() -> None:
    table, _ = _read("lsat7")
    fit = calibrate(table)
    theta = np.array([-1.0, 0.0, 1.0])
    right = 1 / (1 + np.exp(-(fit.slope[:, None] * theta + fit.intercept[:, None])))
    information = (fit.slope[:, None] ** 2 * right * (1 - right)).sum(0)
    assert error_of_ability(fit, theta) == pytest.approx(1 / np.sqrt(information))
    assert error_of_points(fit, theta) == pytest.approx(np.sqrt((right * (1 - right)).sum(0)))


def test_the_error_of_points_is_the_spread_of_scores_at_one_ability() -> None:
    table, _ = _read("science_mirt")
    fit = calibrate(table, Model.GRM)
    drawn = answers(np.random.default_rng(2), Items.of(fit), np.full(20_000, 0.5))
    expected = error_of_points(fit, np.array([0.5]))[0]
    assert drawn.sum(1).std() == pytest.approx(expected, rel=0.03)


def _read(name: str) -> tuple[np.ndarray, dict[str, Any]]:
    told = json.loads(shared("irt/psych_ctt_reference.json").read_text("utf-8"))
    reference: dict[str, Any] = told["results"][name]
    with shared(f"irt/{name}.csv").open(encoding="utf-8") as file:
        _, *rows = list(csv.reader(file))
    return np.array([[float(cell) for cell in row[: reference["k"]]] for row in rows]), reference
