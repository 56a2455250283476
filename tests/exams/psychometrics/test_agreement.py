"""Agreement of two graders: against published numbers, and where it is undefined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exams.psychometrics.agreement import drift, quadratic_weighted_kappa


def _columns(table: list[list[int]]) -> tuple[list[int], list[int]]:
    cells = [
        (i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)
    ]
    return [i for i, _ in cells], [j for _, j in cells]


def _by_definition(table: list[list[int]]) -> float:
    """1 - Σ w o / Σ w e with w = (i - j)² / (k - 1)², as Cohen (1968) writes it."""
    levels, total = len(table), sum(map(sum, table))
    rows = [sum(row) for row in table]
    columns = [sum(row[j] for row in table) for j in range(levels)]
    cells = [(i, j) for i in range(levels) for j in range(levels)]
    weight = {(i, j): (i - j) ** 2 / (levels - 1) ** 2 for i, j in cells}
    observed = sum(weight[i, j] * table[i][j] / total for i, j in cells)
    expected = sum(weight[i, j] * rows[i] * columns[j] / total**2 for i, j in cells)
    return 1 - observed / expected


@given(st.lists(st.lists(st.integers(0, 6), min_size=4, max_size=4), min_size=4, max_size=4))
def test_it_is_what_the_definition_says(table: list[list[int]]) -> None:
    first, second = _columns(table)
    found = quadratic_weighted_kappa(first, second, bands=4)
    if found.kappa is not None:
        assert found.kappa == pytest.approx(_by_definition(table))
        assert found.kappa <= 1 + 1e-12
    else:
        assert found.why_not


def test_a_table_worked_by_hand() -> None:
    """Margins 25, 40, 35 and 25, 39, 36 of 100: Σwo = 23/400, Σwe = 0.29915."""
    first, second = _columns([[20, 5, 0], [4, 30, 6], [1, 4, 30]])
    found = quadratic_weighted_kappa(first, second, bands=3)
    expected = (0.25 * (25 * 39 + 40 * 25 + 40 * 36 + 35 * 39) + 25 * 36 + 35 * 25) / 10_000
    assert found.kappa == pytest.approx(1 - (0.25 * 19 + 1) / 100 / expected)
    assert (found.exact, found.adjacent) == (0.8, 0.99)


def test_full_agreement_is_one_and_a_mirror_is_below_nothing() -> None:
    grades = [0, 1, 2, 3, 3, 2]
    assert quadratic_weighted_kappa(grades, grades, bands=4).kappa == 1
    mirrored = [3 - one for one in grades]
    kappa = quadratic_weighted_kappa(grades, mirrored, bands=4).kappa
    assert kappa is not None
    assert kappa < 0


def test_where_every_grade_is_the_same_it_is_undefined() -> None:
    found = quadratic_weighted_kappa([1, 1, 1], [1, 1, 1], bands=3)
    assert (found.kappa, found.exact, found.why_not) == (None, 1, "every grade is the same")
    assert quadratic_weighted_kappa([], [], bands=3).kappa is None


@pytest.mark.parametrize(("first", "second"), [([0], [0, 1]), ([3], [0]), ([-1], [0])])
def test_columns_that_are_no_grades_are_refused(first: list[int], second: list[int]) -> None:
    with pytest.raises(ValueError, match="grade"):
        quadratic_weighted_kappa(first, second, bands=3)


def test_more_texts_make_the_margin_smaller() -> None:
    first, second = [0, 1, 2, 2, 1, 0, 2, 1], [0, 1, 1, 2, 1, 1, 2, 0]
    few = quadratic_weighted_kappa(first, second, bands=3)
    many = quadratic_weighted_kappa(first * 9, second * 9, bands=3)
    assert few.standard_error
    assert many.standard_error
    assert many.standard_error < few.standard_error / 2


def test_drift_is_the_mean_with_its_margin() -> None:
    found = drift([1.0, 0.0, 1.0, 0.0])
    assert found.mean == 0.5
    assert found.margin == pytest.approx(1.645 * (1 / 3) ** 0.5 / 2)
    assert drift([]).mean is None
    assert drift([1.0]).margin is None
