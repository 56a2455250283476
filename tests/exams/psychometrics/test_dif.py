"""Differential item functioning against what difR printed, and on answers whose difference is planted."""

import csv
import json
from typing import Any

import numpy as np
import pytest

from exams.psychometrics.calibration import calibrate
from exams.psychometrics.dif import (
    EtsClass,
    logistic,
    mantel_haenszel,
    purified,
    standardised_difference,
)
from exams.psychometrics.irt_dif import (
    calibrate_apart,
    likelihood_ratio,
    purified_likelihood_ratio,
)
from exams.psychometrics.items import Items
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.simulate import abilities, answers
from tests.shared_data import shared


def test_mantel_haenszel_equals_difrs() -> None:
    told, table, focal = _verbal()
    found = mantel_haenszel(table, focal)
    assert found.statistic == pytest.approx(told["MH_chi2"], abs=1e-6)
    assert found.odds_ratio == pytest.approx(told["MH_alpha"], abs=1e-6)
    assert found.delta == pytest.approx(told["delta_MH"], abs=1e-6)
    assert (found.delta_se / 2.35) ** 2 == pytest.approx(told["MH_varLambda"], abs=1e-6)


def test_logistic_regression_equals_difrs() -> None:
    told, table, focal = _verbal()
    found = logistic(table, focal)
    assert found.uniform == pytest.approx(told["logistic_uniform"], abs=1e-6)
    assert found.both == pytest.approx(told["logistic_both"], abs=1e-6)
    assert found.r_squared == pytest.approx(told["logistic_R2"], abs=1e-6)


def test_the_standardised_difference_equals_difrs() -> None:
    told, table, focal = _verbal()
    assert standardised_difference(table, focal) == pytest.approx(told["stdPDIF"], abs=1e-6)


def test_the_classes_follow_size_and_significance() -> None:
    _, table, focal = _verbal()
    found = mantel_haenszel(table, focal)
    for size, p, name in zip(np.abs(found.delta), found.p, found.classes, strict=True):
        if size < 1 or p >= 0.05:
            assert name is EtsClass.A
        elif size < 1.5:
            assert name is EtsClass.B
        else:
            assert name in {EtsClass.B, EtsClass.C}
    assert found.classes[5] is EtsClass.C
    assert found.flagged.sum() == sum(name is not EtsClass.A for name in found.classes)


def test_purification_clears_the_questions_that_others_made_look_bad() -> None:
    table, focal, planted = _planted(harder=1.2, share=0.3)
    first = mantel_haenszel(table, focal)
    anchors, settled = purified(
        lambda kept: mantel_haenszel(table, focal, anchors=kept).flagged, 20
    )
    last = mantel_haenszel(table, focal, anchors=anchors)
    assert settled
    assert last.flagged[planted].all()
    assert last.flagged[~planted].sum() <= first.flagged[~planted].sum()
    assert np.abs(last.delta[~planted].mean()) < np.abs(first.delta[~planted].mean())


def test_purification_never_takes_the_last_anchors() -> None:
    anchors, settled = purified(np.ones_like, 5)
    assert anchors.all()
    assert not settled


def test_a_difference_in_ability_alone_is_no_difference_of_questions() -> None:
    table, focal, _ = _planted(harder=0.0, share=0.0, gap=0.7)
    found = mantel_haenszel(table, focal)
    assert EtsClass.C not in found.classes
    assert (found.p < 0.05).mean() <= 0.2


def test_a_question_that_separates_the_groups_differently_is_found_by_the_interaction() -> None:
    random = np.random.default_rng(4)
    theta = abilities(random, 6000)
    focal = np.arange(6000) % 2 == 0
    items = Items.binary(np.ones(20), np.linspace(-1.5, 1.5, 20))
    table = answers(random, items, theta)
    flat = Items.binary(np.full(20, 0.2), np.zeros(20))
    table[focal, 0] = answers(random, flat, theta[focal])[:, 0]
    table[~focal, 0] = answers(random, Items.binary(np.full(20, 1.8), np.zeros(20)), theta[~focal])[
        :, 0
    ]
    found = logistic(table, focal)
    assert found.p_both[0] < 1e-6
    assert found.both[0] - found.uniform[0] > 30


