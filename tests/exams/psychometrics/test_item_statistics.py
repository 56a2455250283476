"""Classical statistics on hand-made answers, where every number can be seen."""

import csv
import math

import numpy as np
import pytest

from exams.psychometrics.item_statistics import item_statistics, option_table, rest_scores
from tests.shared_data import shared

_KEY = [
    1,
    4,
    5,
    2,
    3,
    1,
    2,
    1,
    3,
    1,
    2,
    4,
    2,
    1,
    5,
    3,
    4,
    4,
    1,
    4,
    3,
    3,
    4,
    1,
    3,
    5,
    1,
    3,
    1,
    5,
    4,
    5,
]


def test_the_share_is_of_the_points_to_be_had() -> None:
    answers = np.array([[2.0, 1], [1, 0], [0, 0], [1, 1]])
    found = item_statistics(answers, most=np.array([4.0, 1.0]))
    assert found.share.tolist() == [0.25, 0.5]
    assert found.share_se[1] == pytest.approx(math.sqrt(0.25 / 4))


def test_a_question_nobody_saw_has_no_statistics_and_breaks_nothing() -> None:
    answers = np.array([[1.0, np.nan, 0], [0, np.nan, 0], [1, np.nan, 1]])
    found = item_statistics(answers)
    assert found.answers.tolist() == [3, 0, 3]
    assert math.isnan(found.share[1])
    assert math.isnan(found.discrimination[1])
    assert found.discrimination[0] == pytest.approx(0.5)


def test_a_question_everybody_got_right_has_no_discrimination() -> None:
    found = item_statistics(np.array([[1.0, 0], [1, 1], [1, 0]]))
    assert found.share[0] == 1
    assert math.isnan(found.discrimination[0])


def test_the_rest_score_leaves_the_question_itself_out() -> None:
    rest = rest_scores(np.array([[1.0, 0, 1], [1, np.nan, 0], [1, np.nan, np.nan]]))
    assert rest[0].tolist() == [0.5, 1, 0.5]
    assert rest[1][[0, 2]].tolist() == [0, 1]
    assert math.isnan(rest[2, 0])


def test_options_show_whom_they_draw() -> None:
    choices = np.array([1.0, 1, 1, 2, 2, 3, np.nan])
    rest = np.array([0.9, 0.8, 0.7, 0.2, 0.1, 0.5, 0.6])
    first, second, third = option_table(choices, 1, rest)
    assert (first.is_key, second.is_key, third.is_key) == (True, False, False)
    assert [one.chosen for one in (first, second, third)] == [3, 2, 1]
    assert first.mean_rest == pytest.approx(0.8)
    assert second.correlation < 0 < first.correlation
    assert [one.by_third for one in (first, second)] == [(0, 0.5, 1), (1, 0, 0)]


def test_a_key_that_nobody_chose_still_stands_in_the_table() -> None:
    first, _ = option_table(np.array([2.0, 2]), 1, np.array([0.5, 0.1]))
    assert (first.chosen, first.share, first.is_key) == (0, 0, True)
    assert math.isnan(first.correlation)


def test_no_choices_at_all_leave_the_key_alone() -> None:
    (only,) = option_table(np.full(3, np.nan), 1, np.zeros(3))
    assert (only.chosen, only.share, only.by_third) == (0, 0, (0, 0, 0))


def test_the_shares_of_real_options_add_up_and_the_key_agrees_with_the_scores() -> None:
    choices, scored = _read("sat12_raw.csv"), _read("sat12_scored.csv")
    rest = rest_scores(scored)
    statistics = item_statistics(scored)
    for item, key in enumerate(_KEY):
        table = option_table(choices[:, item], key, rest[:, item])
        assert sum(one.share for one in table) == pytest.approx(1)
        (keyed,) = [one for one in table if one.is_key]
        if keyed.share == pytest.approx(statistics.share[item]):
            assert keyed.correlation == pytest.approx(statistics.discrimination[item])
    agree = sum((choices[:, i] == key).mean() == scored[:, i].mean() for i, key in enumerate(_KEY))
    assert agree >= 31


def _read(name: str) -> np.ndarray:
    with shared(f"irt/{name}").open(encoding="utf-8") as file:
        _, *rows = list(csv.reader(file))
    return np.array([[float(cell) for cell in row] for row in rows])
