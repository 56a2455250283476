"""Answers that no textbook prints: a stated result or a clear refusal, never NaN and never a crash."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.psychometrics.calibration import Calibration, calibrate
from exams.psychometrics.models import Model
from exams.psychometrics.priors import Priors
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.scoring import Method, score
from exams.psychometrics.tables import written

_ANY_MODEL: Final = st.sampled_from(list(Model))


@pytest.mark.parametrize("model", [Model.TWO_PL, Model.THREE_PL])
def test_fewer_than_200_answers_give_a_1pl_that_says_so(model: Model) -> None:
    found = calibrate(_noise(seed=3, people=199, questions=4), model)
    assert (found.model, found.asked) == (Model.ONE_PL, model)
    assert found.notes[0] == (
        f"A question has only 199 answers: too few for {model}, so 1pl was fitted."
    )
    assert len(set(found.slope.tolist())) == 1


def test_200_answers_give_the_model_that_was_asked_for() -> None:
    found = calibrate(_noise(seed=3, people=200, questions=4), Model.TWO_PL)
    assert (found.model, found.asked) == (Model.TWO_PL, None)


def test_frequencies_count_towards_the_200() -> None:
    answers = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0]])
    assert calibrate(answers, weights=np.full(4, 50)).model is Model.TWO_PL
    assert calibrate(answers, weights=np.full(4, 49)).model is Model.ONE_PL


def test_few_graded_answers_give_the_graded_model_with_one_slope() -> None:
    answers = np.random.default_rng(5).integers(0, 3, (60, 4)).astype(float)
    found = calibrate(answers, Model.GRM)
    assert (found.model, found.asked) == (Model.PCM, Model.GRM)
    assert "so pcm was fitted" in found.notes[0]


def test_one_question_with_too_few_answers_is_enough_to_hold_back_the_slopes() -> None:
    answers = _noise(seed=3, people=400, questions=4)
    answers[150:, 2] = np.nan
    assert calibrate(answers).model is Model.ONE_PL


@pytest.mark.parametrize("answer", [0.0, 1.0])
@pytest.mark.parametrize("model", list(Model))
def test_all_right_and_all_wrong_are_refused_by_name(model: Model, answer: float) -> None:
    with pytest.raises(UnusableResponses, match="Q1: everybody answered"):
        calibrate(np.full((300, 3), answer), model)


@pytest.mark.parametrize("model", list(Model))
def test_a_single_answer_is_refused(model: Model) -> None:
    with pytest.raises(UnusableResponses, match="everybody answered 1"):
        calibrate(np.array([[1.0]]), model)


@pytest.mark.parametrize("times", [1, 60])
@pytest.mark.parametrize("model", list(Model))
def test_a_perfect_guttman_scale_says_that_its_slopes_are_unbounded(
    model: Model, times: int
) -> None:
    found = calibrate(np.tril(np.ones((6, 5)), -1).repeat(times, axis=0), model)
    _is_stated(found)
    if found.model is not Model.THREE_PL:  # there the prior bounds them
        assert "The answers do not bound the slope of Q1" in " ".join(found.notes)


@pytest.mark.parametrize("model", list(Model))
def test_a_question_asked_four_times_says_that_its_slope_is_unbounded(model: Model) -> None:
    answers = _noise(seed=11, people=400, questions=1).repeat(4, axis=1)
    found = calibrate(answers, model)
    _is_stated(found)
    assert "do not bound the slope" in " ".join(found.notes)


def test_the_same_three_people_a_hundred_times_are_a_result() -> None:
    rows = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0.0]]).repeat(100, axis=0)
    for model in Model:
        _is_stated(calibrate(rows, model))


def test_two_questions_say_that_slopes_cannot_be_told_apart() -> None:
    found = calibrate(_noise(seed=2, people=300, questions=2))
    assert "Fewer than three questions" in " ".join(found.notes)


def test_a_3pl_without_a_prior_is_a_stated_result() -> None:
    found = calibrate(_noise(seed=1, people=300, questions=4), Model.THREE_PL, priors=Priors())
    _is_stated(found)
    assert found.notes


def test_a_fit_without_standard_errors_says_so() -> None:
    told = written(calibrate(np.tril(np.ones((6, 5)), -1).repeat(60, axis=0)))
    errors = [error for item in told["items"] for error in item["se"]]
    assert all(error is None or error > 0 for error in errors)
    missing = any("no standard errors" in note for note in told["notes"])
    assert missing == all(error is None for error in errors)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    people=st.integers(1, 40),
    questions=st.integers(1, 6),
    share=st.floats(0, 1),
    hidden=st.floats(0, 0.9),
    times=st.sampled_from([1, 40]),
    model=_ANY_MODEL,
)
def test_any_table_gives_numbers_or_a_clear_refusal(
    seed: int, people: int, questions: int, share: float, hidden: float, times: int, model: Model
) -> None:
    random = np.random.default_rng(seed)
    answers = (random.random((people, questions)) < share).astype(float)
    answers[random.random(answers.shape) < hidden] = np.nan
    _is_stated_or_refused(answers.repeat(times, axis=0), model)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    categories=st.integers(2, 5),
    people=st.sampled_from([5, 30, 260]),
    model=st.sampled_from([Model.GRM, Model.GPCM, Model.PCM, Model.NOMINAL]),
)
def test_any_graded_table_gives_numbers_or_a_clear_refusal(
    seed: int, categories: int, people: int, model: Model
) -> None:
    random = np.random.default_rng(seed)
    _is_stated_or_refused(random.integers(0, categories, (people, 4)).astype(float), model)


def _is_stated_or_refused(answers: np.ndarray, model: Model) -> None:
    found = _fitted(answers, model)
    if isinstance(found, str):
        assert found.startswith("question Q")
        return
    _is_stated(found)
    for method in (Method.EAP, Method.MAP):
        scores = score(found, answers, method)
        assert np.isfinite(scores.theta).all()
        assert np.isfinite(scores.se).all()


def _fitted(answers: np.ndarray, model: Model) -> Calibration | str:
    try:
        return calibrate(answers, model)
    except UnusableResponses as refusal:
        return str(refusal)


def _is_stated(found: Calibration) -> None:
    assert np.isfinite(found.log_likelihood)
    assert np.isfinite(found.table.numpy()).all()
    assert np.isfinite(found.variance).all()
    assert found.converged or "stopped before it converged" in " ".join(found.notes)


def _noise(*, seed: int, people: int, questions: int) -> np.ndarray:
    """Coin flips: no ability behind them."""
    random = np.random.default_rng(seed)
    return np.asarray((random.random((people, questions)) < 0.5).astype(float))
