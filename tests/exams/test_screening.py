"""What an opening asks before anything else: structured answers, held against structured rules."""

from typing import Any

import pytest

from exams.service import screening
from exams.service.documents import RequirementDocument
from portal.errors import Invalid
from tests.exams.make import FALLS_SHORT, MEETS, opening_document

RULES: dict[str, dict[str, Any]] = {
    rule["kind"]: rule for rule in opening_document()["requirements"]
}


@pytest.mark.parametrize(
    ("kind", "written", "means"),
    [
        ("years", " 3 ", 3),
        ("years", "0", 0),
        ("years", "60", 60),
        ("years", "٣", 3),
        ("english", "C1", "C1"),
        ("languages", "en", ["en"]),
        ("languages", "en, pt-BR; zh-Hant-TW  sw", ["en", "pt-BR", "zh-Hant-TW", "sw"]),
    ],
)
def test_an_answer_is_kept_in_the_terms_of_its_rule(kind: str, written: str, means: object) -> None:
    assert screening.read(RULES[kind], written) == means


@pytest.mark.parametrize(
    ("kind", "written", "told"),
    [
        ("years", "many", "whole number"),
        ("years", "-1", "whole number"),
        ("years", "2.5", "whole number"),
        ("years", "61", "whole number"),
        ("years", "9" * 5000, "whole number"),
        ("english", "native", "one of the levels"),
        ("languages", "", "language tags"),
        ("languages", "English", "language tags"),
        ("languages", "e", "language tags"),
        ("languages", "en_US", "language tags"),
        ("languages", "en, <b>", "language tags"),
    ],
)
def test_anything_else_is_answered_with_what_to_write(kind: str, written: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        screening.read(RULES[kind], written)


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({}, []),
        ({"years": 2, "english": "C1"}, []),
        ({"years": 1}, ["years"]),
        ({"english": "B2"}, ["english"]),
        ({"languages": ["sw"]}, ["languages"]),
        ({"languages": ["EN-gb"]}, []),
        ({"years": 0, "english": "A1", "languages": ["de"]}, ["years", "english", "languages"]),
    ],
)
def test_what_is_not_met_is_named_in_the_openings_order(
    changed: dict[str, Any], missing: list[str]
) -> None:
    found = screening.unmet(RULES.values(), MEETS | changed)
    assert [rule["slug"] for rule in found] == missing


def test_what_is_not_mandatory_is_no_requirement() -> None:
    asked = [rule | {"mandatory": False} for rule in RULES.values()]
    assert screening.unmet(asked, FALLS_SHORT) == []


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [("years", "minimum"), ("english", "scale"), ("english", "minimum"), ("languages", "includes")],
)
def test_a_rule_without_what_its_kind_needs_is_refused_at_the_import(kind: str, lacks: str) -> None:
    rule = {name: value for name, value in RULES[kind].items() if name != lacks}
    whole = RequirementDocument.model_validate(RULES[kind])
    screening.refuse_broken([whole])
    with pytest.raises(Invalid, match=kind):
        screening.refuse_broken([RequirementDocument.model_validate(rule)])
