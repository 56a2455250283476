"""The demo's sample world holds together: references real, sides balanced, rules and people agreeing."""

import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import get_territory_currencies

from portal.access import Role
from tests.demo.content import (
    AGREEMENTS,
    CASE_SERIES,
    CASES,
    CLAUSES,
    CONTENT,
    COUNTRIES,
    EXAM,
    GUIDELINES,
    OPENING,
    PAIRS,
    PEOPLE,
    POLICY,
    PROJECTS,
    SERIES,
    WORLD,
    Row,
    repeated,
    texts,
    words,
)

PLACEHOLDERS: Final = re.compile(
    r"lorem ipsum|\bTODO\b|\bTBD\b|\bFIXME\b|\bXXX\b|placeholder", re.IGNORECASE
)
STRAIGHT_APOSTROPHE: Final = re.compile(r"\w'\w")
DOCUMENTS: Final = {"passport", "national_id", "driving_licence", "residence_permit"}
ERROR_TYPES: Final = {
    "misread_case",
    "wrong_clause",
    "missing_fact",
    "wrong_inference",
    "arithmetic_logic",
    "unsupported_claim",
    "wrong_verdict",
}


def ordered(pair: Row) -> tuple[str, str]:
    """The better and the worse answer of a pair whose truth is `a` or `b`."""
    a, b = pair["response_a"], pair["response_b"]
    return (a, b) if pair["truth"] == "a" else (b, a)


def meets(rule: Row, given: object) -> bool:
    """Whether an answer to the screening meets the requirement."""
    match rule["kind"], given:
        case "years", int(years):
            return years >= int(rule["minimum"])
        case "english", str(level):
            scale: list[str] = rule["scale"]
            return scale.index(level) >= scale.index(rule["minimum"])
        case "languages", list(tags):
            return set(rule["includes"]) <= set(tags)
    raise AssertionError(rule, given)


# Files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(CONTENT.rglob("*.*")), ids=lambda path: path.name)
def test_every_file_is_finished_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert "\N{REPLACEMENT CHARACTER}" not in text
    assert PLACEHOLDERS.search(text) is None


@pytest.mark.parametrize(
    "value", [EXAM, POLICY, PAIRS, SERIES, CASES, CASE_SERIES, OPENING, COUNTRIES, WORLD, PEOPLE]
)
def test_apostrophes_are_set_as_in_print(value: object) -> None:
    assert [text for text in texts(value) if STRAIGHT_APOSTROPHE.search(text)] == []


# Policy and guidelines ----------------------------------------------------------------------


def test_the_policy_has_its_clauses_numbered_dated_and_short() -> None:
    assert POLICY["version"] == "4.2"
    assert len(CLAUSES) == len(POLICY["clauses"]) >= 14
    assert list(CLAUSES) == sorted(
        CLAUSES, key=lambda number: [int(part) for part in number.split(".")]
    )
    for clause in CLAUSES.values():
        assert 2 <= len(re.findall(r"[.?!](?= |$)", clause["text"])) <= 4, clause["number"]
        assert date.fromisoformat(clause["effective"]) <= date.fromisoformat(POLICY["effective"])


def test_guidelines_have_unique_numbered_sections() -> None:
    assert set(GUIDELINES) == {"preference", "reasoning-review"}
    for slug, (head, body) in GUIDELINES.items():
        numbers = re.findall(r"^###? (\d+(?:\.\d+)?) ", body, re.MULTILINE)
        assert head["slug"] == slug
        assert repeated(numbers) == []
        assert len(numbers) >= 20
    for heading in (
        "2.1 What counts as better",
        "2.4 Length is not quality",
        "3.1 Credible threats",
    ):
        assert f"### {heading}\n" in GUIDELINES["preference"][1]


def test_the_review_guideline_names_every_error_type() -> None:
    text = GUIDELINES["reasoning-review"][1].lower()
    names = {
        name.replace("arithmetic_logic", "arithmetic or logic").replace("_", " ")
        for name in ERROR_TYPES
    }
    assert [name for name in sorted(names) if f"**{name}**" not in text] == []


