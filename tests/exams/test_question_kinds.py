"""Each kind of question: the right answer, the wrong one, the order, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exams.models import QuestionType
from exams.questions import KINDS, arrangement
from portal.errors import Invalid
from tests.exams.make import FAULTY_STEP, MULTIPLE, NUMERIC, PREFERENCE, QUESTIONS, SINGLE

_SECRET = {"slug", "type", "area", "points", "key", "rationale", "difficulty", "minutes"}


def _content(question: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in question.items() if name not in _SECRET}


def _scored(question: dict[str, Any], values: list[str], seed: int = 1) -> float:
    kind, content = KINDS[QuestionType(question["type"])], _content(question)
    order = arrangement(seed, 1, kind.size(content))
    answer = kind.read(content, order, values)
    return 0.0 if answer is None else kind.score(content, question["key"], answer)


def _right(question: dict[str, Any], seed: int) -> list[str]:
    kind, content = KINDS[QuestionType(question["type"])], _content(question)
    order = arrangement(seed, 1, kind.size(content))
    answer = question["key"] | {"written": "0.8"}
    shown = kind.show(content, order, answer)
    return [one.value for one in shown.choices if one.chosen] or [shown.written]


@given(seed=st.integers(0, 2**62), number=st.integers(0, len(QUESTIONS) - 1))
def test_the_right_answer_earns_everything_in_every_order(seed: int, number: int) -> None:
    question = QUESTIONS[number]
    assert _scored(question, _right(question, seed), seed) == 1.0


@given(
    seed=st.integers(0, 2**62),
    number=st.sampled_from([0, 1, 3, 4]),
    places=st.sets(st.integers(0, 5), max_size=3),
)
def test_no_answer_earns_less_than_nothing_or_more_than_all(
    seed: int, number: int, places: set[int]
) -> None:
    try:
        earned = _scored(QUESTIONS[number], [str(place) for place in places], seed)
    except Invalid:
        return
    assert 0 <= earned <= 1


@given(number=st.floats(-1e15, 1e15))
def test_any_number_that_can_be_written_is_scored(number: float) -> None:
    assert _scored(NUMERIC, [f"{number:.6f}"]) in {0.0, 1.0}


@given(seed=st.integers(0, 2**62), position=st.integers(1, 200), size=st.integers(0, 9))
def test_an_order_holds_everything_once_and_stays(seed: int, position: int, size: int) -> None:
    order = arrangement(seed, position, size)
    assert sorted(order) == list(range(size))
    assert arrangement(seed, position, size) == order


def test_two_attempts_see_the_options_in_different_orders() -> None:
    assert len({tuple(arrangement(seed, 1, 4)) for seed in range(50)}) > 10


@pytest.mark.parametrize(
    ("written", "earned"),
    [("0.8", 1), ("0,804", 1), ("+.796", 1), ("0.8041", 0), ("0.7959", 0), ("-0.8", 0)],
)
def test_a_number_is_right_within_its_tolerance(written: str, earned: float) -> None:
    assert _scored(NUMERIC, [written]) == earned


@pytest.mark.parametrize("written", ["80 %", "1e3", "nan", "inf", "0x1", "0.8.1", "9" * 400])
def test_what_is_no_plain_number_is_refused(written: str) -> None:
    with pytest.raises(Invalid, match="plain number"):
        _scored(NUMERIC, [written])


def test_a_unit_that_was_typed_too_is_understood() -> None:
    content = _content(NUMERIC) | {"unit": "%"}
    assert KINDS[QuestionType.NUMERIC].read(content, [], ["80 %"]) == {
        "written": "80",
        "value": 80.0,
    }


@pytest.mark.parametrize("values", [["b"], ["0"], ["1", "2"]])
def test_single_choice_takes_one_place_of_the_page(values: list[str]) -> None:
    with pytest.raises(Invalid):
        _scored(SINGLE, values)


def test_multiple_choice_needs_exactly_the_right_set() -> None:
    right = _right(MULTIPLE, 1)
    assert _scored(MULTIPLE, right[:1]) == 0
    assert _scored(MULTIPLE, ["1", "2", "3", "4"]) == 0


@pytest.mark.parametrize(("step", "earned"), [("0", 0), ("1", 0), ("2", 1), ("3", 0)])
def test_only_the_first_wrong_step_counts(step: str, earned: float) -> None:
    assert _scored(FAULTY_STEP, [step]) == earned


def test_a_preference_earns_what_the_panel_makes_of_it() -> None:
    earned = sorted(_scored(PREFERENCE, [value]) for value in ("1", "2", "3"))
    assert earned == [1 / 8, 2 / 8, 1]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one["type"]))
def test_nothing_chosen_is_no_answer(question: dict[str, Any]) -> None:
    assert _scored(question, []) == 0
