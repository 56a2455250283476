"""`touchstone exams simulate`: answers of people who never were, without settings or a database."""

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import numpy as np

    from exams.psychometrics.items import Items

_OUT = click.Path(dir_okay=False, path_type=Path)
_MODELS = ("1pl", "2pl", "3pl", "grm", "gpcm", "pcm", "nominal")


@click.command()
@click.option("--model", type=click.Choice(_MODELS), default="2pl", show_default=True)
@click.option("--people", default=1000, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--questions", default=30, show_default=True, type=click.IntRange(1, 5000))
@click.option("--categories", default=4, show_default=True, type=click.IntRange(2, 64))
@click.option("--seen", default=1.0, show_default=True, type=click.FloatRange(0, 1, min_open=True))
@click.option("--mean", default=0.0, show_default=True, help="Of ability.")
@click.option("--deviation", default=1.0, show_default=True, type=click.FloatRange(0))
@click.option("--seed", required=True, type=click.IntRange(0), help="The same seed, the same file.")
@click.option("--out", required=True, type=_OUT, help="Answers, as `calibrate` reads them.")
@click.option("--truth", type=_OUT, help="JSON: the parameters and abilities behind them.")
def simulate(
    *,
    model: str,
    people: int,
    questions: int,
    categories: int,
    seen: float,
    mean: float,
    deviation: float,
    seed: int,
    out: Path,
    truth: Path | None,
) -> None:
    """Draw questions, people and their answers from a model."""
    import numpy as np

    from exams.psychometrics import simulate as drawing

    random = np.random.default_rng(seed)
    items = _items(random, model, questions, categories)
    theta = drawing.abilities(random, people, mean=mean, deviation=deviation)
    shown = None if seen == 1 else random.random((people, questions)) < seen
    answers = drawing.answers(random, items, theta, seen=shown)
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"Q{number + 1}" for number in range(questions)])
        writer.writerows(["" if np.isnan(cell) else int(cell) for cell in row] for row in answers)
    if truth is not None:
        truth.write_text(json.dumps(_told(model, items, theta), indent=1), "utf-8")
    click.echo(f"{out}: {people} people, {questions} questions, {model}, seed {seed}")


def _items(random: "np.random.Generator", model: str, count: int, categories: int) -> "Items":
    from exams.psychometrics import simulate as drawing

    if model == "grm":
        return drawing.graded_items(random, count, categories)
    if model == "nominal":
        return drawing.nominal_items(random, count, categories)
    if model in {"gpcm", "pcm"}:
        slope = (0.0, 0.0) if model == "pcm" else (-0.2, 0.3)
        return drawing.partial_credit_items(random, count, categories, slope=slope)
    slope = (0.0, 0.0) if model == "1pl" else (0.15, 0.3)
    guessing = (8.0, 32.0) if model == "3pl" else None
    return drawing.binary_items(random, count, slope=slope, guessing=guessing)


def _told(model: str, items: "Items", theta: "np.ndarray") -> dict[str, object]:
    return {
        "model": model,
        "items": [
            {
                "name": f"Q{row + 1}",
                "slope": float(items.slope[row]),
                "intercepts": items.intercepts[row].tolist(),
                "guessing": float(items.guessing[row]),
                "scores": items.scores[row].tolist(),
            }
            for row in range(len(items))
        ],
        "theta": theta.tolist(),
    }
