"""No hidden count can be worked out from what is shown: an attacker with all the sums tries."""

from itertools import product
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from exams.psychometrics.adverse_impact import Passage, impacts
from exams.psychometrics.fairness import EVERYBODY, Applicant, Fairness, fairness, without_loss
from exams.psychometrics.suppression import LEAST, Margins, shown

_SHAPES: Final = st.sampled_from([(2,), (3,), (4,), (2, 2), (2, 3), (3, 3)])


@settings(max_examples=40, deadline=None)
@given(
    shape=_SHAPES,
    outcomes=st.integers(1, 3),
    most=st.sampled_from([4, 15, 60]),
    seed=st.integers(0, 10**6),
)
def test_no_suppressed_count_can_be_derived(
    shape: tuple[int, ...], outcomes: int, most: int, seed: int
) -> None:
    margins = _margins(shape)
    counts = np.random.default_rng(seed).integers(0, most, (outcomes, margins.members.shape[1]))
    visible = shown(counts, margins)
    assert (margins.members @ counts.sum(0))[visible].min(initial=LEAST) >= LEAST
    assert _derived(counts, margins, visible) == []


def test_hiding_only_the_small_counts_is_found_out_by_the_attacker() -> None:
    margins = _margins((3,))
    counts = np.array([[40, 30, 4]])
    naive = margins.members @ counts[0] >= LEAST
    assert naive.tolist() == [True, True, True, False]
    assert _derived(counts, margins, naive) == [3]
    assert shown(counts, margins).tolist() == [True, True, False, False]


def test_two_hidden_groups_that_hide_nobody_who_passed_are_found_out() -> None:
    margins = _margins((3,))
    counts = np.array([[40, 9, 8], [20, 0, 0]])  # failed, passed
    naive = margins.members @ counts.sum(0) >= LEAST
    assert _derived(counts, margins, naive) == [2, 3]
    visible = shown(counts, margins)
    assert _derived(counts, margins, visible) == []
    assert not visible[1:].any()


def test_what_is_known_anyway_is_counted_with() -> None:
    """The sum of all stands on another page: leaving it out here would protect nobody."""
    margins = _margins((3,))
    counts = np.array([[40, 30, 4]])
    everybody = np.array([True, False, False, False])
    visible = shown(counts, margins, known=everybody)
    assert visible[0]
    assert _derived(counts, margins, visible) == []
    tiny = np.array([[5, 30, 4]])
    assert shown(tiny, margins, known=everybody)[0]
    assert _derived(tiny, margins, shown(tiny, margins, known=everybody)) == []


def test_large_groups_are_all_shown() -> None:
    margins = _margins((2, 2))
    assert shown(np.full((2, 4), 20), margins).all()


def test_nothing_is_shown_of_fewer_than_ten_people() -> None:
    margins = _margins((2,))
    assert not shown(np.array([[4, 5]]), margins).any()


def test_a_fairness_table_shows_large_groups_and_hides_the_rest() -> None:
    people = [
        *_people(60, 40, gender="woman", country="A"),
        *_people(60, 20, gender="man", country="A"),
        *_people(30, 15, gender="man", country="B"),
        *_people(4, 1, gender="woman", country="B"),
    ]
    found = fairness(people, ["exam"], ["gender", "country"])
    names = {(table.attributes, row.group) for table in found.tables for row in table.rows}
    assert ((), EVERYBODY) in names
    assert not any("woman · B" in name for _, name in names)
    assert any(table.hidden for table in found.tables)
    gender = next(table for table in found.tables if table.attributes == ("gender",))
    rates = {row.group: (row.reached, row.passed) for row in gender.rows}
    assert rates == {"man": (90, 35), "woman": (64, 41)}
    assert found.to_look_at[0][1].group.group == "man"


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), people=st.integers(50, 160))
def test_pairs_of_attributes_cost_no_row_of_the_single_ones(seed: int, people: int) -> None:
    random = np.random.default_rng(seed)
    crowd = [
        Applicant(
            {"g": "ab"[random.integers(2)], "h": "xyz"[random.choice(3, p=[0.6, 0.3, 0.1])]},
            int(random.integers(3)),
        )
        for _ in range(people)
    ]
    alone = fairness(crowd, ["first", "second"], ["g", "h"], crossed=())
    found = without_loss(crowd, ["first", "second"], ["g", "h"])
    assert _told(alone) <= _told(found)
    assert min((row.reached for t in found.tables[:3] for row in t.rows), default=LEAST) >= LEAST


def test_pairs_are_told_where_they_are_large() -> None:
    crowd = [
        *_people(40, 20, gender="woman", country="A"),
        *_people(40, 20, gender="man", country="A"),
        *_people(40, 20, gender="man", country="B"),
        *_people(40, 20, gender="woman", country="B"),
    ]
    found = without_loss(crowd, ["exam"], ["gender", "country"])
    assert [table.hidden for table in found.tables] == [0, 0, 0, 0]
    assert len(found.tables[-1].rows) == 4


def test_a_stage_nearly_everybody_passed_is_withheld() -> None:
    people = [*_people(50, 45, gender="a"), *_people(50, 46, gender="b")]
    found = fairness(people, ["screening"], ["gender"])
    assert found.withheld == ("screening",)
    assert found.tables == ()


