"""`touchstone exams simulate`, `link` and `pilots`, which need neither settings nor a database."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from exams.calibrating import calibrate, score
from exams.linking import link, pilots
from exams.simulating import simulate

_COMMANDS = {
    "calibrate": calibrate,
    "score": score,
    "link": link,
    "pilots": pilots,
    "simulate": simulate,
}


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    first, second = (_simulated(tmp_path / name, seed=4) for name in ("a.csv", "b.csv"))
    assert first.read_bytes() == second.read_bytes()
    assert _simulated(tmp_path / "c.csv", seed=5).read_bytes() != first.read_bytes()


@pytest.mark.parametrize("model", ["1pl", "2pl", "3pl", "grm", "gpcm", "pcm", "nominal"])
def test_every_model_is_simulated_with_its_truth(tmp_path: Path, model: str) -> None:
    answers, truth = tmp_path / "answers.csv", tmp_path / "truth.json"
    _simulated(answers, seed=1, more=["--model", model, "--truth", str(truth), "--seen", ".5"])
    told = json.loads(truth.read_text("utf-8"))
    with answers.open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    assert header == [item["name"] for item in told["items"]]
    assert len(rows) == len(told["theta"]) == 400
    blank = sum(cell == "" for row in rows for cell in row) / (400 * 12)
    assert blank == pytest.approx(0.5, abs=0.05)
    steps = {"1pl": 1, "2pl": 1, "3pl": 1}.get(model, 3)
    assert {len(item["intercepts"]) for item in told["items"]} == {steps}


def test_two_fits_are_linked_and_a_drifted_anchor_is_named(tmp_path: Path) -> None:
    base, new = tmp_path / "base.json", tmp_path / "new.json"
    difficulty = np.linspace(-1.5, 1.5, 12)
    _fit(base, 1 + difficulty * 0, difficulty)
    drifted = difficulty + np.where(np.arange(12) == 4, 1.0, 0.0)
    _fit(new, 1.25 + difficulty * 0, (drifted + 0.3) / 1.25)
    out = tmp_path / "link.json"
    done = _run("link", str(new), str(base), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "dropped: Q5" in done.output
    told = json.loads(out.read_text("utf-8"))
    assert told["slope"] == pytest.approx(1.25, abs=1e-4)
    assert told["shift"] == pytest.approx(-0.3, abs=1e-4)
    assert [anchor["name"] for anchor in told["anchors"] if not anchor["kept"]] == ["Q5"]
    assert told["items"][0]["slope"] == pytest.approx(1.0, abs=1e-3)
    done = _run("link", str(new), str(base), "--keep-all", "--out", str(out))
    assert "dropped: none" in done.output


def test_fits_without_common_questions_are_refused(tmp_path: Path) -> None:
    base, new = tmp_path / "base.json", tmp_path / "new.json"
    _fit(base, np.ones(4), np.linspace(-1, 1, 4), prefix="A")
    _fit(new, np.ones(4), np.linspace(-1, 1, 4), prefix="B")
    done = _run("link", str(new), str(base), "--out", str(tmp_path / "link.json"))
    assert done.exit_code == 1
    assert "0 anchors: at least 3 are needed" in done.output
    assert not (tmp_path / "link.json").exists()


def test_pilots_join_a_scale_from_a_file(tmp_path: Path) -> None:
    answers = _simulated(tmp_path / "all.csv", seed=9, more=["--people", "1200"])
    known, base = tmp_path / "known.csv", tmp_path / "base.json"
    with answers.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    known.write_text("\n".join(",".join(row[:10]) for row in rows) + "\n", "utf-8")
    assert _run("calibrate", str(known), "--out", str(base)).exit_code == 0
    out = tmp_path / "whole.json"
    done = _run("pilots", str(answers), "--onto", str(base), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "2 pilots on the scale of 10 anchors, converged" in done.output
    before = json.loads(base.read_text("utf-8"))["items"]
    after = json.loads(out.read_text("utf-8"))
    assert [item["slope"] for item in after["items"][:10]] == pytest.approx(
        [item["slope"] for item in before]
    )
    assert after["items"][11]["se"][0] > 0
    assert after["people"]["mean"] == pytest.approx(0, abs=0.1)
    assert _run("score", str(answers), "--fit", str(out), "--out", str(known)).exit_code == 0


def _simulated(out: Path, *, seed: int, more: list[str] | None = None) -> Path:
    words = ["--people", "400", "--questions", "12", "--seed", str(seed), "--out", str(out)]
    done = _run("simulate", *words, *(more or []))
    assert done.exit_code == 0, done.output
    return out


def _fit(path: Path, slope: np.ndarray, difficulty: np.ndarray, *, prefix: str = "Q") -> None:
    """A fit as `calibrate` writes it."""
    items = [
        {
            "name": f"{prefix}{number + 1}",
            "lowest": 0,
            "slope": float(a),
            "intercepts": [float(-a * b)],
            "guessing": 0.0,
            "scores": [0.0, 1.0],
            "se": [0.1, 0.1],
        }
        for number, (a, b) in enumerate(zip(slope, difficulty, strict=True))
    ]
    told = {
        "model": "2pl",
        "log_likelihood": -1.0,
        "converged": True,
        "latent": {"mean": 0.0, "variance": 1.0},
        "items": items,
    }
    path.write_text(json.dumps(told), "utf-8")


def _run(*words: str) -> Result:
    return CliRunner().invoke(_COMMANDS[words[0]], list(words[1:]))
