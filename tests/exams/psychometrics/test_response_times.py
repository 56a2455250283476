"""Lognormal response times: parameters come back, and those too fast to have read are seen."""

import numpy as np
import pytest

from exams.psychometrics import response_times, simulate
from exams.psychometrics.response_times import UnusableTimes, effort, faster_on, fit, residuals
from exams.psychometrics.simulate import Sitting


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261126)


def test_the_parameters_that_made_the_times_come_back(random: np.random.Generator) -> None:
    pace, theta = simulate.paces(random, 30), simulate.abilities(random, 3000)
    speed = simulate.speeds(random, theta, deviation=0.3)
    found = fit(simulate.times(random, pace, speed))
    assert found.converged
    assert found.pace.intensity == pytest.approx(pace.intensity, abs=0.05)
    assert found.pace.precision == pytest.approx(pace.precision, rel=0.06)
    assert found.variance == pytest.approx(0.09, rel=0.08)
    standard = (found.speed - speed) / found.speed_error
    assert standard.std() == pytest.approx(1, abs=0.05)


def test_missing_times_change_nothing_but_the_precision(random: np.random.Generator) -> None:
    pace, theta = simulate.paces(random, 20), simulate.abilities(random, 3000)
    seconds = simulate.times(random, pace, simulate.speeds(random, theta))
    seconds[random.random(seconds.shape) < 0.4] = np.nan
    assert fit(seconds).pace.intensity == pytest.approx(pace.intensity, abs=0.06)


def test_residuals_of_honest_times_are_standard_normal(random: np.random.Generator) -> None:
    pace, theta = simulate.paces(random, 20), simulate.abilities(random, 2000)
    seconds = simulate.times(random, pace, simulate.speeds(random, theta))
    found = residuals(fit(seconds), seconds)
    assert found.mean() == pytest.approx(0, abs=0.01)
    assert found.std() == pytest.approx(1, abs=0.01)


def test_one_answer_far_too_fast_stands_out_against_the_persons_own_pace(
    random: np.random.Generator,
) -> None:
    pace = simulate.paces(random, 20)
    seconds = simulate.times(random, pace, np.r_[0.8, random.normal(0, 0.4, 499)])
    seconds[0, 4] /= 12
    seconds[1, 7] = np.nan
    found = residuals(fit(seconds), seconds)
    assert found[0].argmin() == 4
    assert found[0, 4] < -3
    assert abs(np.delete(found[0], 4).mean()) < 0.8
    assert np.isnan(found[1, 7])


def test_faster_on_is_standard_normal_for_the_honest_and_large_for_those_who_hurried(
    random: np.random.Generator,
) -> None:
    seconds = simulate.times(random, simulate.paces(random, 30), np.zeros(2000))
    suspected = np.arange(30) < 8
    seconds[:50, :8] *= 0.4
    found = faster_on(fit(seconds), seconds, suspected)
    assert found[50:].std() == pytest.approx(1, abs=0.06)
    assert np.median(found[:50]) > 3
    seconds[3, 8:] = np.nan
    assert np.isnan(faster_on(fit(seconds), seconds, suspected)[3])


def test_rapid_guesses_are_found_and_earnest_answers_are_not(random: np.random.Generator) -> None:
    items, theta = simulate.binary_items(random, 30), simulate.abilities(random, 1500)
    seconds = simulate.times(random, simulate.paces(random, 30), np.zeros(1500))
    honest = Sitting(simulate.answers(random, items, theta), seconds)
    guessed = np.zeros((1500, 30), dtype=bool)
    guessed[:60, 15:] = True
    after = simulate.with_rapid_guesses(random, honest, guessed)
    found = effort(after.seconds, after.answers)
    assert found.rapid[guessed].mean() > 0.9
    assert found.rapid[~guessed].mean() < 0.002
    assert found.unmotivated()[:60].mean() > 0.95
    assert found.unmotivated()[60:].mean() < 0.01
    assert found.base_rate == pytest.approx(guessed.mean(), rel=0.15)
    assert found.right_when_rapid == pytest.approx(0.25, abs=0.05)
    assert found.right_in_earnest > 0.5


def test_thresholds_are_a_tenth_of_the_mean_and_never_over_ten_seconds() -> None:
    seconds = np.array([[30.0, 600.0], [50.0, 400.0]])
    assert response_times.thresholds(seconds) == pytest.approx([4.0, 10.0])


def test_nobody_rapid_is_said_as_such() -> None:
    found = effort(np.full((5, 3), 30.0), np.ones((5, 3)))
    assert found.base_rate == 0
    assert np.isnan(found.right_when_rapid)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (np.ones((5, 3)), "at least 20 people"),
        (np.zeros((30, 3)), "more than zero seconds"),
        (np.where(np.arange(3) == 1, np.nan, np.ones((30, 3))), "question 2 has fewer than 10"),
    ],
)
def test_times_that_cannot_be_used_are_refused(seconds: np.ndarray, says: str) -> None:
    with pytest.raises(UnusableTimes, match=says):
        fit(seconds)


def test_identical_times_still_give_numbers() -> None:
    found = fit(np.full((30, 4), 20.0))
    assert np.isfinite(found.pace.precision).all()
    assert np.isfinite(found.speed).all()
