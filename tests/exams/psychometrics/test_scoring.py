"""Ability estimates against what mirt printed for LSAT7."""

import csv
import json
from typing import Any

import numpy as np
import pytest

from exams.psychometrics.calibration import Calibration, calibrate
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.scoring import Method, reliability, score
from tests.shared_data import shared


@pytest.fixture(scope="module")
def answers() -> np.ndarray:
    with shared("irt/lsat7.csv").open(encoding="utf-8") as file:
        _, *rows = list(csv.reader(file))
    return np.array([[float(cell) for cell in row] for row in rows])


@pytest.fixture(scope="module")
def fitted(answers: np.ndarray) -> Calibration:
    return calibrate(answers)


def test_eap_scores_equal_mirts(fitted: Calibration, answers: np.ndarray) -> None:
    reference = _reference("mirt_reference.json")["lsat7_2pl"]
    rows = reference["eap_head"]
    patterns = np.array([[row[f"Item.{n}"] for n in range(1, 6)] for row in rows], dtype=float)
    found = score(fitted, patterns)
    assert found.theta == pytest.approx([row["F1"] for row in rows], abs=1e-3)
    assert found.se == pytest.approx([row["SE_F1"] for row in rows], abs=1e-3)
    whole = score(fitted, answers)
    assert reliability(whole) == pytest.approx(reference["empirical_rxx"], abs=1e-3)


def test_the_modes_of_the_posterior_equal_mirts(fitted: Calibration) -> None:
    rows = np.array(_reference("mirt_reference2.json")["lsat7_MAP"])
    found = score(fitted, rows[:, :5], Method.MAP)
    assert found.theta == pytest.approx(rows[:, 5], abs=2e-3)
    assert found.se == pytest.approx(rows[:, 6], abs=2e-3)


def test_weighted_likelihood_estimates_equal_mirts(fitted: Calibration) -> None:
    rows = np.array(_reference("mirt_reference2.json")["lsat7_WLE"])
    found = score(fitted, rows[:, :5], Method.WLE)
    assert found.theta == pytest.approx(rows[:, 5], abs=2e-3)
    assert (found.se > 0).all()


def test_sum_scores_equal_mirts(fitted: Calibration) -> None:
    rows = _reference("mirt_reference2.json")["lsat7_EAPsum"]
    patterns = np.array(
        [[1.0] * row["Sum.Scores"] + [0.0] * (5 - row["Sum.Scores"]) for row in rows]
    )
    found = score(fitted, patterns, Method.SUM)
    assert found.theta == pytest.approx([row["F1"] for row in rows], abs=1e-3)
    assert found.se == pytest.approx([row["SE_F1"] for row in rows], abs=1e-3)


def test_whoever_answered_nothing_has_the_prior_or_nothing(fitted: Calibration) -> None:
    nothing = np.full((1, 5), np.nan)
    assert score(fitted, nothing).theta[0] == pytest.approx(0, abs=1e-9)
    assert score(fitted, nothing).se[0] == pytest.approx(1, abs=1e-3)
    assert np.isnan(score(fitted, nothing, Method.WLE).theta[0])


def test_an_unknown_category_is_refused_by_name(fitted: Calibration) -> None:
    with pytest.raises(UnusableResponses, match="question Q3: an answer"):
        score(fitted, np.array([[0, 0, 2, 0, 0]]))


def test_sum_scores_need_every_answer(fitted: Calibration) -> None:
    with pytest.raises(UnusableResponses, match="every question"):
        score(fitted, np.array([[0, 0, np.nan, 0, 0]]), Method.SUM)


def _reference(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared(f"irt/{name}").read_text("utf-8"))
    return found
