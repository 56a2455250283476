"""Importing exams, openings and countries: whole, or refused whole with path and reason."""

import copy
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Exam, Form, QuestionKey, QuestionVersion
from exams.service import bank
from portal.errors import Invalid
from tests.exams.make import COUNTRIES, exam_document, opening_document
from tests.make import Make

_CONTENT = Path(__file__).parents[2] / "demo" / "content"


def _counts(session: Session) -> tuple[int, ...]:
    tables = (Exam, Form, QuestionVersion, QuestionKey)
    return tuple(
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables
    )


def test_the_same_document_again_changes_nothing(session: Session, now: datetime) -> None:
    bank.import_exam(session, exam_document(), now=now)
    before = _counts(session)
    bank.import_exam(session, exam_document(), now=now)
    assert _counts(session) == before


def test_changed_words_make_a_new_version_and_a_new_form(session: Session, now: datetime) -> None:
    bank.import_exam(session, exam_document(), now=now)
    before = _counts(session)
    document = copy.deepcopy(exam_document())
    document["questions"][0]["stem"] = "Other words."
    bank.import_exam(session, document, now=now)
    assert [b - a for a, b in zip(before, _counts(session), strict=True)] == [0, 1, 1, 1]


def test_a_corrected_key_is_a_new_key_of_the_same_version(session: Session, now: datetime) -> None:
    bank.import_exam(session, exam_document(), now=now)
    before = _counts(session)
    document = copy.deepcopy(exam_document())
    document["questions"][0]["key"] = {"option": "c"}
    bank.import_exam(session, document, now=now)
    assert [b - a for a, b in zip(before, _counts(session), strict=True)] == [0, 0, 0, 1]


def _breaks() -> list[Any]:
    def key(document: dict[str, Any]) -> None:
        document["questions"][0]["key"] = {"option": "z"}

    def twice(document: dict[str, Any]) -> None:
        document["form"]["questions"].append("which-one")

    def unknown(document: dict[str, Any]) -> None:
        document["form"]["questions"][1] = "nowhere"

    def area(document: dict[str, Any]) -> None:
        document["questions"][2]["area"] = "nowhere"

    def extra(document: dict[str, Any]) -> None:
        document["questions"][0]["answer"] = "b"

    def missing(document: dict[str, Any]) -> None:
        del document["questions"][3]["clause"]

    def cut(document: dict[str, Any]) -> None:
        document["cut"] = 1.5

    def panel(document: dict[str, Any]) -> None:
        document["questions"][4]["key"]["choice"] = "a"

    return [
        pytest.param(key, r"questions\[0\]: the key names no option", id="key"),
        pytest.param(twice, r"form.questions\[5\]: 'which-one' stands here twice", id="twice"),
        pytest.param(unknown, r"form.questions\[1\]: there is no question", id="unknown"),
        pytest.param(area, r"questions\[2\].area: there is no area", id="area"),
        pytest.param(extra, r"questions\[0\].answer: Extra inputs", id="extra"),
        pytest.param(missing, r"questions\[3\].clause: Field required", id="missing"),
        pytest.param(cut, r"cut: Input should be less than or equal to 1", id="cut"),
        pytest.param(panel, r"questions\[4\]: the choice is not the one of most", id="panel"),
    ]


@pytest.mark.parametrize(("change", "reason"), _breaks())
def test_a_mistake_refuses_the_whole_document_by_its_path(
    session: Session, now: datetime, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    before = _counts(session)
    document = copy.deepcopy(exam_document())
    change(document)
    with pytest.raises(Invalid, match=reason):
        bank.import_exam(session, document, now=now)
    assert _counts(session) == before


def test_an_opening_needs_its_exam_first(session: Session, now: datetime) -> None:
    with pytest.raises(Invalid, match="import it first"):
        bank.import_opening(session, opening_document("nowhere"), now=now)


def test_a_requirement_that_lacks_what_its_kind_needs_is_refused(
    session: Session, make: Make, now: datetime
) -> None:
    document = copy.deepcopy(opening_document(make.exam().slug))
    document["requirements"][1]["minimum"] = "D1"
    with pytest.raises(Invalid, match=r"requirements\[1\]: 'english' lacks"):
        bank.import_opening(session, document, now=now)


def test_a_country_left_out_of_a_later_list_falls_back_to_the_default(session: Session) -> None:
    bank.import_countries(session, COUNTRIES)
    assert bank.import_countries(session, COUNTRIES | {"not_yet": []}) == 1
    named = session.scalars(sa.text("SELECT country FROM pay_country ORDER BY 1")).all()
    assert list(named) == ["KE", "ZZ"]


def test_the_demos_own_documents_are_taken(session: Session, now: datetime) -> None:
    read = {
        name: json.loads((_CONTENT / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("exam", "opening", "countries")
    }
    exam = bank.import_exam(session, read["exam"], now=now)
    assert bank.import_opening(session, read["opening"], now=now).exam_id == exam.id
    assert bank.import_countries(session, read["countries"]) > 20
