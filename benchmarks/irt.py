"""Calibration against other engines: `python -m benchmarks.irt [--rounds N] [--only NAME] [--no-others]`.

Each fit runs in a process of its own on answers from a fresh seed, ours and theirs in turn so that all
see the same machine. CPU seconds and memory are those of the fit's process; reading the file and
importing the engine count for memory only. girth and py-irt are installed into an environment of their
own, made for the run and removed after it.
"""

import argparse
import json
import resource
import secrets
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from exams.psychometrics import simulate
from exams.psychometrics.items import Items

_OURS: Final = "touchstone"
_OTHERS: Final = {"girth": ("girth",), "py-irt": (f"torch=={version('torch')}", "py-irt")}
"""What to install for each; the same torch as ours, or py-irt brings gigabytes of its own."""
_TOOLS: Final = Path(__file__).parent
_INSTALL_SECONDS: Final = 900


@dataclass(frozen=True)
class Case:
    """What is fitted, and what we aim at."""

    name: str
    model: str
    persons: int
    items: int
    seen: float
    aim_seconds: float
    errors: bool  # whether standard errors are asked for too, after the clock has stopped

    def made(self, seed: int) -> tuple[Items, np.ndarray]:
        """Items and the answers of people from N(0, 1): int8, -1 where not seen."""
        random = np.random.default_rng(seed)
        guessing = (8.0, 32.0) if self.model == "3pl" else None
        items = simulate.binary_items(random, self.items, guessing=guessing)
        theta = simulate.abilities(random, self.persons)
        answers = simulate.answers(random, items, theta).astype(np.int8)
        if self.seen < 1:
            answers[random.random(answers.shape, dtype=np.float32) >= self.seen] = -1
        return items, answers


CASES: Final = (
    Case("2PL 10,000 x 100", "2pl", 10_000, 100, 1.0, 0.5, errors=True),
    Case("3PL (MAP) 10,000 x 100", "3pl", 10_000, 100, 1.0, 0.6, errors=True),
    Case("2PL 100,000 x 200, 20 % seen", "2pl", 100_000, 200, 0.2, 8.0, errors=False),
)
AIM_MEGABYTES: Final = 600


def main(arguments: list[str]) -> None:
    """Measure and print one line a fit, then the medians against the aims."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        engines = {_OURS: [sys.executable, "-m", "benchmarks.irt_ours"]}
        if not options.no_others:
            engines |= _installed(Path(folder))
        for case in CASES:
            if options.only in case.name:
                _measure(case, engines, Path(folder), options)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.irt")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=None, help="of the first round; else by chance")
    parser.add_argument("--only", default="", help="part of a case's name")
    parser.add_argument("--no-others", action="store_true")
    parser.add_argument("--patience", type=int, default=600, help="seconds that one fit may take")
    return parser.parse_args(arguments)


def _installed(folder: Path) -> dict[str, list[str]]:
    """The other engines' commands; an engine that cannot be installed is named and left out."""
    found = {}
    for name, packages in _OTHERS.items():
        place = folder / name
        venv.create(place, with_pip=True)
        python = str(place / "bin" / "python")
        install = [python, "-m", "pip", "install", "--quiet", *packages]
        try:
            subprocess.run(install, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
            print(f"{name}: could not be installed and is left out ({type(failure).__name__})")
            continue
        found[name] = [python, str(_TOOLS / "irt_others.py"), name]
    return found


def _measure(
    case: Case, engines: dict[str, list[str]], folder: Path, options: argparse.Namespace
) -> None:
    print(f"\n{case.name}")
    print(f"  {'engine':12}{'CPU s':>9}{'MB':>7}   RMSE of a, b, c")
    rounds: list[dict[str, Any]] = []
    first = secrets.randbits(32) if options.seed is None else options.seed
    for number in range(options.rounds):
        items, answers = case.made(first + number)
        source = folder / "answers.npy"
        np.save(source, answers)
        del answers
        for name, command in engines.items():
            told = _fit(
                [*command, str(source), case.model, str(int(case.errors))], options.patience
            )
            if name == _OURS:
                rounds.append(told | _against(items, told))
            print(_row(name, told, items))
    _judge(case, rounds)


def _fit(command: list[str], patience: int) -> dict[str, Any]:
    """What the engine's process told, or why it told nothing."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
            cwd=_TOOLS.parent,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {patience} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no word"])[-1][:90]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _row(name: str, told: dict[str, Any], items: Items) -> str:
    if "failed" in told:
        return f"  {name:12}{'-':>9}{'-':>7}   {told['failed']}"
    rmse = _rmse(items, told)
    worst = ", ".join("-" if value is None else f"{value:.4f}" for value in rmse.values())
    return f"  {name:12}{told['cpu']:9.2f}{told['megabytes']:7.0f}   {worst}"


def _rmse(items: Items, told: dict[str, Any]) -> dict[str, float | None]:
    truth = {"a": items.slope, "b": items.difficulty[:, 0], "c": items.guessing}
    return {
        name: None
        if told.get(name) is None
        else float(np.sqrt(np.mean((np.array(told[name]) - true) ** 2)))
        for name, true in truth.items()
    }


def _against(items: Items, told: dict[str, Any]) -> dict[str, Any]:
    """How far the errors are what the standard errors promise: RMSE over them, and coverage."""
    if told.get("se") is None:
        return {}
    se = np.array(told["se"])  # of slope, intercept and logit of guessing
    truth = [items.slope, items.intercepts[:, 0]]
    errors = np.stack([np.array(told["a"]) - truth[0], np.array(told["d"]) - truth[1]], 1)
    promised = np.sqrt((se[:, :2] ** 2).mean(0))
    return {
        "efficiency": (np.sqrt((errors**2).mean(0)) / promised).tolist(),
        "coverage": (np.abs(errors) < 1.959964 * se[:, :2]).mean(0).tolist(),
    }


def _judge(case: Case, rounds: list[dict[str, Any]]) -> None:
    done = [told for told in rounds if "failed" not in told]
    if not done:
        return
    cpu, memory = (np.median([told[key] for told in done]) for key in ("cpu", "megabytes"))
    print(
        f"  ours, median of {len(done)}: {cpu:.2f} CPU s (aim {case.aim_seconds}),"
        f" {memory:.0f} MB (aim {AIM_MEGABYTES})"
    )
    if "coverage" in done[0]:
        covered = np.mean([told["coverage"] for told in done], 0)
        ratio = np.mean([told["efficiency"] for told in done], 0)
        print(
            f"  95 % intervals hold a {covered[0]:.1%}, d {covered[1]:.1%};"
            f" RMSE over what the standard errors promise: a {ratio[0]:.3f}, d {ratio[1]:.3f}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\nThe benchmark itself took {own} MB, with the answers it makes.")
