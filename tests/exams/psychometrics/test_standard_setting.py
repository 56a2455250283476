"""Cuts from panels and from contrasting groups, with the error another panel would show."""

import numpy as np
import pytest

from exams.psychometrics import simulate
from exams.psychometrics.items import Items
from exams.psychometrics.standard_setting import (
    Unsettled,
    ability_at,
    ability_error,
    angoff,
    bookmark,
    contrasting_groups,
    locations,
)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261126)


def test_the_angoff_cut_is_the_sum_of_mean_ratings() -> None:
    found = angoff(np.array([[0.5, 0.7, 0.9], [0.7, 0.7, 0.7]]))
    assert found.panel.of_judge == pytest.approx([2.1, 2.1])
    assert found.panel.cut == pytest.approx(2.1)
    assert found.panel.se == pytest.approx(0.0)
    assert found.spread == pytest.approx([0.1, 0.0, 0.1])


def test_points_weigh_the_ratings() -> None:
    found = angoff(np.array([[0.5, 0.8], [0.7, 0.6]]), points=np.array([4, 1]))
    assert found.panel.of_judge == pytest.approx([2.8, 3.4])
    assert found.panel.se == pytest.approx(np.std([2.8, 3.4], ddof=1) / np.sqrt(2))


def test_the_standard_error_is_what_other_panels_would_show(random: np.random.Generator) -> None:
    def panel() -> np.ndarray:
        severity = random.normal(0, 0.06, (8, 1))
        return np.clip(np.full((8, 30), 0.6) + severity + random.normal(0, 0.08, (8, 30)), 0, 1)

    found = [angoff(panel()).panel for _ in range(300)]
    between = np.std([one.cut for one in found])
    assert np.mean([one.se for one in found]) == pytest.approx(between, rel=0.12)


def test_a_question_a_severe_judge_left_out_counts_as_severely() -> None:
    ratings = np.full((4, 6), 0.6)
    ratings[0] = 0.8
    whole = angoff(ratings).panel.of_judge
    ratings[0, 3] = np.nan
    found = angoff(ratings)
    assert found.panel.of_judge[0] == pytest.approx(whole[0], abs=0.06)
    assert found.severity[0] > 0.1


@pytest.mark.parametrize(
    ("ratings", "says"),
    [
        (np.array([[0.5, 0.5]]), "at least 2 judges"),
        (np.array([[0.5, np.nan], [0.4, np.nan]]), "question 2: nobody rated it"),
        (np.array([[0.5, 0.5], [np.nan, np.nan]]), "judge 2 rated nothing"),
        (np.array([[0.5, 60.0], [0.4, 0.5]]), "between 0 and 1"),
    ],
)
def test_ratings_that_make_no_cut_are_refused(ratings: np.ndarray, says: str) -> None:
    with pytest.raises(Unsettled, match=says):
        angoff(ratings)


def test_a_bookmark_lies_between_two_neighbours_in_order(random: np.random.Generator) -> None:
    items = simulate.binary_items(random, 20)
    placed = np.sort(locations(items))
    found = bookmark(items, np.array([10, 10, 12]))
    assert found.cut == pytest.approx((placed[9] + placed[10]) / 2)
    assert found.of_judge[2] == pytest.approx((placed[11] + placed[12]) / 2)
    assert found.se > 0


def test_a_question_is_answered_right_at_its_location_as_often_as_said(
    random: np.random.Generator,
) -> None:
    items = simulate.binary_items(random, 12)
    right = items.probabilities(locations(items, 0.67))[:, 1]
    assert np.diagonal(right) == pytest.approx(0.67)


def test_bookmarks_that_say_nothing_are_refused(random: np.random.Generator) -> None:
    items = simulate.binary_items(random, 12)
    with pytest.raises(Unsettled, match="outside this form"):
        bookmark(items, np.array([5, 12]))
    with pytest.raises(Unsettled, match="at least 2"):
        bookmark(items, np.array([5]))
    with pytest.raises(Unsettled, match="right-or-wrong"):
        bookmark(simulate.graded_items(random, 5, 3), np.array([2, 2]))
    guessable = Items.binary(np.ones(3), np.zeros(3), np.full(3, 0.7))
    with pytest.raises(Unsettled, match="guessed"):
        bookmark(guessable, np.array([1, 1]))


def test_contrasting_groups_cross_where_competence_is_as_likely_as_not(
    random: np.random.Generator,
) -> None:
    cuts, errors = [], []
    for _ in range(200):
        score = random.normal(30, 6, 400)
        competent = random.random(400) < 1 / (1 + np.exp(-(score - 28) / 2))
        found = contrasting_groups(score, competent)
        cuts.append(found.cut)
        errors.append(found.se)
    assert np.mean(cuts) == pytest.approx(28, abs=0.1)
    assert np.mean(errors) == pytest.approx(np.std(cuts), rel=0.15)


def test_a_dearer_wrong_pass_moves_the_cut_up(random: np.random.Generator) -> None:
    score = random.normal(30, 6, 1000)
    competent = random.random(1000) < 1 / (1 + np.exp(-(score - 28) / 2))
    equal = contrasting_groups(score, competent)
    strict = contrasting_groups(score, competent, wrong_pass_cost=3)
    assert strict.cut == pytest.approx(equal.cut + np.log(3) / equal.slope)


@pytest.mark.parametrize(
    ("scores", "competent", "says"),
    [
        ([1, 2, 3], [True, True, True], "both groups need people"),
        ([1, 2, 8, 9], [False, False, True, True], "any cut between 2 and 8"),
        ([1, 2, 8, 9], [True, False, True, False], "do not score higher"),
    ],
)
def test_groups_that_show_no_cut_are_refused(
    scores: list[int], competent: list[bool], says: str
) -> None:
    with pytest.raises(Unsettled, match=says):
        contrasting_groups(np.array(scores), np.array(competent))


def test_a_cut_in_points_has_its_place_on_the_scale(random: np.random.Generator) -> None:
    items = simulate.binary_items(random, 30)
    theta = ability_at(items, 18.5)
    assert items.expected(np.array([theta])).sum() == pytest.approx(18.5)
    moved = ability_at(items, 18.5 + 0.01) - theta
    assert ability_error(items, theta, 0.01) == pytest.approx(moved, rel=0.01)
    with pytest.raises(Unsettled, match="expected scores on this form lie between"):
        ability_at(items, 2)
