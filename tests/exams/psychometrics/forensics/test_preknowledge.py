"""Preknowledge: the honest are rarely flagged, those who knew mostly are, speed helps."""

import numpy as np
import pytest

from exams.psychometrics import response_times, simulate
from exams.psychometrics.forensics.preknowledge import preknowledge
from exams.psychometrics.items import Items
from exams.psychometrics.simulate import Sitting

_LEVEL = 0.001
_LEAKED = np.arange(40) < 12
_KNEW = np.arange(60)


@pytest.fixture(scope="module")
def items() -> Items:
    return simulate.binary_items(np.random.default_rng(1), 40, difficulty=(0.4, 0.8))


@pytest.fixture(scope="module")
def sitting(items: Items) -> Sitting:
    random = np.random.default_rng(2)
    theta = simulate.abilities(random, 4000)
    seconds = simulate.times(random, simulate.paces(random, 40), simulate.speeds(random, theta))
    honest = Sitting(simulate.answers(random, items, theta), seconds)
    return simulate.with_preknowledge(random, honest, _KNEW, np.flatnonzero(_LEAKED), faster=0.6)


def test_honest_people_are_flagged_about_as_often_as_said(items: Items, sitting: Sitting) -> None:
    found = preknowledge(items, sitting.answers, _LEAKED, level=0.01)
    honest = np.setdiff1d(np.arange(4000), _KNEW)
    assert np.isin(honest, found.flags.found).mean() < 0.015


def test_with_times_most_of_those_who_knew_are_found(items: Items, sitting: Sitting) -> None:
    times = (response_times.fit(sitting.seconds), sitting.seconds)
    answers_only = preknowledge(items, sitting.answers, _LEAKED, level=_LEVEL)
    both = preknowledge(items, sitting.answers, _LEAKED, times=times, level=_LEVEL)
    honest = np.setdiff1d(np.arange(4000), _KNEW)
    caught = [np.isin(_KNEW, one.flags.found).mean() for one in (answers_only, both)]
    assert caught[0] > 0.15
    assert caught[1] > 0.7
    assert np.isin(honest, both.flags.found).mean() < 3 * _LEVEL
    assert both.flags.by_chance == pytest.approx(4.0)


def test_who_saw_only_one_side_is_not_compared(items: Items, sitting: Sitting) -> None:
    answers = sitting.answers[:100].copy()
    answers[0, ~_LEAKED] = np.nan
    found = preknowledge(items, answers, _LEAKED)
    assert np.isnan(found.signed_ratio[0])
    assert found.flags.compared == 99
    assert 0 not in found.flags.found


def test_all_right_on_both_sides_is_no_sign(items: Items) -> None:
    found = preknowledge(items, np.ones((1, 40)), _LEAKED)
    assert abs(found.signed_ratio[0]) < 1
