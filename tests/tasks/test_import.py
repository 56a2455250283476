"""Importing tasks: whole or not at all, twice without harm, and the real file."""

import csv
import os
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.errors import Invalid
from tasks.models import Gold, Project, Task, TaskPayload, TaskType
from tasks.service import gold, importing
from tasks.service.files import FileRefused, mapping, rows
from tasks.service.importing import Imported, Upload
from tests.make import Make

COLUMNS = {"key": "key", "prompt": "prompt", "context": "context", "a": "a", "b": "b"}
HEADER = b"key,prompt,context,a,b\n"
SHARED = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
PANDALM = SHARED / "preferences" / "pandalm_pairs"


def test_a_csv_and_a_jsonl_of_the_same_rows_are_the_same_tasks(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    table = HEADER + b'1,"two\nlines",,left,right\n'
    lines = b'{"key": 1, "prompt": "two\\nlines", "a": "left", "b": "right"}\n\n'
    assert bring(session, project, table, now) == Imported(1, 0, 0)
    assert bring(session, project, lines, now, name="t.jsonl") == Imported(0, 1, 0)
    assert session.scalars(sa.select(TaskPayload.value)).one()["prompt"] == "two\nlines"


def test_a_second_run_adds_nothing_and_a_longer_file_only_what_is_new(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(overlap=2)
    first = HEADER + b"1,p,,a,b\n2,p,,a,b\n"
    assert bring(session, project, first, now) == Imported(2, 0, 0)
    assert bring(session, project, first, now) == Imported(0, 2, 0)
    assert bring(session, project, first + b"3,p,,a,b\n", now) == Imported(1, 2, 0)
    assert session.scalars(sa.select(Task.open_slots)).all() == [2, 2, 2]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (HEADER + b"1,p,,a,b\n2,,,a,b\n", "row 3, column prompt: prompt is empty"),
        (HEADER + b"1,p,,a,b\n1,q,,a,b\n", "row 3, column key: “1” stands in row 2 already"),
        (HEADER + b"1,p,,a\n", "row 2: 4 cells where the header has 5"),
        (HEADER + b',p,,a,b\n', "row 2, column key: the key must be text of 1 to 200 characters"),
        (b"key,prompt,context,a\n1,p,,a\n", "row 1, column b: there is no such column"),
        (b"key,key,prompt,a,b\n", "row 1, column key: there are two columns of this name"),
        (HEADER, "row 2: the file has no tasks"),
        (b"", "row 1: the file is empty"),
        (HEADER + b"1,p\xff,,a,b\n", "row 2: this is not UTF-8 text"),
        (HEADER + b"1,p\x00,,a,b\n", "row 2, column prompt: prompt holds a character that no text has (U+0000)"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_whole_with_row_and_column(
    session: Session, make: Make, now: datetime, content: bytes, problem: str
) -> None:
    project = make.project()
    with pytest.raises(FileRefused) as refused:
        bring(session, project, content, now)
    assert problem in refused.value.problems
    assert session.scalars(sa.select(Task)).all() == []


def test_an_empty_answer_is_an_answer_but_a_missing_one_is_not(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    assert bring(session, project, HEADER + b"1,p,,,b\n2, ,context,a,b\n", now).added == 2
    with pytest.raises(FileRefused, match="row 1, column b: b is missing"):
        bring(session, project, b'{"key": "3", "prompt": "p", "a": ""}', now, name="t.jsonl")


def test_changed_content_under_a_known_key_is_refused(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    bring(session, project, HEADER + b"1,p,,a,b\n", now)
    with pytest.raises(FileRefused, match="row 2, column key: task “1” is already there"):
        bring(session, project, HEADER + b"1,changed,,a,b\n", now)


@pytest.mark.parametrize("line", [b"{", b"[1]", b'{"key": "1", "prompt": 7, "a": "a", "b": "b"}'])
def test_a_wrong_line_of_jsonl_names_its_row(
    session: Session, make: Make, now: datetime, line: bytes
) -> None:
    good = b'{"key": "0", "prompt": "p", "a": "a", "b": "b"}\n'
    with pytest.raises(FileRefused, match="row 2"):
        bring(session, make.project(), good + line, now, name="t.jsonl")


def test_a_mapping_names_every_needed_field_and_no_other(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    wrong = {**COLUMNS, "colour": "colour"}
    del wrong["prompt"]
    with pytest.raises(FileRefused) as refused:
        importing.import_tasks(session, project, Upload("t.csv", HEADER), wrong, now=now)
    assert refused.value.problems == [
        "the field prompt is not mapped",
        "this task type has no field colour",
    ]
    assert mapping("prompt=instruction, key=task") == {"prompt": "instruction", "key": "task"}
    for written in ("prompt", "a=b,a=c", "=x"):
        with pytest.raises(Invalid):
            mapping(written)


def test_a_gold_file_makes_probes_and_a_wrong_one_stops_everything(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    tasks = HEADER + b"1,p,,a,b\n2,p,,a,b\n"
    golden = Upload("gold.csv", b"key,answer,strength\n2,b,3\n")
    wrong = Upload("gold.csv", b"key,answer\n2,x\n9,a\n")
    with pytest.raises(FileRefused) as refused, session.begin_nested():
        bring(session, project, tasks, now, gold_file=wrong)
    assert refused.value.problems == [
        "gold.csv, row 2, column answer: answer must be one of a, b, tie, neither",
        "gold.csv, row 3, column key: there is no task “9”",
    ]
    assert bring(session, project, tasks, now, gold_file=golden) == Imported(2, 0, 1)
    assert bring(session, project, tasks, now, gold_file=golden) == Imported(0, 2, 0)


def test_reasoning_cases_take_lists_in_json_and_in_cells(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(task_type=TaskType.REASONING_REVIEW)
    columns = {name: name for name in ("key", "case", "clauses", "verdict", "steps")}
    table = (
        b'key,case,clauses,verdict,steps\n1,c,3.1,None,"one\ntwo"\n2,c,,None,"[""one"", ""two""]"\n'
    )
    done = importing.import_tasks(session, project, Upload("t.csv", table), columns, now=now)
    assert done.added == 2
    steps = [value["steps"] for value in session.scalars(sa.select(TaskPayload.value))]
    assert steps == [["one", "two"], ["one", "two"]]


def test_the_drawing_order_depends_on_the_key_alone(session: Session, make: Make) -> None:
    project = make.project(slug="fixed")
    keys = [importing.draw_key(project, str(number)) for number in range(50)]
    assert keys == [importing.draw_key(project, str(number)) for number in range(50)]
    assert sorted(keys) != keys


@pytest.mark.skipif(not PANDALM.exists(), reason=f"the real pairs are not at {PANDALM}")
def test_the_real_pairs_come_in_whole_and_a_hundred_become_gold(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(slug="pandalm")
    upload = Upload("texts.csv", (PANDALM / "texts.csv").read_bytes())
    columns = mapping("prompt=instruction,context=input,a=response_a,b=response_b,key=task")
    assert importing.import_tasks(session, project, upload, columns, now=now) == Imported(999, 0, 0)
    assert importing.import_tasks(session, project, upload, columns, now=now).already == 999
    assert kept(session) == source()
    with (PANDALM / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = [(row["task"], row["label"]) for row in csv.DictReader(file)]
    chosen = gold.seeded_majorities(labels, count=100, seed=1)
    for key, label in chosen.items():
        assert [each for task, each in labels if task == key].count(label) >= 2
    answers = {key: {"choice": label, "strength": None} for key, label in chosen.items()}
    assert gold.make_gold(session, project, answers, by=None, now=now) == 100
    assert session.scalar(sa.select(sa.func.count()).select_from(Gold)) == 100
    ordinary = sa.select(sa.func.count()).select_from(Task).where(Task.open_slots == 3)
    assert session.scalar(ordinary) == 899


def kept(session: Session) -> dict[str, tuple[str, str | None, str, str]]:
    place = sa.and_(TaskPayload.pool_id == Task.pool_id, TaskPayload.task_id == Task.id)
    found = session.execute(sa.select(Task.key, TaskPayload.value).join(TaskPayload, place))
    return {
        key: (value["prompt"], value["context"], value["a"], value["b"]) for key, value in found
    }


def source() -> dict[str, tuple[str, str | None, str, str]]:
    with (PANDALM / "texts.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["task"]: (
                row["instruction"],
                row["input"] if row["input"].strip() else None,
                row["response_a"],
                row["response_b"],
            )
            for row in csv.DictReader(file)
        }


def bring(
    session: Session,
    project: Project,
    content: bytes,
    now: datetime,
    *,
    name: str = "t.csv",
    gold_file: Upload | None = None,
) -> Imported:
    return importing.import_tasks(
        session, project, Upload(name, content), COLUMNS, gold=gold_file, now=now
    )


def test_rows_are_numbered_as_a_spreadsheet_counts_them() -> None:
    content = HEADER + b'1,"a\nb",,c,d\n2,e,,f,g\n'
    assert [number for number, _row in rows(content, "t.csv")] == [2, 3]
