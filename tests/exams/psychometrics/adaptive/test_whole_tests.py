"""Whole adaptive tests: blueprints that always hold, exposure that stays bounded, honest errors."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.psychometrics import simulate
from exams.psychometrics.adaptive.choosing import Choice, Criterion
from exams.psychometrics.adaptive.content import Blueprint, Infeasible
from exams.psychometrics.adaptive.engine import AdaptiveTest
from exams.psychometrics.adaptive.exposure import admission_for
from exams.psychometrics.adaptive.shadow import Constraint, ShadowTest
from exams.psychometrics.adaptive.simulation import reasons, run
from exams.psychometrics.adaptive.stopping import Cut, Reason, Stop
from exams.psychometrics.adaptive.table import Table
from exams.psychometrics.items import Items


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261126)


@pytest.fixture(scope="module")
def bank() -> Items:
    return simulate.binary_items(np.random.default_rng(1), 300)


def test_the_standard_error_is_the_error(bank: Items, random: np.random.Generator) -> None:
    test = AdaptiveTest(Table.of(bank), Stop(shortest=5, longest=40, se=0.35))
    found = run(test, simulate.abilities(random, 800), random, real=bank)
    error = found.theta - found.truth
    assert np.sqrt((error**2).mean()) == pytest.approx(np.sqrt((found.se**2).mean()), rel=0.1)
    assert abs(error.mean()) < 0.05
    assert sum(reasons(found).values()) == 800
    assert (found.length == found.given.sum(1)).all()
    assert (found.se[found.reason == Reason.PRECISE] <= 0.35).all()


def test_adapting_needs_fewer_questions_than_asking_at_random(
    bank: Items, random: np.random.Generator
) -> None:
    theta = simulate.abilities(random, 200)
    adaptive = AdaptiveTest(Table.of(bank), Stop(shortest=5, longest=100, se=0.4))
    blind = replace(adaptive, choice=Choice(Criterion.PROGRESSIVE, expected_length=10**6))
    lengths = [run(test, theta, random, real=bank).length.mean() for test in (adaptive, blind)]
    assert lengths[0] < 0.7 * lengths[1]


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    least=st.lists(st.integers(0, 4), min_size=3, max_size=3),
    room=st.lists(st.integers(4, 8), min_size=3, max_size=3),
    se=st.floats(0.2, 0.8),
)
def test_every_test_meets_its_blueprint(
    seed: int, least: list[int], room: list[int], se: float
) -> None:
    random = np.random.default_rng(seed)
    bank = simulate.binary_items(random, 45)
    enemies = np.where(np.arange(45) < 12, np.arange(45) // 4, -1)
    blueprint = Blueprint.of(np.arange(45) // 15, np.array(least), np.array(room), enemies=enemies)
    admission = random.uniform(0.05, 1, 45)
    test = AdaptiveTest(
        Table.of(bank), Stop(1, 12, se=se), blueprint=blueprint, admission=admission
    )
    found = run(test, simulate.abilities(random, 40), random, real=bank)
    counts = blueprint.counts(found.given)
    assert (counts >= least).all()
    assert (counts <= room).all()
    assert (found.given[:, :12].reshape(40, 3, 4).sum(2) <= 1).all()


@pytest.mark.parametrize(
    ("least", "most", "longest", "says"),
    [
        ([9, 9, 9], [20, 20, 20], 20, "the areas need 27 questions"),
        ([1, 1, 1], [3, 3, 3], 20, "the areas allow 9 questions"),
        ([16, 0, 0], [20, 20, 20], 20, "area 0 needs 16 questions, the bank has 15"),
    ],
)
def test_a_blueprint_that_cannot_be_met_is_refused_with_the_reason(
    least: list[int], most: list[int], longest: int, says: str
) -> None:
    table = Table.of(simulate.binary_items(np.random.default_rng(1), 45))
    blueprint = Blueprint.of(np.arange(45) // 15, np.array(least), np.array(most))
    with pytest.raises(Infeasible, match=says):
        AdaptiveTest(table, Stop(longest=longest, se=0.3), blueprint=blueprint)


def test_enemies_in_two_areas_are_left_to_the_shadow_test() -> None:
    table = Table.of(simulate.binary_items(np.random.default_rng(1), 10))
    enemies = np.array([0, *[-1] * 8, 0])
    blueprint = Blueprint.of(
        np.arange(10) // 5, np.array([1, 1]), np.array([5, 5]), enemies=enemies
    )
    with pytest.raises(Infeasible, match="use the shadow test"):
        AdaptiveTest(table, Stop(longest=6, se=0.3), blueprint=blueprint)


def test_admission_chances_keep_every_question_below_the_ceiling(
    bank: Items, random: np.random.Generator
) -> None:
    free = AdaptiveTest(Table.of(bank), Stop(shortest=10, longest=10))
    open_ = run(free, simulate.abilities(random, 1000), random, real=bank)
    found = admission_for(free, bank, ceiling=0.25, random=random, most_rounds=8, persons=1000)
    held = replace(free, admission=found.admission)
    fresh = run(held, simulate.abilities(random, 1000), random, real=bank)
    assert open_.exposure.max() == 1.0
    assert fresh.exposure.max() < 0.32  # the ceiling, and the noise of a thousand people
    assert fresh.overlap < 0.6 * open_.overlap


def test_overlap_is_the_share_of_questions_two_tests_have_in_common(
    bank: Items, random: np.random.Generator
) -> None:
    test = AdaptiveTest(Table.of(bank), Stop(shortest=6, longest=15, se=0.5))
    found = run(test, simulate.abilities(random, 40), random, real=bank)
    shared = found.given.astype(int) @ found.given.T.astype(int)
    pairs = shared[np.triu_indices(40, 1)].mean()
    assert found.overlap == pytest.approx(pairs / found.length.mean())


def test_decisions_at_a_cut_are_mostly_right_and_clear_ones_nearly_always(
    bank: Items, random: np.random.Generator
) -> None:
    cut = Cut(at=0.3, indifference=0.2)
    test = AdaptiveTest(Table.of(bank), Stop(shortest=5, longest=60, cut=cut), Choice(at=0.3))
    found = run(test, simulate.abilities(random, 800), random, real=bank)
    right = found.above == (found.truth >= 0.3)
    assert right.mean() > 0.9
    assert right[np.abs(found.truth - 0.3) > 0.5].mean() > 0.985
    far, near = np.abs(found.truth - 0.3) > 1, np.abs(found.truth - 0.3) < 0.2
    assert found.length[far].mean() < 0.6 * found.length[near].mean()


def test_a_shadow_test_meets_constraints_that_overlap(
    bank: Items, random: np.random.Generator
) -> None:
    shadow, (area, kind, minutes) = _shadow(random, len(bank))
    table, taken = Table.of(bank), np.zeros(len(bank), dtype=bool)
    for _ in range(shadow.length):
        information = table.information_at(random.normal(size=1))[0]
        item = shadow.next_item(information, taken)
        assert not taken[item]
        taken[item] = True
    assert taken.sum() == 10
    assert np.bincount(area[taken], minlength=3).min() >= 3
    assert np.bincount(kind[taken], minlength=2).min() >= 4
    assert minutes[taken].sum() <= 15


def test_a_shadow_test_is_the_best_that_the_constraints_allow(random: np.random.Generator) -> None:
    information = random.random(9)
    one_each = [
        Constraint(f"area {n}", (np.arange(9) // 3 == n).astype(float), 1, 1) for n in range(3)
    ]
    found = ShadowTest(3, tuple(one_each)).assemble(information, np.zeros(9, dtype=bool))
    assert sorted(np.flatnonzero(found)) == [
        3 * n + int(information[3 * n : 3 * n + 3].argmax()) for n in range(3)
    ]


def test_constraints_that_collide_are_named(random: np.random.Generator) -> None:
    shadow, (area, _, _) = _shadow(random, 60)
    greedy = Constraint("at least eight of area 0", (area == 0).astype(float), 8, 10)
    impossible = ShadowTest(10, (*shadow.constraints, greedy))
    with pytest.raises(Infeasible, match=r"at least eight of area 0 cannot be met together with"):
        impossible.assemble(np.ones(60), np.zeros(60, dtype=bool))


def _shadow(
    random: np.random.Generator, count: int
) -> tuple[ShadowTest, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    area, kind = np.arange(count) % 3, np.arange(count) % 2
    minutes = random.uniform(0.5, 3, count)
    return ShadowTest(
        10,
        (
            *(Constraint(f"area {n}", (area == n).astype(float), 3, 4) for n in range(3)),
            *(Constraint(f"kind {n}", (kind == n).astype(float), 4, 6) for n in range(2)),
            Constraint("minutes", minutes, 0, 15),
        ),
    ), (area, kind, minutes)
