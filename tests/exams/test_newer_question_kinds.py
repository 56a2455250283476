"""Short text, order, match, policy case and rubric: parts that count, and what never does."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from exams.models import QuestionType
from exams.questions import BY_PEOPLE, KINDS, arrangement
from exams.questions.credit import by_distance
from portal.errors import Invalid
from tests.exams import make
from tests.exams.make import (
    ESSAY,
    FAULTY_STEP,
    MATCH,
    MULTIPLE,
    NEWER,
    NUMERIC,
    ORDER,
    POLICY_CASE,
    PREFERENCE,
    QUESTIONS,
    SHORT_TEXT,
    right_answer,
    values_of,
)

_AROUND = {"slug", "type", "area", "points", "key", "rationale", "difficulty", "minutes"}
_EVERY = (*QUESTIONS, *NEWER, *make.BY_PEOPLE)


def _content(question: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in question.items() if name not in _AROUND}


def _scored(question: dict[str, Any], values: list[str], seed: int = 1) -> float:
    kind, content = KINDS[QuestionType(question["type"])], _content(question)
    answer = kind.read(content, arrangement(seed, 1, kind.size(content)), values)
    return 0.0 if answer is None else kind.score(content, question["key"], answer)


def _right(question: dict[str, Any], seed: int) -> list[str]:
    kind, content = KINDS[QuestionType(question["type"])], _content(question)
    order = arrangement(seed, 1, kind.size(content))
    answer = right_answer(question["type"], question["key"])
    return values_of(kind.show(content, order, answer))


@given(seed=st.integers(0, 2**62), number=st.integers(0, len(NEWER) - 1))
def test_the_right_answer_earns_everything_in_every_order(seed: int, number: int) -> None:
    assert _scored(NEWER[number], _right(NEWER[number], seed), seed) == 1.0


@given(
    seed=st.integers(0, 2**62),
    number=st.integers(0, len(NEWER) - 1),
    values=st.lists(
        st.sampled_from(["", "1", "2", "3", "4", "l1", "l2", "c1", "c3", "s1", "s2"]), max_size=4
    ),
)
def test_no_answer_earns_less_than_nothing_or_more_than_all(
    seed: int, number: int, values: list[str]
) -> None:
    try:
        earned = _scored(NEWER[number], values, seed)
    except Invalid:
        return
    assert 0 <= earned <= 1


@pytest.mark.parametrize("question", _EVERY, ids=lambda one: str(one["type"]))
@given(seed=st.integers(0, 2**62))
def test_what_is_shown_holds_nothing_of_the_key(question: dict[str, Any], seed: int) -> None:
    kind, content = KINDS[QuestionType(question["type"])], _content(question)
    shown = repr(kind.show(content, arrangement(seed, 1, kind.size(content)), None))
    hidden = ("CANARY", "'id'", "anchor", "tolerance", "accepted", "panel", "bands")
    assert not [word for word in hidden if word in shown]


@pytest.mark.parametrize("question", _EVERY, ids=lambda one: str(one["type"]))
def test_each_kind_takes_its_example_and_says_what_it_holds(question: dict[str, Any]) -> None:
    kind, content = KINDS[QuestionType(question["type"])], _content(question)
    kind.parse(content, question["key"])
    answer = right_answer(question["type"], question["key"])
    blind, seen = (kind.review(content, key, answer) for key in (None, question["key"]))
    assert blind
    assert len(blind) == len(seen)
    assert not any(line.wanted or line.expected for line in blind)
    if QuestionType(question["type"]) not in BY_PEOPLE:
        assert any(line.wanted or line.expected for line in seen)


@pytest.mark.parametrize("question", _EVERY, ids=lambda one: str(one["type"]))
def test_an_answer_survives_the_way_through_the_database(question: dict[str, Any]) -> None:
    kind, content = KINDS[QuestionType(question["type"])], _content(question)
    order = arrangement(5, 1, kind.size(content))
    answer = kind.read(content, order, _right(question, 5))
    again = json.loads(json.dumps(answer))
    assert kind.read(content, order, values_of(kind.show(content, order, again))) == again


@pytest.mark.parametrize(
    ("written", "earned"),
    [
        ("precision", 1),
        ("  PRÉCISION ", 1),
        ("Positive predictive value", 1),
        ("Positive predictive value (PPV)", 1),
        ("positive predictive valu", 0),
        ("recall", 0),
    ],
)
def test_a_short_text_is_compared_after_normalising_or_by_pattern(
    written: str, earned: float
) -> None:
    assert _scored(SHORT_TEXT, [written]) == earned


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(Invalid, match="80 characters"):
        _scored(SHORT_TEXT, ["x" * 81])


def test_pairs_in_the_right_order_earn_parts() -> None:
    content, key = _content(ORDER), ORDER["key"]
    score = KINDS[QuestionType.ORDER].score
    swapped = {"places": {"b": 2, "c": 1, "d": 3, "a": 4}}
    assert score(content, key, swapped) == pytest.approx(4 / 6)
    assert score(content, key, {"places": {"b": 4, "c": 3, "d": 2, "a": 1}}) == 0
    assert score(content | {"rule": "all"}, key, swapped) == 0


def test_half_an_order_is_kept_and_earns_what_it_says() -> None:
    content = _content(ORDER)
    kind = KINDS[QuestionType.ORDER]
    answer = kind.read(content, [0, 1, 2, 3], ["4", "1", "", ""])
    assert answer == {"places": {"a": 4, "b": 1}}
    assert kind.score(content, ORDER["key"], answer) == pytest.approx(1 / 6)


def test_two_things_at_one_place_are_in_no_order() -> None:
    kind = KINDS[QuestionType.ORDER]
    answer = {"places": dict.fromkeys("abcd", 1)}
    assert kind.score(_content(ORDER), ORDER["key"], answer) == 0


def test_each_right_pair_counts_unless_all_must_be_right() -> None:
    kind, answer = KINDS[QuestionType.MATCH], {"pairs": {"m1": "threat", "m2": "none"}}
    assert kind.score(_content(MATCH), MATCH["key"], answer) == pytest.approx(1 / 3)
    assert kind.score(_content(MATCH) | {"rule": "all"}, MATCH["key"], answer) == 0


@pytest.mark.parametrize(
    ("chosen", "all_of_it", "each", "balanced"),
    [
        (["b", "d"], 1, 1, 1),
        (["b"], 0, 0.75, 0.5),
        (["a", "b", "c", "d"], 0, 0.5, 0),
        (["a", "b"], 0, 0.5, 0),
        (["a", "c"], 0, 0, 0),
        (["a", "b", "d"], 0, 0.75, 0.5),
    ],
)
def test_parts_of_a_set_count_by_its_rule(
    chosen: list[str], all_of_it: float, each: float, balanced: float
) -> None:
    score = KINDS[QuestionType.MULTIPLE].score
    content, key = _content(MULTIPLE), MULTIPLE["key"]
    rules = {"all": all_of_it, "each": each, "balanced": balanced}
    earned = {rule: score(content | {"rule": rule}, key, {"options": chosen}) for rule in rules}
    assert earned == pytest.approx(rules)


@pytest.mark.parametrize(("step", "earned"), [(2, 1), (1, 0.5), (3, 0.5), (0, 0)])
def test_a_step_near_the_first_wrong_one_earns_a_part(step: int, earned: float) -> None:
    content = _content(FAULTY_STEP) | {"near": [0.5]}
    score = KINDS[QuestionType.FAULTY_STEP].score
    assert score(content, FAULTY_STEP["key"], {"step": step}) == earned


def test_no_step_is_near_none() -> None:
    content = _content(FAULTY_STEP) | {"near": [0.5]}
    assert KINDS[QuestionType.FAULTY_STEP].score(content, {"step": 0}, {"step": 1}) == 0


@given(near=st.lists(st.floats(0.01, 0.99), max_size=8), distance=st.integers(0, 12))
def test_credit_falls_with_the_distance(near: list[float], distance: int) -> None:
    falling = sorted(near, reverse=True)
    assert by_distance(distance, falling) >= by_distance(distance + 1, falling)


def test_what_lies_further_off_cannot_earn_more() -> None:
    content = _content(FAULTY_STEP) | {"near": [0.2, 0.5]}
    with pytest.raises(ValidationError, match="further off"):
        KINDS[QuestionType.FAULTY_STEP].parse(content, FAULTY_STEP["key"])


def test_a_panel_may_be_split_evenly() -> None:
    kind, content = KINDS[QuestionType.PREFERENCE], _content(PREFERENCE)
    key = {"panel": {"a": 5, "b": 5, "tie": 1}}
    kind.parse(content, key)
    earned = [kind.score(content, key, {"choice": side}) for side in ("a", "b", "tie")]
    assert earned == [1, 1, 0.2]


def test_a_panel_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        KINDS[QuestionType.PREFERENCE].parse(
            _content(PREFERENCE), {"panel": {"a": 0, "b": 0, "tie": 0}}
        )


def test_a_policy_case_weighs_its_three_parts() -> None:
    content, key = _content(POLICY_CASE), POLICY_CASE["key"]
    score = KINDS[QuestionType.POLICY_CASE].score
    assert score(content, key, {"label": "threat"}) == 0.5
    assert score(content, key, {"label": "threat", "severity": "high"}) == 0.625
    assert score(content, key, {"clause": "3.1", "severity": "low"}) == 0.25


def test_two_labels_at_once_are_no_answer() -> None:
    with pytest.raises(Invalid):
        _scored(POLICY_CASE, ["l1", "l2"])


def test_a_number_counts_in_the_units_that_the_question_knows() -> None:
    content = _content(NUMERIC) | {"unit": "ms", "units": {"s": 1000.0}}
    kind = KINDS[QuestionType.NUMERIC]
    answer = kind.read(content, [], ["0,25 s"])
    assert answer == {"written": "0,25 s", "value": 250.0}
    assert kind.score(content, {"value": 250, "tolerance": 0}, answer) == 1
    assert kind.read(content, [], ["250 ms"]) == {"written": "250", "value": 250.0}


@pytest.mark.parametrize(("value", "earned"), [(95.0, 1), (105.0, 1), (94.9, 0), (105.1, 0)])
def test_a_tolerance_may_be_a_share_of_the_value(value: float, earned: float) -> None:
    key = {"value": 100.0, "tolerance": 0.05, "relative": True}
    score = KINDS[QuestionType.NUMERIC].score
    assert score(_content(NUMERIC), key, {"written": "", "value": value}) == earned


def test_a_rubric_weighs_its_criteria() -> None:
    content, key = _content(ESSAY), ESSAY["key"]
    score = KINDS[QuestionType.ESSAY].score
    assert score(content, key, {"bands": {"reasoning": 2, "tone": 2}}) == 1
    assert score(content, key, {"bands": {"reasoning": 2, "tone": 0}}) == pytest.approx(2 / 3)
    assert score(content, key, {"bands": {"reasoning": 0.5, "tone": 0}}) == pytest.approx(1 / 6)


def _breaks() -> list[Any]:
    return [
        pytest.param(SHORT_TEXT, {"key": {"accepted": []}}, "no answer", id="nothing accepted"),
        pytest.param(SHORT_TEXT, {"key": {"patterns": ["(a"]}}, "not closed", id="pattern"),
        pytest.param(ORDER, {"key": {"order": ["a", "b"]}}, "each thing once", id="order"),
        pytest.param(MATCH, {"key": {"pairs": {"m1": "spam"}}}, "each on the left", id="left"),
        pytest.param(
            MATCH,
            {"key": {"pairs": dict.fromkeys(["m1", "m2", "m3"], "x")}},
            "not on the right",
            id="right",
        ),
        pytest.param(
            POLICY_CASE,
            {"key": {"label": "x", "clauses": ["3.1"], "severity": "low"}},
            "no label",
            id="label",
        ),
        pytest.param(ESSAY, {"key": {"bands": {}}}, "each criterion", id="bands"),
        pytest.param(ESSAY, {"least_words": 900}, "above the most", id="words"),
    ]


@pytest.mark.parametrize(("question", "change", "reason"), _breaks())
def test_parts_that_do_not_fit_are_refused(
    question: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    broken = question | change
    with pytest.raises(ValueError, match=reason):
        KINDS[QuestionType(broken["type"])].parse(_content(broken), broken["key"])