# Preference pairs -------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS + SERIES, ids=lambda pair: pair["key"])
def test_a_pair_is_complete(pair: Row) -> None:
    assert pair["truth"] in {"a", "b", "tie", "neither"}
    assert (pair["truth_strength"] in {1, 2, 3}) == (pair["truth"] in {"a", "b"})
    assert pair["clause"] is None or pair["clause"] in CLAUSES
    assert (pair["clause"] is None) == (PROJECTS[pair["project"]]["policy"] is None)
    assert PROJECTS[pair["project"]]["task_type"] == "preference"
    assert pair["gold"] == bool(pair["rationale"])
    assert all(40 <= words(pair[side]) <= 120 for side in ("response_a", "response_b"))
    cited = re.findall(r"\b([1-7]\.\d)\b", " ".join(texts(pair)))
    assert set(cited) <= set(CLAUSES) or pair["clause"] is None


def test_pairs_are_enough_and_unique() -> None:
    assert len(PAIRS) >= 48
    assert len(SERIES) >= 150
    assert repeated([pair["key"] for pair in PAIRS + SERIES]) == []
    written = [text for pair in PAIRS for text in (pair["response_a"], pair["response_b"])]
    assert repeated(written) == []
    shown = [" ".join(sorted((p["prompt"], p["response_a"], p["response_b"]))) for p in SERIES]
    assert repeated(shown) == []
    assert sum(pair["gold"] for pair in PAIRS) == 14
    assert 0.1 <= sum(pair["gold"] for pair in SERIES) / len(SERIES) <= 0.2


@pytest.mark.parametrize("pairs", [PAIRS, SERIES], ids=["pairs", "series"])
@pytest.mark.parametrize("gold", [True, False])
def test_the_better_answer_stands_on_either_side_equally_often(
    pairs: list[Row], gold: bool
) -> None:
    sides = Counter(pair["truth"] for pair in pairs if pair["gold"] is gold)
    assert abs(sides["a"] - sides["b"]) <= 1
    assert sides["a"] >= 6


@pytest.mark.parametrize("pairs", [PAIRS, SERIES], ids=["pairs", "series"])
def test_ties_and_neither_occur(pairs: list[Row]) -> None:
    truths = Counter(pair["truth"] for pair in pairs)
    assert min(truths["tie"], truths["neither"]) >= 5


@pytest.mark.parametrize("pairs", [PAIRS, SERIES], ids=["pairs", "series"])
def test_neither_the_longer_nor_the_shorter_answer_is_usually_better(pairs: list[Row]) -> None:
    decided = [pair for pair in pairs if pair["truth"] in {"a", "b"}]
    longer = [words(better) > words(worse) for better, worse in map(ordered, decided)]
    assert 0.4 <= sum(longer) / len(longer) <= 0.6


def test_traps_of_length_confidence_and_politeness_are_set() -> None:
    traps = Counter(pair["trap"] for pair in PAIRS)
    assert set(traps) <= {"length", "confidence", "politeness", "format", "none"}
    assert min(traps["length"], traps["confidence"], traps["politeness"]) >= 5
    for pair in PAIRS + SERIES:
        if pair["trap"] == "length":  # the worse answer is the longer one
            better, worse = ordered(pair)
            assert words(worse) > 1.2 * words(better), pair["key"]


# Reasoning cases --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES + CASE_SERIES, ids=lambda case: case["key"])
def test_a_case_is_complete(case: Row) -> None:
    truth = case["truth"]
    assert 4 <= len(case["steps"]) <= 7
    assert 0 <= truth["first_wrong_step"] <= len(case["steps"])
    assert (truth["first_wrong_step"] == 0) == (truth["error_type"] is None)
    assert truth["error_type"] in {None, *ERROR_TYPES}
    assert truth["first_wrong_step"] != 0 or truth["verdict_right"]
    assert (truth["error_type"] == "wrong_verdict") <= (
        truth["first_wrong_step"] == len(case["steps"])
    )
    assert case["clauses"]
    assert set(case["clauses"]) | set(re.findall(r"\b\d\.\d\b(?! %)", " ".join(case["steps"]))) <= {
        *CLAUSES,
        "0.2",
    }
    assert PROJECTS[case["project"]]["task_type"] == "reasoning_review"
    assert case["gold"] == bool(case["rationale"])
    assert len(case["feedback"]) <= 240


