"""`touchstone exams link` and `pilots`: bringing fits onto one scale, without settings or a database."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np

    from exams.psychometrics.calibration import Calibration
    from exams.psychometrics.linking import PurifiedLink

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_METHODS = ("mean-mean", "mean-sigma", "haebara", "stocking-lord")


@click.command()
@click.argument("new", type=_FILE)
@click.argument("base", type=_FILE)
@click.option("--method", type=click.Choice(_METHODS), default="stocking-lord", show_default=True)
@click.option("--keep-all", is_flag=True, help="Also use anchors that drifted.")
@click.option("--out", required=True, type=_OUT)
def link(new: Path, base: Path, method: str, keep_all: bool, out: Path) -> None:
    """Put the fit NEW on the scale of the fit BASE through the questions that both name.

    Both are what `calibrate` wrote. OUT holds the constants (theta_base = slope · theta_new + shift),
    how each anchor stood, and the new questions on the base scale.
    """
    from exams.psychometrics import linking, tables
    from exams.psychometrics.items import Items
    from exams.psychometrics.responses import UnusableResponses

    try:
        ours, theirs = tables.read_fit(new), tables.read_fit(base)
        names = [name for name in ours.names if name in theirs.names]
        here = Items.of(ours).take(_places(ours, names))
        there = Items.of(theirs).take(_places(theirs, names))
        if keep_all:
            found = linking.without_purification(here, there, method)
        else:
            found = linking.link_without_drift(here, there, method)
    except (UnusableResponses, linking.Unlinkable) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    out.write_text(json.dumps(_told(ours, names, method, found), indent=1), "utf-8")
    dropped = [name for name, kept in zip(names, found.kept, strict=True) if not kept]
    click.echo(
        f"{out}: slope {found.link.slope:.4f}, shift {found.link.shift:.4f},"
        f" {len(names)} anchors, dropped: {', '.join(dropped) or 'none'}"
    )


@click.command()
@click.argument("responses", type=_FILE)
@click.option("--onto", required=True, type=_FILE, help="What `calibrate` wrote: the known scale.")
@click.option("--options", default=4, show_default=True, type=click.IntRange(2))
@click.option("--out", required=True, type=_OUT)
def pilots(responses: Path, onto: Path, options: int, out: Path) -> None:
    """Fit the questions of RESPONSES that the fit ONTO does not know, on its scale."""
    from exams.psychometrics import anchoring, tables
    from exams.psychometrics.responses import UnusableResponses

    try:
        table = tables.read_responses(responses)
        found = anchoring.calibrate_onto(
            tables.read_fit(onto),
            table.answers,
            table.names,
            weights=table.weights,
            options=options,
        )
    except UnusableResponses as refusal:
        raise click.ClickException(str(refusal)) from refusal
    told = tables.written(found.calibration)
    told["people"] = {"mean": found.mean, "variance": found.variance}
    out.write_text(json.dumps(told, indent=1), "utf-8")
    state = "converged" if found.calibration.converged else "NOT converged"
    click.echo(
        f"{out}: {int((~found.fixed).sum())} pilots on the scale of {int(found.fixed.sum())} anchors,"
        f" {state}; the people's mean is {found.mean:.3f}"
    )


def _places(fit: "Calibration", names: list[str]) -> "np.ndarray":
    import numpy as np

    return np.array([fit.names.index(name) for name in names], dtype=np.int64)


def _told(
    fit: "Calibration", names: list[str], method: str, found: "PurifiedLink"
) -> dict[str, Any]:
    from exams.psychometrics.items import Items

    moved = found.link.items(Items.of(fit))
    return {
        "method": method,
        "slope": found.link.slope,
        "shift": found.link.shift,
        "anchors": [
            {"name": name, "kept": bool(kept), "drift": float(drift), "robust_z": z.tolist()}
            for name, kept, drift, z in zip(
                names, found.kept, found.drift, found.robust_z, strict=True
            )
        ],
        "items": [
            {
                "name": name,
                "slope": float(moved.slope[row]),
                "intercepts": moved.intercepts[row, : int(moved.categories[row]) - 1].tolist(),
                "guessing": float(moved.guessing[row]),
                "scores": moved.scores[row, : int(moved.categories[row])].tolist(),
            }
            for row, name in enumerate(fit.names)
        ],
    }
