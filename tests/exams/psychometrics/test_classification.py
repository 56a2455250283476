"""Classification accuracy and consistency against what happens when people sit again."""

import numpy as np
import pytest
from scipy.stats import norm

from exams.psychometrics import simulate
from exams.psychometrics.classification import lee, rudner, summed_scores
from exams.psychometrics.items import Items


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261126)


def test_summed_scores_equal_a_walk_through_every_pattern(random: np.random.Generator) -> None:
    items, theta = simulate.graded_items(random, 3, 3), np.array([-1.0, 0.4])
    curves = items.probabilities(theta)
    expected = np.zeros((2, 7))
    for pattern in np.ndindex(3, 3, 3):
        chance = np.prod([curves[i, k] for i, k in enumerate(pattern)], axis=0)
        expected[:, sum(pattern)] += chance
    assert summed_scores(items, theta) == pytest.approx(expected)


def test_rudners_shares_for_one_person_are_those_of_the_normal() -> None:
    found = rudner(np.array([0.5]), np.array([0.4]), np.array([0.0]))
    above = norm.cdf(0.5 / 0.4)
    assert found.accuracy == pytest.approx(above)
    assert found.consistency == pytest.approx(above**2 + (1 - above) ** 2)
    assert found.false_fail == pytest.approx(1 - above)
    assert found.false_pass == 0


def test_lees_figures_come_true_when_people_sit_twice(random: np.random.Generator) -> None:
    items, theta = simulate.binary_items(random, 30), simulate.abilities(random, 20_000)
    first, second = (simulate.answers(random, items, theta).sum(1) >= 18 for _ in range(2))
    belongs = items.expected(theta).sum(0) >= 18
    found = lee(items, theta, np.array([18]))
    assert found.accuracy == pytest.approx((first == belongs).mean(), abs=0.01)
    assert found.consistency == pytest.approx((first == second).mean(), abs=0.01)
    assert found.false_pass == pytest.approx((first & ~belongs).mean(), abs=0.01)
    assert found.false_fail == pytest.approx((~first & belongs).mean(), abs=0.01)
    chance = first.mean() ** 2 + (1 - first.mean()) ** 2
    assert found.kappa == pytest.approx(
        ((first == second).mean() - chance) / (1 - chance), abs=0.02
    )


def test_a_grid_with_weights_says_the_same_as_people(random: np.random.Generator) -> None:
    items, grid = simulate.binary_items(random, 30), np.linspace(-5, 5, 201)
    people = lee(items, simulate.abilities(random, 40_000), np.array([18]))
    known = lee(items, grid, np.array([18]), weights=norm.pdf(grid))
    assert known.accuracy == pytest.approx(people.accuracy, abs=0.005)
    assert known.consistency == pytest.approx(people.consistency, abs=0.005)


def test_three_classes_share_people_out_whole(random: np.random.Generator) -> None:
    theta = simulate.abilities(random, 500)
    for found in (
        rudner(theta, np.full(500, 0.4), np.array([-0.5, 0.8])),
        lee(simulate.binary_items(random, 20), theta, np.array([8, 14])),
    ):
        assert found.accuracy + found.false_pass + found.false_fail == pytest.approx(1.0)
        assert 0 < found.kappa < found.consistency <= 1


def test_a_longer_exam_decides_better(random: np.random.Generator) -> None:
    bank, theta = simulate.binary_items(random, 80), simulate.abilities(random, 2000)
    accuracies = []
    for length in (10, 40, 80):
        form = bank.take(np.arange(length))
        points = form.expected(np.array([0.2])).sum()
        accuracies.append(lee(form, theta, np.array([np.ceil(points)])).accuracy)
    assert accuracies == sorted(accuracies)


def test_where_everybody_passes_kappa_is_undefined_and_says_so() -> None:
    items = Items.binary(np.ones(3), np.zeros(3))
    found = lee(items, np.zeros(4), np.array([0]))
    assert found.consistency == pytest.approx(1.0)
    assert np.isnan(found.kappa)