def test_a_group_that_shrinks_below_ten_on_its_way_is_not_shown_at_all() -> None:
    people = [*_ways("a", 40, 40, 60), *_ways("b", 40, 40, 60), *_ways("c", 20, 4, 4)]
    found = fairness(people, ["first", "second"], ["g"])
    told = {(t.stage, row.group) for t in found.tables for row in t.rows if t.attributes}
    assert told in ({("first", "a"), ("second", "a")}, {("first", "b"), ("second", "b")})
    assert min(row.reached for t in found.tables for row in t.rows) >= LEAST


def test_stages_follow_one_another() -> None:
    people = [Applicant({"g": "a" if n % 2 else "b"}, n % 3) for n in range(120)]
    found = fairness(people, ["first", "second"], ["g"])
    totals = {table.stage: table.rows[0] for table in found.tables if not table.attributes}
    assert (totals["first"].reached, totals["first"].passed) == (120, 80)
    assert (totals["second"].reached, totals["second"].passed) == (80, 40)


def test_nobody_at_all_is_an_empty_table() -> None:
    assert fairness([], ["exam"], ["gender"]).tables == ()


def test_the_group_with_the_highest_rate_is_the_one_compared_with() -> None:
    (found,) = impacts([Passage("a", 100, 30), Passage("b", 100, 50)])
    assert (found.group.group, found.against.group) == ("a", "b")
    assert found.ratio == pytest.approx(0.6)
    assert found.below_four_fifths
    assert found.p == pytest.approx(0.005996, abs=1e-4)
    assert found.interval is not None
    assert found.interval[0] < 0.6 < found.interval[1]
    assert found.to_look_at


def test_a_difference_that_hangs_on_one_person_says_so() -> None:
    (found,) = impacts([Passage("a", 10, 7), Passage("b", 10, 9)])
    assert found.below_four_fifths
    assert found.hangs_on_one
    assert not found.to_look_at


def test_a_ratio_above_four_fifths_hangs_on_nobody() -> None:
    (found,) = impacts([Passage("a", 100, 47), Passage("b", 100, 50)])
    assert not found.below_four_fifths
    assert not found.hangs_on_one


def test_a_group_of_whom_nobody_passed_has_a_ratio_of_nought_without_interval() -> None:
    (found,) = impacts([Passage("a", 20, 0), Passage("b", 20, 10)])
    assert (found.ratio, found.interval) == (0, None)


@pytest.mark.parametrize(
    "passages",
    [[], [Passage("a", 5, 5)], [Passage("a", 5, 0), Passage("b", 5, 0)], [Passage("a", 0, 0)] * 2],
)
def test_what_cannot_be_compared_is_not_compared(passages: list[Passage]) -> None:
    assert impacts(passages) == []


@given(st.integers(1, 300), st.data())
def test_wilsons_interval_holds_the_rate(reached: int, data: st.DataObject) -> None:
    passage = Passage("a", reached, data.draw(st.integers(0, reached)))
    assert passage.interval is not None
    low, high = passage.interval
    assert -1e-12 <= low <= passage.passed / reached + 1e-12 <= high + 2e-12


def _ways(group: str, *passed: int) -> list[Applicant]:
    """So many of a group who passed no stage, one, two."""
    return [
        Applicant({"g": group}, stages) for stages, count in enumerate(passed) for _ in range(count)
    ]


def _told(found: Fairness) -> set[tuple[str, tuple[str, ...], str]]:
    return {(t.stage, t.attributes, row.group) for t in found.tables for row in t.rows}


def _people(count: int, passed: int, **groups: str) -> list[Applicant]:
    return [Applicant(groups, int(number < passed)) for number in range(count)]


def _margins(shape: tuple[int, ...]) -> Margins:
    """Everybody, each attribute, and the cells themselves where there are two attributes."""
    cells = list(product(*(range(size) for size in shape)))
    members, table = [[True] * len(cells)], [0]
    for axis, size in enumerate(shape):
        members += [[cell[axis] == value for cell in cells] for value in range(size)]
        table += [axis + 1] * size
    if len(shape) > 1:
        members += [[cell == one for cell in cells] for one in cells]
        table += [len(shape) + 1] * len(cells)
    return Margins(np.array(members), np.array(table))


def _derived(counts: np.ndarray, margins: Margins, visible: np.ndarray) -> list[int]:
    """The attack: hidden margins of which some outcome's count has one possible value only.

    Written apart from the product: both bounds in one programme over all outcomes, with the difference
    between two solutions as what is maximised.
    """
    known = margins.members[visible].astype(float)
    cells = known.shape[1]
    found = []
    for margin in np.flatnonzero(~visible):
        for outcome in counts:
            rows = np.block([[known, np.zeros_like(known)], [np.zeros_like(known), known]])
            total = np.concatenate([known @ outcome] * 2)
            aim = np.concatenate([margins.members[margin], -margins.members[margin].astype(float)])
            apart = milp(
                -aim,
                constraints=LinearConstraint(rows, total, total) if len(known) else (),
                integrality=np.ones(2 * cells),
                bounds=Bounds(0, 1000),
            )
            if -apart.fun < 0.5:
                found.append(int(margin))
                break
    return found
