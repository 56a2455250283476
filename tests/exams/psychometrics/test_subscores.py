"""Subscores: Haberman's coefficients against simulated truth, and when one may be shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.psychometrics.subscores import FEWEST, Subscore, study

PERSONS, ITEMS = 20_000, 20


def simulated(correlation: float, *, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Points on two parts of a test, and the true subscores, with abilities correlated so much."""
    random = np.random.default_rng(seed)
    shape = [[1.0, correlation], [correlation, 1.0]]
    ability = random.multivariate_normal([0, 0], shape, size=PERSONS)  # (persons, parts)
    difficulty = random.normal(0, 0.7, size=(2, ITEMS))
    chance = 1 / (1 + np.exp(-1.6 * (ability[:, :, None] - difficulty)))  # (persons, parts, items)
    right = random.random(chance.shape) < chance
    return right.reshape(PERSONS, -1).astype(float), chance.sum(2)


PARTS = ["first"] * ITEMS + ["second"] * ITEMS


@pytest.mark.parametrize("correlation", [0.2, 0.6, 0.95])
def test_the_coefficients_are_squared_correlations_with_the_true_subscore(
    correlation: float,
) -> None:
    points, true = simulated(correlation)
    first, second = study(points, PARTS)
    for place, found in enumerate((first, second)):
        mine = points[:, place * ITEMS : (place + 1) * ITEMS].sum(1)
        by_itself = np.corrcoef(mine, true[:, place])[0, 1] ** 2
        by_total = np.corrcoef(points.sum(1), true[:, place])[0, 1] ** 2
        assert found.prmse_subscore == pytest.approx(by_itself, abs=0.012)
        assert found.prmse_total == pytest.approx(by_total, abs=0.012)
        assert found.standard_error == pytest.approx(np.std(mine - true[:, place]), abs=0.03)


def test_a_part_of_its_own_has_added_value_and_one_like_the_rest_has_not() -> None:
    assert all(found.meaningful for found in study(simulated(0.2)[0], PARTS))
    assert not any(found.meaningful for found in study(simulated(1.0)[0], PARTS))


def test_with_few_persons_nothing_is_said() -> None:
    points, _ = simulated(0.2)
    assert not any(found.meaningful for found in study(points[: FEWEST - 1], PARTS))
    assert all(found.meaningful for found in study(points[:2000], PARTS))


def test_an_unreliable_part_is_not_reported_however_different_it_is() -> None:
    found = Subscore("part", 5000, 0.69, 0.69, 0.1, 1.0)
    assert not found.meaningful
    assert Subscore("part", 5000, 0.70, 0.70, 0.1, 1.0).meaningful


def test_a_part_of_one_item_and_one_that_does_not_vary_are_left_out() -> None:
    points, _ = simulated(0.2)
    points = np.column_stack([points[:200], np.ones((200, 2))])
    parts = ["lone", *PARTS[1:], "flat", "flat"]
    assert [one.name for one in study(points, parts)] == ["first", "second"]


@pytest.mark.parametrize("points", [[[1.0, 0.0]], [[1.0], [0.0]], [[1.0, np.nan], [0.0, 1.0]]])
def test_what_makes_no_sense_is_refused(points: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r"persons|points"):
        study(np.array(points), ["one", "other"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 6))
def test_whatever_the_answers_the_coefficients_are_shares(
    seed: int, persons: int, items: int
) -> None:
    random = np.random.default_rng(seed)
    points = random.integers(0, 3, size=(persons, items)).astype(float)
    for one in study(points, ["a", "b"] * (items // 2) + ["a"] * (items % 2)):
        assert np.isfinite([one.reliability, one.standard_error]).all()
        assert 0 <= one.prmse_subscore <= 1
        assert 0 <= one.prmse_total <= 1
        assert one.reliability <= 1 + 1e-12
