"""One step of an adaptive test: what is estimated, what is chosen, when it ends."""

import subprocess
import sys

import numpy as np
import pytest

from exams.psychometrics import simulate
from exams.psychometrics.adaptive.choosing import Choice, Criterion
from exams.psychometrics.adaptive.content import Infeasible
from exams.psychometrics.adaptive.engine import NOTHING, AdaptiveTest, Step
from exams.psychometrics.adaptive.stopping import Cut, Reason, Rule, Stop
from exams.psychometrics.adaptive.table import Sittings, Table, estimate
from exams.psychometrics.items import Items


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261126)


@pytest.fixture
def bank() -> Items:
    return simulate.binary_items(np.random.default_rng(1), 200)


@pytest.fixture
def table(bank: Items) -> Table:
    return Table.of(bank)


def test_the_step_of_the_web_process_needs_neither_torch_nor_scipy() -> None:
    code = (
        "import exams.psychometrics.adaptive.engine, sys;"
        "sys.exit(bool({'torch', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_estimate_is_the_mean_of_the_posterior(table: Table, bank: Items) -> None:
    fine = np.linspace(-6, 6, 4001)
    right = bank.take(np.array([3, 50, 120])).probabilities(fine)[:, 1]
    density = right[0] * (1 - right[1]) * right[2] * np.exp(-(fine**2) / 2)
    mean = (density @ fine) / density.sum()
    deviation = np.sqrt((density @ fine**2) / density.sum() - mean**2)
    found = estimate(table, Sittings.replay(table, [3, 50, 120], [1, 0, 1]))
    assert found.theta[0] == pytest.approx(mean, abs=1e-6)
    assert found.se[0] == pytest.approx(deviation, abs=1e-6)


def test_before_any_answer_the_estimate_is_the_prior(table: Table) -> None:
    found = estimate(table, Sittings.start(table))
    assert found.theta[0] == pytest.approx(0, abs=1e-9)
    assert found.se[0] == pytest.approx(1, abs=1e-3)


def test_the_most_informative_question_at_the_estimate_comes_next(
    table: Table, bank: Items, random: np.random.Generator
) -> None:
    step = _step(AdaptiveTest(table, Stop(longest=20, se=0.3)), [7, 9], [1, 1], random)
    information = bank.information(step.estimate.theta)[:, 0]
    information[[7, 9]] = 0
    assert step.item[0] == information.argmax()


def test_a_test_about_a_cut_asks_what_is_informative_there(
    table: Table, bank: Items, random: np.random.Generator
) -> None:
    test = AdaptiveTest(table, Stop(longest=20, se=0.3), Choice(at=1.0))
    assert _step(test, [], [], random).item[0] == bank.information(np.array([1.0]))[:, 0].argmax()


def test_randomesque_takes_each_of_the_best_few_and_nothing_else(
    table: Table, bank: Items, random: np.random.Generator
) -> None:
    test = AdaptiveTest(table, Stop(longest=20, se=0.3), Choice(Criterion.RANDOMESQUE, best=4))
    best = set(np.argsort(-bank.information(np.array([0.0]))[:, 0])[:4].tolist())
    assert {int(_step(test, [], [], random).item[0]) for _ in range(200)} == best


def test_progressive_is_random_at_first_and_informative_at_the_end(
    table: Table, random: np.random.Generator
) -> None:
    test = AdaptiveTest(
        table, Stop(longest=40, se=0.01), Choice(Criterion.PROGRESSIVE, expected_length=10)
    )
    assert len({int(_step(test, [], [], random).item[0]) for _ in range(60)}) > 30
    ten = list(range(10))
    assert len({int(_step(test, ten, [1] * 10, random).item[0]) for _ in range(20)}) == 1


def test_no_question_comes_twice_and_the_longest_test_ends(
    table: Table, random: np.random.Generator
) -> None:
    test = AdaptiveTest(table, Stop(longest=12, se=0.01))
    items: list[int] = []
    while (item := int(_step(test, items, [1] * len(items), random).item[0])) != NOTHING:
        assert item not in items
        items.append(item)
    assert len(items) == 12
    assert _step(test, items, [1] * 12, random).reason[0] == Reason.LONGEST


def test_the_same_seed_and_answers_give_the_same_next_question(table: Table) -> None:
    chances = np.full(table.count, 0.4)
    test = AdaptiveTest(
        table, Stop(longest=20, se=0.3), Choice(Criterion.PROGRESSIVE), admission=chances
    )

    def asked(seed: int) -> int:
        sitting = Sittings.replay(table, [4, 8], [0, 1])
        admitted = test.admitted(np.random.default_rng(seed))
        return int(test.step(sitting, admitted, np.random.default_rng((seed, 2))).item[0])

    assert asked(3) == asked(3)
    assert len({asked(seed) for seed in range(30)}) > 5


def test_what_was_not_admitted_is_not_asked(table: Table, random: np.random.Generator) -> None:
    test = AdaptiveTest(table, Stop(longest=20, se=0.3))
    admitted = np.zeros((1, table.count), dtype=bool)
    admitted[0, [5, 6]] = True
    step = test.step(Sittings.start(table), admitted, random)
    assert int(step.item[0]) in {5, 6}


def test_a_test_goes_on_when_everything_admitted_is_used_up(
    table: Table, random: np.random.Generator
) -> None:
    test = AdaptiveTest(table, Stop(longest=20, se=0.01))
    step = test.step(Sittings.start(table), np.zeros((1, table.count), dtype=bool), random)
    assert int(step.item[0]) != NOTHING


def test_precision_ends_a_test_but_never_before_its_shortest_length(
    table: Table, random: np.random.Generator
) -> None:
    answers = [1, 0] * 10
    loose = AdaptiveTest(table, Stop(shortest=20, longest=40, se=0.9))
    assert _step(loose, list(range(19)), answers[:19], random).reason[0] == Reason.GOES_ON
    assert _step(loose, list(range(20)), answers, random).reason[0] == Reason.PRECISE


@pytest.mark.parametrize("rule", Rule)
def test_a_clear_case_is_decided_on_either_side(
    rule: Rule, table: Table, bank: Items, random: np.random.Generator
) -> None:
    cut = Cut(at=0.0, rule=rule)
    test = AdaptiveTest(table, Stop(shortest=5, longest=40, cut=cut), Choice(at=0.0))
    best = np.argsort(-bank.information(np.array([0.0]))[:, 0])[:12].tolist()
    for category, above in ((1, True), (0, False)):
        step = _step(test, best, [category] * 12, random)
        sitting = Sittings.replay(table, best, [category] * 12)
        assert step.reason[0] == Reason.DECIDED
        assert cut.above(cut.evidence(table, sitting, step.estimate))[0] == above
    mixed = _step(test, best, [1, 0] * 6, random)
    assert mixed.reason[0] == Reason.GOES_ON


def test_the_sprt_weighs_the_two_hypotheses_as_wald_did(table: Table, bank: Items) -> None:
    cut = Cut(at=0.0, rule=Rule.SPRT, indifference=0.2, false_pass=0.1, false_fail=0.2)
    sitting = Sittings.replay(table, [1, 2], [1, 0])
    curves = bank.take(np.array([1, 2])).probabilities(np.array([-0.2, 0.2]))
    ratio = (curves[0, 1, 1] * curves[1, 0, 1]) / (curves[0, 1, 0] * curves[1, 0, 0])
    evidence = cut.evidence(table, sitting, estimate(table, sitting))
    assert evidence[0] == pytest.approx(np.log(ratio), abs=1e-9)
    assert cut.bounds == pytest.approx((np.log(0.2 / 0.9), np.log(0.8 / 0.1)))


def test_graded_questions_adapt_too(random: np.random.Generator) -> None:
    graded = simulate.graded_items(random, 60, 4)
    table = Table.of(graded)
    test = AdaptiveTest(table, Stop(shortest=4, longest=20, se=0.35))
    step = _step(test, [3, 30], [3, 2], random)
    assert int(step.item[0]) not in {3, 30, NOTHING}
    higher = _step(test, [3, 30], [3, 3], random)
    assert higher.estimate.theta[0] > step.estimate.theta[0]


def test_a_test_longer_than_its_bank_is_refused(table: Table) -> None:
    with pytest.raises(Infeasible, match="a test of 201 questions from a bank of 200"):
        AdaptiveTest(table, Stop(longest=201, se=0.3))


def _step(
    test: AdaptiveTest, items: list[int], categories: list[int], random: np.random.Generator
) -> Step:
    sitting = Sittings.replay(test.table, items, categories)
    return test.step(sitting, test.admitted(random), random)
