"""Evidence in words and numbers that a person understands."""

from portal.decisions import evidence

QUALITY = {"estimate": 0.66, "low": 0.58, "high": 0.74, "needed": 0.8, "check_tasks": 96}


def test_an_estimate_is_drawn_with_its_interval_and_the_needed_level() -> None:
    found = evidence.measured(QUALITY)
    assert found is not None
    for part in ("66", "58", "74", "80", "needed"):
        assert part in found.words
    assert "<svg" in found.drawing.svg
    assert "style=" not in found.drawing.svg


def test_what_is_drawn_is_not_listed_again() -> None:
    assert evidence.facts(QUALITY) == [("Check tasks", "96")]


def test_without_an_interval_everything_is_listed() -> None:
    assert evidence.measured({"estimate": 0.5}) is None
    assert evidence.facts({"estimate": 0.5}) == [("Estimate", "0.5")]


def test_too_early_to_say_has_an_interval_and_no_point() -> None:
    found = evidence.measured({"estimate": None, "low": 0.4, "high": 0.9})
    assert found is not None
    assert found.words.startswith("likely 40")


def test_an_estimate_that_is_no_share_keeps_its_own_scale() -> None:
    found = evidence.measured({"estimate": 17, "low": 15.5, "high": 18.5, "needed": 18})
    assert found is not None
    assert found.words == "17, likely 15.5 to 18.5; 18 is needed"


def test_ids_of_rows_never_reach_the_page() -> None:
    secret = {"task_id": 77, "gold_ids": [1, 2], "id": 3, "ids": [4], "answers": 12}
    assert evidence.facts(secret) == [("Answers", "12")]


def test_people_read_of_check_tasks_margin_and_pass_mark() -> None:
    labels = [
        label for label, _ in evidence.facts({"gold_right": 1, "cut": 2, "standard_error": 3})
    ]
    assert labels == ["Check tasks right", "Pass mark", "Margin"]


def test_values_read_as_words() -> None:
    said = dict(evidence.facts({"passed": False, "clauses": ["3.1", "4.2"], "empty": [], "by": {}}))
    assert said == {"Passed": "no", "Clauses": "3.1, 4.2", "Empty": "none", "By": ""}
