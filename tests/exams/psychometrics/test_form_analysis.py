"""What is told of a form, from answers whose truth is known."""

import numpy as np
import pytest

from exams.psychometrics.form_analysis import analyse
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.simulate import abilities, answers, binary_items


def test_a_right_or_wrong_form_gets_a_2pl_with_curve_and_fit() -> None:
    earned, seconds = _form(people=800)
    found = analyse(earned, np.ones(12), seconds)
    assert (found.persons, found.model, found.converged, found.notes) == (800, "2pl", True, ())
    assert found.reliability == pytest.approx(found.alpha or 0, abs=0.1)
    assert [point.share for point in found.curve] == sorted(point.share for point in found.curve)
    for question in found.questions:
        assert question.slope is not None
        assert question.fit_p is not None
        assert 20 < (question.median_seconds or 0) < 70


def test_a_question_everybody_got_right_is_left_out_and_says_why() -> None:
    earned, seconds = _form(people=400)
    earned[:, 3] = 1
    found = analyse(earned, np.ones(12), seconds)
    assert found.questions[3].left_out == "Everybody earned the same on it."
    assert [found.questions[place].slope is None for place in (3, 4)] == [True, False]
    assert found.model == "2pl"


def test_points_between_make_it_a_partial_credit_form() -> None:
    earned, seconds = _form(people=600)
    earned[:, 0] = earned[:, :4].sum(1)
    earned[:, 1] = np.random.default_rng(3).random(600) * 10  # every value its own
    found = analyse(earned, np.array([4.0, 10, *[1] * 10]), seconds)
    assert found.model == "gpcm"
    assert list(found.questions[0].levels) == [0, 1, 2, 3, 4]
    assert len(found.questions[1].levels) <= 5
    assert len(found.questions[0].intercepts) == 4


def test_few_people_get_one_slope_and_the_words_for_it() -> None:
    earned, seconds = _form(people=80)
    found = analyse(earned, np.ones(12), seconds)
    assert found.model == "1pl"
    assert "only 80 answers" in found.notes[0]
    assert {question.fit_p for question in found.questions} == {None}


def test_a_form_that_tells_nobody_apart_is_a_stated_result() -> None:
    found = analyse(np.ones((60, 3)), np.ones(3), np.full((60, 3), np.nan))
    assert (found.model, found.curve, found.alpha) == (None, (), None)
    assert "nothing is calibrated" in found.notes[0]
    assert all(question.left_out for question in found.questions)


def test_fewer_than_fifty_people_are_refused() -> None:
    with pytest.raises(UnusableResponses, match="49 people are too few"):
        analyse(np.ones((49, 3)), np.ones(3), np.ones((49, 3)))


def _form(*, people: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    items = binary_items(random, 12, guessing=None)
    earned = answers(random, items, abilities(random, people))
    return earned, random.lognormal(np.log(40), 0.3, earned.shape)
