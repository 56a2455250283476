"""Copying: honest pairs are flagged no more often than said, copiers are found, nothing is decided."""

import numpy as np
import pytest

from exams.psychometrics import simulate
from exams.psychometrics.calibration import calibrate
from exams.psychometrics.forensics.all_pairs import all_pairs
from exams.psychometrics.forensics.curves import Curves, Unusable
from exams.psychometrics.forensics.flags import Flags, empirical_threshold
from exams.psychometrics.forensics.pairs import (
    at_least,
    generalised_binomial,
    omega,
    omega_p,
)
from exams.psychometrics.items import Items

_LEVEL = 0.001
_COPIERS = 150


@pytest.fixture(scope="module")
def items() -> Items:
    return simulate.nominal_items(np.random.default_rng(1), 40, 5)


@pytest.fixture(scope="module")
def room(items: Items) -> tuple[np.ndarray, np.ndarray]:
    """1,500 people, of whom 150 copied 40 % of 40 questions from 150 others."""
    random = np.random.default_rng(2)
    honest = simulate.answers(random, items, simulate.abilities(random, 1500))
    pairs = np.arange(2 * _COPIERS).reshape(-1, 2)
    return simulate.copied(random, honest, pairs, 0.4), pairs


@pytest.fixture(scope="module")
def fitted(room: tuple[np.ndarray, np.ndarray]) -> Curves:
    """As in life: calibrated on the answers among which the copies are."""
    return Curves.of(Items.of(calibrate(room[0], "nominal")))


@pytest.fixture(scope="module")
def honest_pairs() -> np.ndarray:
    drawn: np.ndarray = np.random.default_rng(3).integers(2 * _COPIERS, 1500, (60_000, 2))
    return np.asarray(drawn[drawn[:, 0] != drawn[:, 1]])


def test_honest_pairs_are_flagged_no_more_often_than_said(
    fitted: Curves, room: tuple[np.ndarray, np.ndarray], honest_pairs: np.ndarray
) -> None:
    choices, _ = room
    assert (omega_p(omega(fitted, choices, honest_pairs)) <= _LEVEL).mean() <= _LEVEL
    assert (generalised_binomial(fitted, choices, honest_pairs) <= _LEVEL).mean() <= _LEVEL


def test_most_copiers_are_found(fitted: Curves, room: tuple[np.ndarray, np.ndarray]) -> None:
    choices, pairs = room
    assert (omega_p(omega(fitted, choices, pairs)) <= _LEVEL).mean() >= 0.6
    assert (generalised_binomial(fitted, choices, pairs) <= _LEVEL).mean() >= 0.45


def test_omega_is_wollacks_formula(items: Items) -> None:
    random = np.random.default_rng(4)
    choices = simulate.answers(random, items, np.array([-0.5, 0.8]))
    curves = Curves.of(items)
    at = curves.theta[curves.abilities(choices.astype(int))]
    chance = items.probabilities(at)[np.arange(40), choices[1].astype(int), 0]
    wanted = ((choices[0] == choices[1]).sum() - chance.sum()) / np.sqrt(
        (chance * (1 - chance)).sum()
    )
    assert omega(curves, choices, np.array([[0, 1]]))[0] == pytest.approx(wanted)


def test_the_generalised_binomial_is_the_binomial_where_chances_are_equal() -> None:
    from scipy.stats import binom

    found = at_least(np.full((1, 12), 0.3))[0]
    assert found == pytest.approx(binom.sf(np.arange(13) - 1, 12, 0.3))


def test_the_generalised_binomial_counts_every_outcome() -> None:
    chance = np.array([0.2, 0.5, 0.9])
    exact = np.zeros(4)
    for hits in np.ndindex(2, 2, 2):
        exact[sum(hits)] += np.prod(np.where(hits, chance, 1 - chance))
    assert at_least(chance[None])[0] == pytest.approx(exact[::-1].cumsum()[::-1])


