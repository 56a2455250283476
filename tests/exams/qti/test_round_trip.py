"""Our subset goes out to QTI 3.0 and comes back the same, byte by byte and word by word."""

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exams.qti import packages, upgrading, writing
from exams.qti.writing import KINDS
from portal.errors import Invalid
from tests.exams.make import BY_PEOPLE, FAULTY_STEP, NEWER, NUMERIC, QUESTIONS, SINGLE

_DEMO = Path(__file__).parents[3] / "demo" / "content"
_SUBSET = [one for one in (*QUESTIONS, *NEWER, *BY_PEOPLE) if one["type"] in KINDS]
_RICH = [
    SINGLE
    | {
        "slug": "rich",
        "stem": "A *quoted* post:\n\n> “See you at **six** & <seven>.”\n\n- one\n- two\n\nWhat now?",
        "options": [
            {"id": "a", "text": "Remove it, with `3.1` & a *reason*."},
            {"id": "b", "text": "1. Keep it"},
        ],
        "warning": "A threat is quoted.",
        "pilot": True,
    },
    NUMERIC
    | {
        "slug": "in-seconds",
        "unit": "ms",
        "units": {"s": 1000.0, "min": 60000.0},
        "key": {"value": 250, "tolerance": 0.05, "relative": True},
    },
]


def _demo() -> list[dict[str, Any]]:
    """The demo's questions, as far as QTI has an interaction for them."""
    found = []
    for name in ("exam", "exam_writing"):
        document = json.loads((_DEMO / f"{name}.json").read_text("utf-8"))
        found += [one for one in document["questions"] if one["type"] in KINDS]
    return [{name: v for name, v in one.items() if name != "stimulus"} for one in found]


@pytest.mark.parametrize("question", [*_SUBSET, *_RICH], ids=lambda one: str(one["slug"]))
def test_a_question_comes_back_the_same(question: dict[str, Any]) -> None:
    read = packages.read(writing.package([question]), area="elsewhere")
    assert read.refused == []
    assert read.questions == [question]


def test_the_demos_questions_come_back_the_same() -> None:
    questions = _demo()
    assert len(questions) > 20
    read = packages.read(writing.package(questions), area="elsewhere")
    assert read.refused == []
    assert read.questions == questions


def test_a_package_that_was_read_is_written_the_same_bytes() -> None:
    data = writing.package([*_SUBSET, *_RICH])
    again = packages.read(data, area="elsewhere").questions
    assert writing.package(again) == data


@given(
    stem=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1).filter(
        lambda text: text.strip() == text
    ),
    words=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1),
    value=st.floats(-1e9, 1e9),
)
def test_any_words_and_numbers_come_back_the_same(stem: str, words: str, value: float) -> None:
    single = SINGLE | {"stem": stem, "rationale": f"Because {words.strip() or 'so'}"}
    number = NUMERIC | {"key": {"value": value, "tolerance": abs(value) / 7}}
    read = packages.read(writing.package([single, number]), area="elsewhere")
    assert read.questions == [single, number]


def test_what_qti_cannot_say_is_named() -> None:
    with pytest.raises(Invalid, match=r"first-wrong-step \(faulty_step\)"):
        writing.package([FAULTY_STEP, SINGLE])


def test_words_that_somebody_changed_are_taken_and_ours_are_not_kept() -> None:
    data = writing.package([SINGLE])
    changed = _edit(data, "items/which-one.xml", "Keep it.", "Leave <em>it</em>.")
    read = packages.read(changed, area="elsewhere")
    assert read.questions[0]["options"][1]["text"] == "Leave *it*."


@pytest.mark.skipif(upgrading.program() is None, reason=upgrading.MISSING)
def test_ours_as_qti_2_come_back_with_the_same_key() -> None:
    older = upgrading.downgraded(writing.package([SINGLE]))
    assert b"v2p1" in b"".join(packages.unpacked(older).values())
    read = packages.read(older, area="policy")
    assert read.refused == []
    assert read.questions[0]["key"] == SINGLE["key"]
    assert [one["text"] for one in read.questions[0]["options"]] == [
        one["text"] for one in SINGLE["options"]
    ]


def _edit(data: bytes, path: str, old: str, new: str) -> bytes:
    """A package in which one file says something else."""
    files = packages.unpacked(data)
    before = files[path].decode()
    assert f">{old}<" in before
    files[path] = before.replace(f">{old}<", f">{new}<").encode()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_two_items_with_one_identifier_are_refused() -> None:
    twice = [SINGLE, copy.deepcopy(SINGLE) | {"slug": "Which-One"}]
    with pytest.raises(Invalid, match="same identifier: which-one"):
        packages.read(writing.package(twice), area="policy")
