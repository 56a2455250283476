"""Fit against what mirt and eRm printed, and its rate of false alarms on answers that do fit."""

import csv
import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from exams.psychometrics.calibration import Calibration, calibrate
from exams.psychometrics.item_fit import s_x2, score_groups
from exams.psychometrics.items import Items
from exams.psychometrics.model_fit import m2
from exams.psychometrics.models import Model
from exams.psychometrics.person_fit import (
    item_mean_squares,
    lz,
    lz_star,
    odd_answers,
    person_mean_squares,
)
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.scoring import Method, score
from exams.psychometrics.simulate import abilities, answers, binary_items
from tests.shared_data import shared


def test_s_x2_equals_mirts() -> None:
    fit, table = _lsat7()
    for found, row in zip(s_x2(fit, table), _reference()["lsat7_itemfit"], strict=True):
        assert found.statistic == pytest.approx(row["S_X2"], abs=1e-3)
        assert found.freedom == row["df.S_X2"]
        assert found.p == pytest.approx(row["p.S_X2"], abs=1e-4)
        assert found.rmsea == pytest.approx(row["RMSEA.S_X2"], abs=1e-4)


def test_m2_equals_mirts() -> None:
    fit, table = _lsat7()
    found, told = m2(fit, table), _reference()["lsat7_M2"]
    assert found.statistic == pytest.approx(told["M2"], abs=1e-3)
    assert found.freedom == told["df"]
    assert found.p == pytest.approx(told["p"], abs=1e-5)
    assert found.rmsea == pytest.approx(told["RMSEA"], abs=1e-5)
    assert found.interval == pytest.approx((told["RMSEA_5"], told["RMSEA_95"]), abs=1e-4)


def test_mean_squares_of_items_and_persons_equal_mirts() -> None:
    fit, table = _lsat7()
    items, theta = Items.of(fit), score(fit, table).theta
    for found, rows in (
        (item_mean_squares(items, theta, table), _reference()["lsat7_itemfit"]),
        (person_mean_squares(items, theta, table), _reference()["lsat7_personfit"]),
    ):
        for ours, name in (
            (found.infit, "infit"),
            (found.outfit, "outfit"),
            (found.z_infit, "z.infit"),
            (found.z_outfit, "z.outfit"),
        ):
            assert ours[: len(rows)] == pytest.approx([row[name] for row in rows], abs=1e-4)


def test_lz_equals_mirts() -> None:
    fit, table = _lsat7()
    rows = _reference()["lsat7_personfit"]
    found = lz(Items.of(fit), score(fit, table).theta, table)
    assert found[: len(rows)] == pytest.approx([row["Zh"] for row in rows], abs=1e-4)


def test_mean_squares_under_the_rasch_model_equal_erms() -> None:
    told = json.loads(shared("irt/erm_rasch_reference.json").read_text("utf-8"))
    table = _read("verbal_aggression.csv")[:, :24]
    table = table[(table.sum(1) > 0) & (table.sum(1) < 24)]
    easiness = np.array(list(told["beta_easiness"].values()))
    theta = _likeliest(easiness, table.sum(1))
    items = Items.binary(np.ones(24), -easiness)
    found = item_mean_squares(items, theta, table)
    assert found.infit == pytest.approx(list(told["infit_MSQ"].values()), abs=1e-4)
    assert found.outfit == pytest.approx(list(told["outfit_MSQ"].values()), abs=1e-4)
    persons = person_mean_squares(items, theta, table)
    head = told["person_infit_head"]
    assert persons.infit[: len(head)] == pytest.approx(head, abs=1e-4)
    assert persons.outfit[: len(head)] == pytest.approx(told["person_outfit_head"], abs=1e-4)


def test_false_alarms_of_m2_and_s_x2_come_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(1)
    whole, single = [], []
    for _ in range(80):
        table = answers(random, binary_items(random, 8, guessing=None), abilities(random, 800))
        fit = calibrate(table)
        whole.append(m2(fit, table).p)
        single += [found.p for found in s_x2(fit, table) if found.p is not None]
    assert 0.005 <= (np.array(whole) < 0.05).mean() <= 0.12
    assert 0.4 <= np.median(whole) <= 0.65
    assert 0.02 <= (np.array(single) < 0.05).mean() <= 0.08


