"""`touchstone exams calibrate` and `score`: pure numbers, without settings or a database."""

import csv
import json
from pathlib import Path

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_MODELS = ("1pl", "2pl", "3pl", "grm", "gpcm", "pcm", "nominal")
_METHODS = ("eap", "map", "wle", "sum")


@click.command()
@click.argument("responses", type=_FILE)
@click.option("--model", type=click.Choice(_MODELS), default="2pl", show_default=True)
@click.option(
    "--options", default=4, show_default=True, type=click.IntRange(2), help="3PL's prior."
)
@click.option("--out", required=True, type=_OUT)
def calibrate(responses: Path, model: str, options: int, out: Path) -> None:
    """Fit an item response model to RESPONSES (CSV: a column a question, a row a person)."""
    from exams.psychometrics import calibration, tables
    from exams.psychometrics.responses import UnusableResponses

    try:
        table = tables.read_responses(responses)
        fit = calibration.calibrate(
            table.answers, model, options=options, weights=table.weights, names=table.names
        )
    except UnusableResponses as refusal:
        raise click.ClickException(str(refusal)) from refusal
    out.write_text(json.dumps(tables.written(fit), indent=1), "utf-8")
    for note in fit.notes:
        click.echo(note, err=True)
    state = "converged" if fit.converged else "NOT converged"
    click.echo(
        f"{out}: {fit.model}, {len(fit.names)} questions, log-likelihood {fit.log_likelihood:.4f}, {state}"
    )


@click.command()
@click.argument("responses", type=_FILE)
@click.option("--fit", required=True, type=_FILE, help="What `calibrate` wrote.")
@click.option("--method", type=click.Choice(_METHODS), default="eap", show_default=True)
@click.option("--out", required=True, type=_OUT)
def score(responses: Path, fit: Path, method: str, out: Path) -> None:
    """Estimate each person's ability and its standard error (CSV: theta, se)."""
    from exams.psychometrics import scoring, tables
    from exams.psychometrics.responses import UnusableResponses

    try:
        table = tables.read_responses(responses)
        found = scoring.score(tables.read_fit(fit), table.answers, method)
    except UnusableResponses as refusal:
        raise click.ClickException(str(refusal)) from refusal
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["theta", "se"])
        writer.writerows(zip(found.theta.tolist(), found.se.tolist(), strict=True))
    click.echo(f"{out}: {len(found.theta)} people")