def test_cases_are_enough_and_their_errors_lie_everywhere() -> None:
    assert len(CASES) >= 16
    assert repeated([case["key"] for case in CASES]) == []
    assert sum(case["gold"] for case in CASES) == 6
    steps = Counter(case["truth"]["first_wrong_step"] for case in CASES)
    assert len(steps) >= 6
    assert max(steps.values()) <= 0.25 * len(CASES)
    assert {case["truth"]["error_type"] for case in CASES} == {None, *ERROR_TYPES}
    assert len({case["truth"]["first_wrong_step"] for case in CASES if case["gold"]}) >= 5


def test_the_series_of_cases_has_sound_chains_and_errors_in_every_step() -> None:
    assert len(CASE_SERIES) >= 80
    assert repeated([case["key"] for case in CASES + CASE_SERIES]) == []
    assert repeated([" ".join([case["case"], *case["steps"]]) for case in CASE_SERIES]) == []
    assert 0.1 <= sum(case["gold"] for case in CASE_SERIES) / len(CASE_SERIES) <= 0.2
    steps = Counter(case["truth"]["first_wrong_step"] for case in CASE_SERIES)
    assert set(steps) == {0, 1, 2, 3, 4, 5}
    assert max(steps.values()) <= 0.3 * len(CASE_SERIES)


def test_the_sound_chains_about_a_detector_compute_rightly() -> None:
    detectors = [case for case in CASE_SERIES if case["clauses"] == ["3.3"]]
    sound = [case for case in detectors if case["truth"]["first_wrong_step"] == 0]
    assert len(sound) == 5
    for case in sound:
        numbers = re.findall(r"\d+", case["case"].replace(",", ""))
        flagged, upheld, rest, drawn, found = (int(number) for number in numbers[:5])
        recall = upheld / (upheld + rest * found / drawn)
        assert case["steps"][0].endswith(f"= {upheld / flagged:.2f}.")
        assert case["steps"][3].endswith(f"= {recall:.2f}.")
        assert case["verdict"] == ("Target met" if recall >= 0.6 else "Target not met")


def test_a_wrong_step_does_not_tell_whether_the_verdict_is_right() -> None:
    truths = [case["truth"] for case in CASES]
    broken = [truth["verdict_right"] for truth in truths if truth["first_wrong_step"]]
    assert sum(broken) >= 3
    assert not all(broken)


# People, projects, opening, countries, agreements -----------------------------------------------


def test_the_people_of_the_demo_fill_every_role() -> None:
    roles = Counter(role for person in PEOPLE for role in person["roles"])
    assert set(roles) == {role.value for role in Role}
    assert (roles["expert"], roles["manager"], roles["finance"]) == (6, 3, 2)
    assert (
        repeated([person["email"] for person in PEOPLE] + [person["key"] for person in PEOPLE])
        == []
    )
    managed = {person["organisation"] for person in PEOPLE if "manager" in person["roles"]}
    assert managed == {"meridian-commons", "halyard-assist", None}  # None: the exams of the house
    for person in PEOPLE:
        assert person["email"].endswith("@demo.touchstone.example")
        assert ZoneInfo(person["timezone"]).key == person["timezone"]
        assert person["organisation"] in {None, *(o["slug"] for o in WORLD["organisations"])}
        assert len(person["line"]) <= 110


def test_experts_work_in_known_projects_and_can_be_paid() -> None:
    payable = {row["country"] for row in COUNTRIES["payable"]}
    for person in PEOPLE:
        if "application" in person:
            assert person["country"] in payable, person["key"]
            assert set(person["application"]["answers"]) == {
                r["slug"] for r in OPENING["requirements"]
            }
    for work in (person["work"] for person in PEOPLE if "expert" in person["roles"]):
        assert set(work["accuracy"]) == set(work["seconds_per_task"]) <= set(PROJECTS)
        assert all(0.5 < accuracy < 1 for accuracy in work["accuracy"].values())
    stages = {p["application"]["stage"] for p in PEOPLE if "applicant" in p["roles"]}
    assert stages >= {"screening", "exam", "identity"}