def test_m2_of_graded_answers_stays_near_its_degrees_of_freedom() -> None:
    table = _read("science_mirt.csv")
    fit = calibrate(table, Model.GRM)
    random = np.random.default_rng(3)
    ratios = []
    for _ in range(30):
        drawn = answers(random, Items.of(fit), abilities(random, 1500)) + fit.lowest
        found = m2(calibrate(drawn, Model.GRM), drawn)
        ratios.append(found.statistic / found.freedom)
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


def test_a_model_that_does_not_hold_is_found_out() -> None:
    random = np.random.default_rng(5)
    table = answers(random, binary_items(random, 10, guessing=None), abilities(random, 2000))
    table[:, 1] = np.where(random.random(2000) < 0.7, table[:, 0], table[:, 1])
    assert m2(calibrate(table), table).p < 1e-6
    guessed = answers(random, binary_items(random, 10, slope=(0.9, 0.4)), abilities(random, 3000))
    fits = s_x2(calibrate(guessed, Model.ONE_PL), guessed)
    assert min(found.p for found in fits if found.p is not None) < 0.001


def test_expected_and_observed_answers_of_a_score_group_have_the_same_people() -> None:
    fit, table = _lsat7()
    for group in score_groups(fit, table):
        assert group.scores.tolist() == [1, 2, 3, 4]
        assert group.expected.sum(1) == pytest.approx(group.people)
        assert group.observed.sum(1) == pytest.approx(group.people)


def test_lz_star_is_standard_normal_where_lz_is_not() -> None:
    random = np.random.default_rng(7)
    items = binary_items(random, 30, guessing=None)
    table = answers(random, items, abilities(random, 4000))
    fit = calibrate(table)
    theta = score(fit, table, Method.MAP).theta
    star, plain = odd_answers(fit, theta, table), lz(Items.of(fit), theta, table)
    assert star.std() == pytest.approx(1, abs=0.06)
    assert abs(star.std() - 1) < abs(plain.std() - 1)
    assert 0.035 <= (star < -1.645).mean() <= 0.075


def test_answers_turned_round_are_odd() -> None:
    random = np.random.default_rng(9)
    items = binary_items(random, 40, difficulty=(0.0, 1.5), guessing=None)
    theta = np.zeros(200)
    honest = answers(random, items, theta)
    easy_first = np.argsort(items.difficulty[:, 0])
    turned = honest.copy()
    turned[:, easy_first[:12]], turned[:, easy_first[-12:]] = 0.0, 1.0
    assert (lz_star(items, theta, turned, np.zeros(200)) < -3).all()
    assert np.isnan(lz_star(items, theta, np.full((200, 40), np.nan), np.zeros(200))).all()


def test_what_nobody_saw_whole_has_no_fit_by_sum_scores() -> None:
    fit, table = _lsat7()
    table = table.copy()
    table[:, 0] = np.nan
    for test in (s_x2, m2):
        with pytest.raises(UnusableResponses, match="nobody saw every question"):
            test(fit, table)


def test_m2_needs_more_moments_than_parameters() -> None:
    table = np.random.default_rng(1).integers(0, 2, (400, 3)).astype(float)
    with pytest.raises(UnusableResponses, match="no degree of freedom"):
        m2(calibrate(table), table)


def test_an_item_without_freedom_has_no_p() -> None:
    table = np.random.default_rng(1).integers(0, 2, (400, 2)).astype(float)
    assert [found.p for found in s_x2(calibrate(table), table)] == [None, None]


def _likeliest(easiness: np.ndarray, total: np.ndarray) -> np.ndarray:
    theta = np.zeros(len(total))
    for _ in range(60):
        right = 1 / (1 + np.exp(-(theta[:, None] + easiness)))
        theta += (total - right.sum(1)) / (right * (1 - right)).sum(1)
    return theta


@cache
def _lsat7() -> tuple[Calibration, np.ndarray]:
    table = _read("lsat7.csv")
    return calibrate(table), table


def _reference() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("irt/mirt_reference2.json").read_text("utf-8"))
    return found


def _read(name: str) -> np.ndarray:
    with shared(f"irt/{name}").open(encoding="utf-8") as file:
        _, *rows = list(csv.reader(file))
    return np.array([[float(cell) for cell in row] for row in rows])