def test_curves_without_a_nominal_model_say_nearly_the_same(items: Items) -> None:
    random = np.random.default_rng(5)
    choices = simulate.answers(random, items, simulate.abilities(random, 1500)).astype(int)
    key = np.full(40, 4)
    right = calibrate((choices == key).astype(float), "2pl")
    shares = Curves.of_shares(Items.of(right), choices, key)
    assert shares.chance.sum(1) == pytest.approx(1.0, abs=1e-6)
    pairs = random.integers(0, 1500, (4000, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    simple, nominal = (omega(curves, choices, pairs) for curves in (shares, Curves.of(items)))
    assert np.corrcoef(simple, nominal)[0, 1] > 0.9


def test_all_pairs_equal_the_pairs_one_by_one(
    fitted: Curves, room: tuple[np.ndarray, np.ndarray]
) -> None:
    choices = room[0][:600]
    found = all_pairs(fitted, choices, level=0.01)
    first, second = np.triu_indices(600, 1)
    pairs = np.stack([first, second], 1)
    larger = np.maximum(omega(fitted, choices, pairs), omega(fitted, choices, pairs[:, ::-1]))
    wanted = {tuple(sorted(pair)) for pair in pairs[larger >= found.threshold].tolist()}
    assert {tuple(sorted(pair)) for pair in found.flags.found.tolist()} == wanted
    again = omega(fitted, choices, found.flags.found)
    assert found.omega == pytest.approx(again, abs=1e-3)
    assert found.matches.tolist() == [
        int((choices[a] == choices[b]).sum()) for a, b in found.flags.found.tolist()
    ]
    assert found.flags.compared == 600 * 599 // 2


def test_pairs_who_were_apart_give_the_threshold_and_are_never_flagged(
    fitted: Curves, room: tuple[np.ndarray, np.ndarray]
) -> None:
    choices, pairs = room
    rooms = np.random.default_rng(6).integers(0, 30, len(choices))
    rooms[pairs[:, 0]] = rooms[pairs[:, 1]]
    found = all_pairs(fitted, choices, apart=rooms)
    copier, source = found.flags.found.T
    assert (rooms[copier] == rooms[source]).all()
    assert found.honest_pairs > 1_000_000
    assert 0 < found.honest_share <= _LEVEL
    true = {tuple(sorted(pair)) for pair in pairs.tolist()}
    hits = [tuple(sorted(pair)) in true for pair in found.flags.found.tolist()]
    assert sum(hits) >= 0.6 * _COPIERS
    wrong = len(hits) - sum(hits)
    assert wrong <= 3 * found.flags.by_chance
    assert found.omega[0] == found.omega.max()


def test_too_few_honest_pairs_leave_the_normal_threshold(fitted: Curves) -> None:
    choices = np.zeros((6, 40), dtype=int)
    found = all_pairs(fitted, choices, apart=np.array([0, 0, 0, 1, 1, 1]))
    assert found.threshold == pytest.approx(3.29, abs=0.01)


def test_answers_that_cannot_be_compared_are_refused(fitted: Curves) -> None:
    holes = np.zeros((3, 40))
    holes[0, 0] = np.nan
    for choices, says in (
        (holes, "code an omission"),
        (np.full((3, 40), 9), "does not know"),
        (np.zeros((3, 7)), "40 questions"),
    ):
        with pytest.raises(Unusable, match=says):
            omega(fitted, choices, np.array([[0, 1]]))
    with pytest.raises(Unusable, match="apart from everybody"):
        all_pairs(fitted, np.zeros((3, 40), dtype=int), apart=np.arange(3))


def test_flags_say_how_many_chance_alone_would_raise() -> None:
    p = np.array([0.5, 1e-8, 0.0009, 0.2])
    found = Flags.below(np.arange(4), p, compared=10_000, level=_LEVEL)
    assert found.found.tolist() == [1, 2]
    assert found.by_chance == pytest.approx(10)
    assert found.false_share == pytest.approx([1e-4, 1.0])


def test_an_empirical_threshold_keeps_its_level_on_the_pairs_it_came_from() -> None:
    honest = np.random.default_rng(7).standard_t(4, 50_000)
    threshold = empirical_threshold(honest, _LEVEL)
    assert 0.0008 < (honest >= threshold).mean() <= _LEVEL
    assert empirical_threshold(honest[:500], _LEVEL) == np.inf