def test_a_question_nobody_can_compare_has_no_result() -> None:
    table = np.array([[1.0, 1], [1, 0], [1, 1], [1, 0]] * 5)
    focal = np.arange(20) % 2 == 0
    found = mantel_haenszel(table, focal)
    assert found.classes[0] is None
    assert np.isnan(found.delta[0])
    assert np.isnan(logistic(table, focal).both[0])


def test_one_group_alone_has_no_result_and_does_not_crash() -> None:
    table = np.array([[1.0, 0], [0, 1], [1, 1], [0, 0]])
    nobody = np.zeros(4, dtype=bool)
    assert mantel_haenszel(table, nobody).classes == (None, None)
    assert np.isnan(standardised_difference(table, nobody)).all()
    assert np.isnan(logistic(table, nobody).uniform).all()


def test_unseen_questions_need_a_score_to_match_on() -> None:
    table, focal, planted = _planted(harder=1.2, share=0.1)
    holes = np.random.default_rng(1).random(table.shape) < 0.3
    table[holes] = np.nan
    with pytest.raises(UnusableResponses, match="score to match on"):
        mantel_haenszel(table, focal)
    match = np.round(np.nanmean(table, axis=1) * 10)
    assert mantel_haenszel(table, focal, match=match).flagged[planted].all()


def test_graded_answers_are_refused() -> None:
    with pytest.raises(UnusableResponses, match="right and wrong only"):
        mantel_haenszel(np.array([[2.0, 1], [0, 1]]), np.array([True, False]))


def test_the_likelihood_ratio_finds_the_planted_question() -> None:
    table, focal, planted = _planted(harder=0.8, share=0.1, items=10, people=2400)
    tests = likelihood_ratio(table, focal)
    assert [test.freedom for test in tests] == [2] * 10
    assert tests[0].p < 1e-6
    assert max(tests, key=lambda test: test.statistic) is tests[0]
    _, anchors = purified_likelihood_ratio(table, focal)
    assert not anchors[planted].any()
    assert anchors.sum() >= 8  # at the 5 % level one false alarm may be among them


def test_items_apart_in_every_group_but_one_anchor_fit_better_than_all_tied() -> None:
    _, table, focal = _verbal()
    apart = np.ones(24, dtype=bool)
    apart[6] = False
    free = calibrate_apart(table, focal, apart, enough=50)
    tied = calibrate_apart(table, focal, np.zeros(24, dtype=bool), enough=50)
    separate = sum(calibrate(table[part], enough=50).log_likelihood for part in (focal, ~focal))
    assert tied.log_likelihood < free.log_likelihood <= separate + 1e-6
    # One tied item leaves as many parameters as two separate calibrations have.
    assert free.log_likelihood == pytest.approx(separate, abs=0.05)


def test_groups_that_nothing_ties_together_are_refused() -> None:
    _, table, focal = _verbal()
    with pytest.raises(UnusableResponses, match="at least one question must be the same"):
        calibrate_apart(table, focal, np.ones(24, dtype=bool), enough=50)


def test_a_group_with_too_few_answers_is_refused() -> None:
    _, table, focal = _verbal()
    apart = np.arange(24) < 1
    with pytest.raises(UnusableResponses, match="73 answers in a group are too few for 2pl"):
        calibrate_apart(table, focal, apart)


def _planted(
    *, harder: float, share: float, gap: float = 0.3, items: int = 20, people: int = 4000
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers whose first `share` of questions are harder for the focal half, less able by `gap`."""
    random = np.random.default_rng(12)
    focal = np.arange(people) % 2 == 1
    difficulty = random.normal(0, 0.8, items)
    planted = np.arange(items) < share * items
    theta = abilities(random, people) - gap * focal
    table = answers(random, Items.binary(np.full(items, 1.2), difficulty), theta)
    other = Items.binary(np.full(items, 1.2), difficulty + harder * planted)
    table[focal] = answers(random, other, theta[focal])
    return table, focal, planted


def _verbal() -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    told = json.loads(shared("irt/difr_verbal_reference.json").read_text("utf-8"))
    with shared("irt/verbal_aggression.csv").open(encoding="utf-8") as file:
        _, *rows = list(csv.reader(file))
    table = np.array([[float(cell) for cell in row] for row in rows])
    return told, table[:, :24], table[:, 25] == 1
