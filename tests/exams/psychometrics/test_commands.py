"""`touchstone exams calibrate` and `score`, run as anybody would: no settings, no database."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_data import shared


def test_a_file_is_calibrated_and_scored_without_settings(tmp_path: Path) -> None:
    fit, scores = tmp_path / "fit.json", tmp_path / "scores.csv"
    answers = shared("irt/lsat7.csv")
    done = _run("calibrate", str(answers), "--model", "2pl", "--out", str(fit))
    assert done.returncode == 0, done.stderr
    told = json.loads(fit.read_text("utf-8"))
    assert told["model"] == "2pl"
    assert told["converged"] is True
    assert told["log_likelihood"] == pytest.approx(-2658.8051136323, abs=1e-4)
    assert told["items"][0]["slope"] == pytest.approx(0.98754628371, abs=1e-3)
    assert told["items"][0]["se"] == pytest.approx([0.17719487969, 0.1314501681], rel=0.01)
    done = _run("score", str(answers), "--fit", str(fit), "--out", str(scores))
    assert done.returncode == 0, done.stderr
    with scores.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1000
    assert float(rows[0]["theta"]) == pytest.approx(-1.8697835504, abs=1e-3)


@pytest.mark.parametrize("model", ["grm", "gpcm", "pcm", "nominal"])
def test_graded_answers_go_out_and_come_in_again(tmp_path: Path, model: str) -> None:
    fit, scores = tmp_path / "fit.json", tmp_path / "scores.csv"
    answers = shared("irt/science_mirt.csv")
    assert _run("calibrate", str(answers), "--model", model, "--out", str(fit)).returncode == 0
    told = json.loads(fit.read_text("utf-8"))
    assert [item["lowest"] for item in told["items"]] == [1, 1, 1, 1]
    assert len(told["items"][0]["intercepts"]) == 3
    if model == "pcm":
        assert told["items"][0]["slope"] == 1
        assert told["latent"]["variance"] > 0
    assert _run("score", str(answers), "--fit", str(fit), "--out", str(scores)).returncode == 0


def test_weights_in_a_column_count(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.csv", tmp_path / "packed.csv"
    rows = [("0", "1"), ("1", "0"), ("1", "1"), ("0", "0")]
    plain.write_text("a,b\n" + "\n".join(",".join(row) for row in rows * 60), "utf-8")
    packed.write_text("a,weight,b\n" + "\n".join(f"{a},60,{b}" for a, b in rows), "utf-8")
    fits = []
    for source in (plain, packed):
        out = tmp_path / f"{source.stem}.json"
        assert _run("calibrate", str(source), "--model", "1pl", "--out", str(out)).returncode == 0
        fits.append(json.loads(out.read_text("utf-8")))
    assert fits[0]["log_likelihood"] == pytest.approx(fits[1]["log_likelihood"], abs=1e-6)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,x\n", "row 2, column b: “x” is not a number"),
        ("a,b\n1\n", "row 2: 1 cells, not 2"),
        ("a,a\n1,1\n", "a name of its own"),
        ("a,b\n", "at least one row"),
        ("a,b\n1,0\n1,1\n", "everybody answered 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, content: str, says: str
) -> None:
    source = tmp_path / "answers.csv"
    source.write_text(content, "utf-8")
    done = _run("calibrate", str(source), "--out", str(tmp_path / "fit.json"))
    assert done.returncode == 1
    assert says in done.stderr
    assert not (tmp_path / "fit.json").exists()


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [sys.executable, "-m", "portal.cli", "exams", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=bare)