@pytest.mark.parametrize(
    "person", [p for p in PEOPLE if "application" in p], ids=lambda person: person["key"]
)
def test_whoever_got_past_the_screening_met_it(person: Row) -> None:
    answers = person["application"]["answers"]
    unmet = [r["slug"] for r in OPENING["requirements"] if not meets(r, answers[r["slug"]])]
    assert (unmet == []) == (person["application"]["explanation"] is None)
    assert unmet == [] or person["application"]["stage"] in {"screening", "review", "not_accepted"}


def test_at_least_three_experts_can_judge_each_project() -> None:
    for slug, project in PROJECTS.items():
        able = [p for p in PEOPLE if slug in p.get("work", {}).get("accuracy", {})]
        assert len(able) >= project["overlap"] == 3
        assert project["gold_share"] == pytest.approx(0.15)
        assert project["needed_level"] == pytest.approx(0.8)


def test_projects_name_what_exists_and_pay_within_the_opening() -> None:
    pay = OPENING["pay"]
    assert len(PROJECTS) == 3
    assert {project["organisation"] for project in PROJECTS.values()} == {
        o["slug"] for o in WORLD["organisations"]
    }
    for slug, project in PROJECTS.items():
        assert project["policy"] in {None, POLICY["slug"]}
        assert GUIDELINES[project["guideline"]][0]["task_type"] == project["task_type"]
        assert pay["minimum"] <= project["rate_per_hour"] <= pay["maximum"]
        head, body = AGREEMENTS[project["agreement"]]
        assert head["project"] == slug
        rate = f"{project['rate_per_hour'] // 100}.{project['rate_per_hour'] % 100:02}"
        assert f"USD {rate} per hour" in body
        assert f"within {project['paid_minutes_per_task']} minutes" in body
        assert project["qualification"] == EXAM["qualification"]["slug"] == OPENING["qualification"]


def test_the_opening_asks_for_what_the_role_needs() -> None:
    rules = {rule["slug"]: rule for rule in OPENING["requirements"]}
    assert (OPENING["pay"]["minimum"], OPENING["pay"]["maximum"]) == (2500, 5000)
    assert [
        rules[slug]["minimum"] for slug in ("sft-rlhf-years", "mlops-years", "ugc-moderation-years")
    ] == [2, 1, 1]
    assert rules["english"]["minimum"] == "C1"
    assert rules["english"]["minimum"] in rules["english"]["scale"]
    assert rules["languages"]["includes"] == ["en"]
    assert all(rule["ask"] and rule["why"] and rule["rule"] for rule in rules.values())
    assert "native" not in " ".join(texts(OPENING)).lower()


def test_countries_say_how_they_are_paid_or_why_not() -> None:
    payable, not_yet = COUNTRIES["payable"], COUNTRIES["not_yet"]
    codes = [row["country"] for row in payable + not_yet]
    assert repeated(codes) == []
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in codes)
    assert len(payable) >= 40
    for row in payable:
        assert row["currency"] in get_territory_currencies(row["country"])
        assert 1 <= row["delay_days"][0] <= row["delay_days"][1] <= 7
        assert set(row["documents"]) <= DOCUMENTS == set(COUNTRIES["document_names"])
        assert "passport" in row["documents"]
    assert COUNTRIES["default"]["payable"] is False
    assert all(row["reason"] for row in [*not_yet, COUNTRIES["default"]])


def test_agreements_are_dated_and_cover_platform_privacy_identity_and_each_project() -> None:
    kinds = Counter(head["kind"] for head, _ in AGREEMENTS.values())
    assert kinds == {"platform": 1, "privacy": 1, "identity": 1, "project": 3}
    for stem, (head, body) in AGREEMENTS.items():
        assert head["slug"] == stem
        assert date.fromisoformat(head["effective"])
        assert body.lstrip().startswith(f"# {head['title']}\n")


@pytest.mark.parametrize("slug", sorted(AGREEMENTS))
def test_numbered_sentences_of_an_agreement_are_paragraphs_of_their_own(slug: str) -> None:
    lines = AGREEMENTS[slug][1].splitlines()
    run_on = [line for before, line in pairwise(lines) if before and re.match(r"\d+\.\d+ ", line)]
    assert run_on == []
