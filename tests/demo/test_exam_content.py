"""The demo's exam can be graded: keys recomputed, clauses quoted truly, no answer known by its looks."""

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from tests.demo.content import CLAUSES, EXAM, QUESTIONS, Row, repeated


def of_type(name: str) -> list[Row]:
    return [question for question in QUESTIONS if question["type"] == name]


def key_faults(question: Row) -> list[str]:
    """What is wrong with a question's key, as sentences; empty when it can be graded."""
    key, kind = question["key"], question["type"]
    parts: list[Row] = question.get("options") or question.get("steps") or []
    ids = [part["id"] for part in parts]
    faults = ["ids repeat"] if len(ids) != len(set(ids)) else []
    if kind == "single" and key["option"] not in ids:
        faults.append("key is no option")
    if kind == "multiple" and not (
        set(key["options"]) < set(ids)
        and key["options"] == sorted(key["options"])
        and len(key["options"]) > 1
    ):
        faults.append("key is no proper set of options")
    if kind == "numeric" and not 0 < key["tolerance"] <= abs(key["value"]) * 0.05:
        faults.append("tolerance is none or generous")
    if kind == "faulty_step" and (
        key["step"] not in {0, *ids} or ids != list(range(1, len(ids) + 1))
    ):
        faults.append("key is no step")
    if kind == "preference" and key["choice"] != max(
        key["panel"], key=lambda choice: int(key["panel"][choice])
    ):
        faults.append("key is not what the panel chose")
    return faults


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["slug"])
def test_every_question_can_be_shown_and_graded(question: Row) -> None:
    assert key_faults(question) == []
    assert question["area"] in {area["slug"] for area in EXAM["areas"]}
    assert question["stem"]
    assert question["rationale"]
    assert -2 <= question["difficulty"] <= 2
    assert 1 <= question["minutes"] <= 3
    assert question["points"] == 1


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("single", {"option": "z"}),
        ("multiple", {"options": ["b", "z"]}),
        ("numeric", {"value": 1.0, "tolerance": 0.0}),
        ("faulty_step", {"step": 9}),
        ("preference", {"choice": "tie", "panel": {"a": 7, "b": 4, "tie": 1}}),
    ],
)
def test_a_planted_wrong_key_is_noticed(kind: str, key: Row) -> None:
    assert key_faults({**of_type(kind)[0], "key": key}) != []


def test_slugs_are_unique_and_there_are_enough_questions_of_each_type() -> None:
    assert repeated([question["slug"] for question in QUESTIONS]) == []
    counts = Counter(question["type"] for question in QUESTIONS)
    assert set(counts) == {"single", "multiple", "numeric", "faulty_step", "preference"}
    assert len(QUESTIONS) >= 28
    assert counts["faulty_step"] >= 8
    assert min(counts.values()) >= 3


def test_the_form_has_24_questions_section_by_section_and_fits_the_allowed_time() -> None:
    bank = {question["slug"]: question for question in QUESTIONS}
    form = [bank[slug] for slug in EXAM["form"]["questions"]]
    areas = [area["slug"] for area in EXAM["areas"]]
    assert len(form) == len({question["slug"] for question in form}) == 24
    positions = [areas.index(question["area"]) for question in form]
    assert positions == sorted(positions)
    assert sum(question["minutes"] for question in form) <= EXAM["allowed_minutes"] == 45
    assert {question["type"] for question in form} == {question["type"] for question in QUESTIONS}
    assert EXAM["cut"] == pytest.approx(0.62)
    assert (EXAM["cool_down_days"], EXAM["maximum_attempts"]) == (30, 3)


def precision_in_alerts(share: float, caught: float, false: float) -> float:
    return 100 * share * caught / (share * caught + (1 - share) * false)


def kappa(both: float, only_a: float, only_b: float, neither: float) -> float:
    n = both + only_a + only_b + neither
    a, b = (both + only_a) / n, (both + only_b) / n
    chance = a * b + (1 - a) * (1 - b)
    return ((both + neither) / n - chance) / (1 - chance)


