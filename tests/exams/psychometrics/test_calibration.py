"""Calibration against what mirt printed for classic data, and on data that is hard."""

import csv
import json
from typing import Any

import numpy as np
import pytest

from exams.psychometrics import likelihood
from exams.psychometrics.calibration import Calibration, calibrate
from exams.psychometrics.models import Model
from exams.psychometrics.responses import Responses, UnusableResponses
from tests.shared_data import shared

_FITS = [
    ("lsat7_1pl", "lsat7.csv", Model.ONE_PL),
    ("lsat7_2pl", "lsat7.csv", Model.TWO_PL),
    ("lsat6_2pl", "lsat6.csv", Model.TWO_PL),
    ("wirs_2pl", "wirs.csv", Model.TWO_PL),
    ("abortion_2pl", "abortion.csv", Model.TWO_PL),
    ("sat12_2pl", "sat12_scored.csv", Model.TWO_PL),
    ("science_graded", "science_mirt.csv", Model.GRM),
    ("science_gpcm", "science_mirt.csv", Model.GPCM),
    ("science_pcm", "science_mirt.csv", Model.PCM),
    ("science_nominal", "science_mirt.csv", Model.NOMINAL),
]


@pytest.mark.parametrize(("name", "file", "model"), _FITS)
def test_a_fit_equals_mirts(name: str, file: str, model: Model) -> None:
    reference = _reference("mirt_reference.json")[name]
    header, answers = _read(file)
    _agrees(calibrate(answers, model, names=header), reference)


@pytest.mark.parametrize("name", ["lsat6", "lsat7"])
def test_a_1pl_is_mirts_rasch_model_on_another_scale(name: str) -> None:
    """Slope 1 and a free variance there, one free slope and N(0, 1) here: a squared is the variance."""
    reference = _reference("mirt_reference.json")[f"{name}_rasch"]
    header, answers = _read(f"{name}.csv")
    found = calibrate(answers, Model.ONE_PL, names=header)
    assert abs(found.log_likelihood - reference["logLik"]) <= 1e-4
    assert found.intercept == pytest.approx(
        [p["d"] for p in reference["slope_intercept"]], abs=1e-3
    )
    told = {row["par"]: row["SE"] for row in reference["se"]}
    errors = [told[f"{p['item']}.d"] for p in reference["slope_intercept"]]
    assert found.standard_error[:, 1] == pytest.approx(errors, rel=0.01)
    of_variance = 2 * found.slope[0] * found.standard_error[0, 0]
    assert of_variance == pytest.approx(told["GroupPars.COV_11"], rel=0.01)


def test_a_search_in_single_precision_ends_where_double_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(5)
    slope, intercept = np.exp(random.normal(0.2, 0.3, 25)), random.normal(0, 1, 25)
    answers = _simulate(random, slope, intercept, persons=3000)
    answers[random.random(answers.shape) < 0.2] = -1
    for model in (Model.TWO_PL, Model.THREE_PL):
        monkeypatch.setattr(likelihood, "_LARGE", 10**9)
        slow = calibrate(answers, model)
        monkeypatch.setattr(likelihood, "_LARGE", 0)
        fast = calibrate(answers, model)
        assert slow.converged
        assert fast.converged
        assert (
            abs(fast.log_likelihood + fast.log_prior - slow.log_likelihood - slow.log_prior) < 1e-4
        )
        assert fast.slope == pytest.approx(slow.slope, abs=1e-3)
        assert fast.intercept == pytest.approx(slow.intercept, abs=1e-3)


def test_rows_that_share_a_sum_by_chance_are_still_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
    plain = Responses.of(rows)

    class Unlucky:
        def integers(self, *_: object) -> int:
            return 1

    monkeypatch.setattr(np.random, "default_rng", lambda _seed: Unlucky())
    found = Responses.of(rows)
    assert sorted(found.weight.tolist()) == sorted(plain.weight.tolist()) == [1, 1, 1, 2]
    assert (found.answers[found.pattern] == plain.answers[plain.pattern]).all()


def test_frequencies_count_as_often_as_they_say() -> None:
    reference = _reference("mirt_reference.json")["deayala_2pl"]
    header, table = _read("deAyala_freq.csv")
    _agrees(calibrate(table[:, :-1], weights=table[:, -1], names=header[:-1]), reference)


