"""Trace lines and the points beside them, of answers whose truth is known."""

import numpy as np
import pytest

from exams.psychometrics.form_analysis import analyse
from exams.psychometrics.simulate import abilities, answers, binary_items
from exams.psychometrics.traces import ability_groups, option_shares


def test_points_of_answers_that_follow_the_model_lie_by_its_line() -> None:
    found = analyse(_earned(1500), np.ones(12), np.full((1500, 12), np.nan))
    away = []
    for trace in found.traces:
        line = np.array([[point.theta, point.shares[1]] for point in trace.curve])
        assert (np.diff(line[:, 1]) > 0).all()
        for group in trace.groups[1:-1]:
            expected = np.interp(group.ability or 0, line[:, 0], line[:, 1])
            away.append(abs(group.shares[1] - expected))
    assert np.mean(away) < 0.05
    assert all(0.8 < (trace.infit or 0) < 1.2 for trace in found.traces)


def test_a_question_with_the_wrong_key_shows_it() -> None:
    earned = _earned(900)
    earned[:, 4] = 1 - earned[:, 4]
    trace = analyse(earned, np.ones(12), np.full((900, 12), np.nan)).traces[4]
    assert trace.groups[0].shares[1] > trace.groups[-1].shares[1]


def test_everybody_who_saw_it_stands_in_one_group() -> None:
    earned = _earned(400)
    earned[:50, 2] = np.nan
    found = analyse(earned, np.ones(12), np.full((400, 12), np.nan))
    assert sum(group.people for group in found.traces[2].groups) == 350
    assert sum(group.people for group in found.traces[3].groups) == 400
    for group in found.traces[3].groups:
        assert sum(group.shares) == pytest.approx(1)


def test_what_nothing_was_calibrated_of_has_points_by_score_and_no_line() -> None:
    earned = _earned(60)
    earned[:, 1:] = 1
    trace = analyse(earned, np.ones(12), np.full((60, 12), np.nan)).traces[0]
    assert (trace.curve, trace.infit) == ((), None)
    assert {group.ability for group in trace.groups} == {None}


def test_questions_on_trial_say_nothing_of_the_form() -> None:
    earned, scored = _earned(900), np.arange(12) < 8
    whole = analyse(earned[:, :8], np.ones(8), np.full((900, 8), np.nan))
    found = analyse(earned, np.ones(12), np.full((900, 12), np.nan), scored=scored)
    assert found.alpha == pytest.approx(whole.alpha)
    assert found.reliability == pytest.approx(whole.reliability or 0, abs=0.03)
    assert found.questions[10].slope is not None
    middle = len(found.curve) // 2
    assert found.curve[middle].information == pytest.approx(
        whole.curve[middle].information, rel=0.2
    )


@pytest.mark.parametrize(("people", "groups"), [(50, 3), (90, 6), (5000, 10)])
def test_groups_are_as_many_as_their_people_allow(people: int, groups: int) -> None:
    number = ability_groups(np.random.default_rng(1).normal(size=people))
    assert len(np.unique(number)) == groups
    assert np.bincount(number).min() >= 15


def test_people_of_one_score_stand_in_one_group() -> None:
    measure = np.repeat([1.0, 2.0], 100)
    assert set(ability_groups(measure)[:100]) & set(ability_groups(measure)[100:]) == set()
    assert set(ability_groups(np.ones(80))) == {0}


def test_an_option_that_draws_the_able_has_a_correlation_above_zero() -> None:
    earned = _earned(600)
    group = ability_groups(earned.sum(1))
    took = np.stack([earned[:, 0], 1 - earned[:, 0], np.zeros(600)], 1)
    took[:20] = np.nan
    right, wrong, never = option_shares(took, ["a", "b", "c"], earned, 0, group)
    assert (right.correlation or 0) > 0.1
    assert (wrong.correlation or 0) < -0.1
    assert never.correlation is None
    assert right.chosen + wrong.chosen == 580
    assert right.by_group[0] is not None
    assert right.by_group[-1] is not None
    assert right.by_group[0] < right.by_group[-1]
    assert never.by_group == (0.0,) * len(never.by_group)


def _earned(people: int) -> np.ndarray:
    random = np.random.default_rng(7)
    items = binary_items(random, 12, slope=(0.2, 0.2))
    return answers(random, items, abilities(random, people)).astype(np.float64)
