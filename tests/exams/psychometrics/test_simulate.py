"""What is simulated has the properties it was asked for."""

from collections.abc import Callable

import numpy as np
import pytest

from exams.psychometrics import simulate
from exams.psychometrics.items import Items
from exams.psychometrics.simulate import Sitting


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261126)


def test_a_seed_says_everything() -> None:
    def drawn() -> np.ndarray:
        random = np.random.default_rng(5)
        items = simulate.binary_items(random, 6)
        return simulate.answers(random, items, simulate.abilities(random, 50))

    assert (drawn() == drawn()).all()


def test_a_bank_has_the_distributions_asked_for(random: np.random.Generator) -> None:
    bank = simulate.binary_items(random, 20_000)
    assert np.log(bank.slope).mean() == pytest.approx(0.15, abs=0.01)
    assert np.log(bank.slope).std() == pytest.approx(0.3, abs=0.01)
    assert bank.difficulty.mean() == pytest.approx(0, abs=0.03)
    assert bank.guessing.mean() == pytest.approx(0.2, abs=0.01)
    assert simulate.binary_items(random, 5, guessing=None).guessing.tolist() == [0] * 5


@pytest.mark.parametrize(
    "make",
    [
        lambda random: simulate.binary_items(random, 4),
        lambda random: simulate.graded_items(random, 4, 5),
        lambda random: simulate.partial_credit_items(random, 4, 5),
        lambda random: simulate.nominal_items(random, 4, 5),
    ],
)
def test_answers_come_as_often_as_the_model_says(
    make: Callable[[np.random.Generator], Items], random: np.random.Generator
) -> None:
    items = make(random)
    given = simulate.answers(random, items, np.full(30_000, 0.7))
    for category, chance in enumerate(items.probabilities(np.array([0.7]))[:, :, 0].T):
        assert (given == category).mean(0) == pytest.approx(chance, abs=0.015)


def test_what_was_not_seen_is_missing(random: np.random.Generator) -> None:
    seen = random.random((100, 6)) < 0.5
    given = simulate.answers(random, simulate.binary_items(random, 6), np.zeros(100), seen=seen)
    assert (np.isnan(given) == ~seen).all()


def test_times_are_lognormal_around_intensity_less_speed(random: np.random.Generator) -> None:
    pace = simulate.paces(random, 5)
    logs = np.log(simulate.times(random, pace, np.full(40_000, 0.5)))
    assert logs.mean(0) == pytest.approx(pace.intensity - 0.5, abs=0.02)
    assert logs.std(0) == pytest.approx(1 / pace.precision, rel=0.03)


def test_speed_goes_with_ability_as_much_as_asked(random: np.random.Generator) -> None:
    theta = simulate.abilities(random, 40_000)
    speed = simulate.speeds(random, theta, deviation=0.2, with_ability=0.6)
    assert np.corrcoef(theta, speed)[0, 1] == pytest.approx(0.6, abs=0.02)
    assert speed.std() == pytest.approx(0.2, abs=0.01)


def test_a_copier_shares_what_was_copied_and_the_source_changes_nothing(
    random: np.random.Generator,
) -> None:
    given = simulate.answers(random, simulate.nominal_items(random, 40, 5), np.array([-1.0, 1, 0]))
    found = simulate.copied(random, given, np.array([[0, 1]]), 0.4)
    assert (found[1:] == given[1:]).all()
    changed = found[0] != given[0]
    assert changed.any()
    assert (found[0, changed] == given[1, changed]).all()
    assert (found[0] == given[1]).sum() >= 16


def test_those_who_knew_are_right_and_fast_on_leaked_items_only(
    random: np.random.Generator,
) -> None:
    items = simulate.binary_items(random, 20, difficulty=(1.5, 0.1))
    before = Sitting(simulate.answers(random, items, np.full(300, -1.0)), np.full((300, 20), 40.0))
    who, leaked = np.arange(100), np.arange(8)
    after = simulate.with_preknowledge(random, before, who, leaked)
    assert after.answers[:100, :8].mean() > 0.9
    assert (after.seconds[:100, :8] == 20).all()
    assert (after.answers[100:] == before.answers[100:]).all()
    assert (after.seconds[:, 8:] == 40).all()


def test_a_rapid_guess_is_quick_and_right_by_chance(random: np.random.Generator) -> None:
    before = Sitting(np.ones((2000, 10)), np.full((2000, 10), 40.0))
    guessed = random.random((2000, 10)) < 0.3
    after = simulate.with_rapid_guesses(random, before, guessed)
    assert after.answers[guessed].mean() == pytest.approx(0.25, abs=0.03)
    assert np.median(after.seconds[guessed]) == pytest.approx(2.5, abs=0.1)
    assert (after.answers[~guessed] == 1).all()
    assert (after.seconds[~guessed] == 40).all()