RECOMPUTED: Final[dict[str, tuple[list[float], Callable[..., float]]]] = {
    "recall-of-a-flagger": (
        [400, 312, 78],
        lambda _flagged, right, missed: right / (right + missed),
    ),
    "rare-violation-alert": (
        [1, 95, 2],
        lambda share, caught, false: precision_in_alerts(share / 100, caught / 100, false / 100),
    ),
    "reward-difference": ([2.3, 1.2], lambda a, b: 1 / (1 + math.exp(b - a))),
    "two-strata-prevalence": (
        [200000, 10000, 200, 90, 1000, 190000, 5],
        lambda everything, flagged, n, found, other_n, others, other_found: (
            100 * (flagged * found / n + others * other_found / other_n) / everything
        ),
    ),
    "sample-for-a-margin": (
        [20, 95, 3, 1.96],
        lambda share, _level, margin, z: math.ceil(z**2 * share * (100 - share) / margin**2),
    ),
    "kappa-of-two-annotators": (
        [100, 40, 15, 10, 35],
        lambda _n, both, only_a, only_b, neither: kappa(both, only_a, only_b, neither),
    ),
    "majority-of-three": ([0.8], lambda p: p**3 + 3 * p**2 * (1 - p)),
    "posterior-of-an-expert": ([21, 24], lambda right, n: (right + 0.5) / (n + 1)),
}


def test_every_numeric_question_is_recomputed() -> None:
    assert {question["slug"] for question in of_type("numeric")} == set(RECOMPUTED)


@pytest.mark.parametrize("question", of_type("numeric"), ids=lambda question: question["slug"])
def test_a_numeric_key_is_what_the_numbers_of_its_stem_give(question: Row) -> None:
    numbers, formula = RECOMPUTED[question["slug"]]
    in_stem = [
        float(found) for found in re.findall(r"\d+(?:\.\d+)?", question["stem"].replace(",", ""))
    ]
    assert in_stem == numbers
    true, key = formula(*numbers), question["key"]
    assert key["value"] == pytest.approx(true, abs=key["tolerance"] / 2)
    # Whoever rounds the true value as the question asks must be right.
    assert abs(round(true, question["decimals"]) - key["value"]) <= key["tolerance"]


def test_the_wrong_numbers_in_chains_are_the_planted_ones() -> None:
    assert kappa(20, 10, 10, 160) == pytest.approx(0.608, abs=0.001)  # chance-agreement-chain
    assert (400 / 500, 480 / 800, 480 / 600) == (0.8, 0.6, 0.8)  # threshold-lowered
    assert math.isclose(0.02 * 98, (1 - 0.02) * 2)  # threshold-by-cost


def test_right_options_are_spread_over_the_positions() -> None:
    for kind, most in (("single", 0.4), ("multiple", 0.4)):
        counts: Counter[str] = Counter()
        for question in of_type(kind):
            counts.update(question["key"].get("options", [question["key"].get("option")]))
        assert len(counts) >= 4, kind
        assert max(counts.values()) / counts.total() <= most, kind


def test_a_right_option_is_not_known_by_its_length() -> None:
    ranks: Counter[int] = Counter()
    for question in of_type("single"):
        lengths = [len(option["text"]) for option in question["options"]]
        right = next(o for o in question["options"] if o["id"] == question["key"]["option"])
        ranks[sorted(lengths).index(len(right["text"]))] += 1
        assert max(lengths) <= 1.3 * min(lengths), question["slug"]
    assert max(ranks[0], ranks[3]) <= 0.4 * ranks.total()


def test_first_wrong_steps_lie_everywhere_in_chains_of_four_to_seven() -> None:
    chains = of_type("faulty_step")
    assert {len(chain["steps"]) for chain in chains} <= {4, 5, 6, 7}
    steps = Counter(chain["key"]["step"] for chain in chains)
    assert steps[0] >= 2
    assert len(steps) >= 5
    assert max(steps.values()) <= 0.3 * len(chains)


def test_preference_questions_have_each_choice_as_key_once() -> None:
    assert sorted(question["key"]["choice"] for question in of_type("preference")) == [
        "a",
        "b",
        "tie",
    ]


@pytest.mark.parametrize("question", of_type("faulty_step"), ids=lambda question: question["slug"])
def test_a_clause_quoted_in_the_exam_says_what_the_policy_says(question: Row) -> None:
    clause = question["clause"]
    if clause["number"].startswith("MS "):  # the measurement standard is the exam's own
        return
    policy = CLAUSES[clause["number"]]["text"]
    sentences = re.split(r"(?<=\.) ", clause["text"])
    assert [sentence for sentence in sentences if sentence not in policy] == []


def test_clauses_quoted_in_stems_say_what_the_policy_says() -> None:
    quotes = [
        (question["slug"], number, part.strip(" ."))
        for question in QUESTIONS
        for number, text in re.findall(r"^> \*\*(\d\.\d)\*\* (.+)$", question["stem"], re.MULTILINE)
        for part in text.split("[…]")
        if part.strip(" .")
    ]
    assert len(quotes) >= 6
    assert [quote for quote in quotes if quote[2] not in CLAUSES[quote[1]]["text"]] == []