def test_the_3pl_reaches_at_least_mirts_posterior() -> None:
    reference = _reference("mirt_reference2.json")["sat12_3pl_map"]
    _, answers = _read("sat12_scored.csv")
    found = calibrate(answers, Model.THREE_PL, options=5)
    posterior = found.log_likelihood + found.log_prior
    assert posterior >= reference["logLik"] + reference["logPrior"] - 1e-6
    assert posterior <= reference["logLik"] + reference["logPrior"] + 1e-4
    assert found.slope == pytest.approx([p["a1"] for p in reference["pars"]], abs=1e-3)
    assert found.intercept == pytest.approx([p["d"] for p in reference["pars"]], abs=1e-3)
    assert found.guessing == pytest.approx([p["g"] for p in reference["pars"]], abs=1e-3)


def test_two_groups_have_their_own_abilities() -> None:
    random = np.random.default_rng(23)
    slope, intercept = np.exp(random.normal(0.2, 0.3, 24)), random.normal(0, 1, 24)
    first = _simulate(random, slope, intercept, persons=3000)
    second = _simulate(random, slope, intercept, persons=3000, mean=0.5, deviation=0.8)
    groups = np.repeat(["a", "b"], 3000)
    found = calibrate(np.concatenate([first, second]), groups=groups)
    assert (found.mean[0], found.variance[0]) == (0.0, 1.0)
    assert found.mean[1] == pytest.approx(0.5, abs=0.08)
    assert found.variance[1] == pytest.approx(0.64, abs=0.08)


def test_answers_missing_by_design_still_recover_the_parameters() -> None:
    random = np.random.default_rng(20261123)
    slope, intercept = np.exp(random.normal(0.2, 0.3, 20)), random.normal(0, 1, 20)
    answers = _simulate(random, slope, intercept, persons=6000)
    answers[random.random(answers.shape) < 0.5] = np.nan
    found = calibrate(answers)
    assert found.converged
    assert np.sqrt(((found.slope - slope) ** 2).mean()) < 0.12
    errors = np.abs(found.slope - slope) / found.standard_error[:, 0]
    assert 0.7 < (errors < 1.96).mean() <= 1


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (np.ones((300, 3)), "everybody answered 1"),
        (np.full((300, 3), np.nan), "nobody has seen"),
        (np.array([[0.5, 1], [1, 0]]), "whole numbers"),
        (np.array([[0, 1], [2, 0], [1, 1]]), "right and wrong only"),
        (np.array([[0, 1], [3, 0], [1, 1]]), "never occurs"),
        (np.empty((0, 3)), "neither empty"),
    ],
)
def test_answers_that_cannot_be_used_are_refused_by_name(answers: np.ndarray, says: str) -> None:
    with pytest.raises(UnusableResponses, match=says):
        calibrate(answers)


def _agrees(found: Calibration, reference: dict[str, Any]) -> None:
    pars = reference["slope_intercept"]
    steps = range(1, found.layout.most)
    intercepts = [[p[f"d{k}"] for k in steps] if "d1" in p else [p["d"]] for p in pars]
    ours = found.intercept.reshape(len(pars), -1)
    assert found.converged
    assert abs(found.log_likelihood - reference["logLik"]) <= 1e-4
    assert found.slope == pytest.approx([p["a1"] for p in pars], abs=1e-3)
    assert ours == pytest.approx(np.array(intercepts), abs=1e-3)
    _errors_agree(found, reference)


def _errors_agree(found: Calibration, reference: dict[str, Any]) -> None:
    places = {f"{name.replace(' ', '.')}.a1": (i, 0) for i, name in enumerate(found.names)}
    for i, name in enumerate(found.names):
        places[f"{name.replace(' ', '.')}.d"] = (i, 1)
        places |= {f"{name.replace(' ', '.')}.d{k}": (i, k) for k in range(1, found.layout.most)}
    compared = 0
    for row in reference["se"]:
        place = places.get(row["par"].replace(" ", "."))
        if place is not None and row["SE"] is not None:
            assert found.standard_error[place] == pytest.approx(row["SE"], rel=0.01)
            compared += 1
    assert compared >= len(found.names)


def _simulate(
    random: np.random.Generator,
    slope: np.ndarray,
    intercept: np.ndarray,
    *,
    persons: int,
    mean: float = 0.0,
    deviation: float = 1.0,
) -> np.ndarray:
    ability = random.normal(mean, deviation, size=(persons, 1))
    chance = 1 / (1 + np.exp(-(slope * ability + intercept)))
    return np.where(random.random(chance.shape) < chance, 1.0, 0.0)


def _reference(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared(f"irt/{name}").read_text("utf-8"))
    return found


def _read(name: str) -> tuple[list[str], np.ndarray]:
    with shared(f"irt/{name}").open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    return header, np.array([[float(cell) for cell in row] for row in rows])
