"""`touchstone exams qti write` and `read`: files in, files out, refused by name."""

import json
from pathlib import Path

from click.testing import CliRunner

from exams.cli import exams
from portal.errors import Invalid
from tests.exams.make import FAULTY_STEP, NEWER, SINGLE


def _document(folder: Path, *questions: object) -> Path:
    path = folder / "bank.json"
    path.write_text(json.dumps({"questions": questions}), "utf-8")
    return path


def test_questions_go_out_and_come_back(tmp_path: Path) -> None:
    questions = [one for one in (SINGLE, *NEWER) if one["type"] != "policy_case"]
    package, again = tmp_path / "bank.zip", tmp_path / "again.json"
    run = CliRunner().invoke(
        exams, ["qti", "write", str(_document(tmp_path, *questions)), str(package)]
    )
    assert run.output == f"{package}: 4 questions\n"
    run = CliRunner().invoke(exams, ["qti", "read", str(package), str(again), "--area", "policy"])
    assert run.exit_code == 0
    assert json.loads(again.read_text("utf-8"))["questions"] == questions


def test_what_qti_cannot_say_stops_it_unless_left_out(tmp_path: Path) -> None:
    arguments = [
        "qti",
        "write",
        str(_document(tmp_path, SINGLE, FAULTY_STEP)),
        str(tmp_path / "bank.zip"),
    ]
    run = CliRunner().invoke(exams, arguments)
    assert isinstance(run.exception, Invalid)
    assert "first-wrong-step" in str(run.exception)
    run = CliRunner().invoke(exams, [*arguments, "--leave-out"])
    assert "left out: first-wrong-step" in run.output
