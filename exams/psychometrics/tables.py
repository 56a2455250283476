"""Responses and fits as files: CSV in, JSON out and in again."""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from exams.psychometrics.calibration import Calibration
from exams.psychometrics.likelihood import Grid, Marginal, Parameters
from exams.psychometrics.models import Layout, Model
from exams.psychometrics.priors import Priors
from exams.psychometrics.responses import Responses, UnusableResponses

_WEIGHT = "weight"


@dataclass(frozen=True)
class Table:
    """A file of answers: one row a person, blank where a question was not seen."""

    names: list[str]
    answers: np.ndarray  # (persons, items), NaN where not seen
    weights: np.ndarray | None  # (persons,)


def read_responses(path: Path) -> Table:
    """Read a CSV with question names in its header and, if it likes, a column `weight`.

    Raises `UnusableResponses` naming row and column of what is not a number.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    if len(rows) < 2:
        raise UnusableResponses(f"{path}: a header and at least one row are needed")
    header = [name.strip() for name in rows[0]]
    if len(set(header)) < len(header) or "" in header:
        raise UnusableResponses(f"{path}: every column needs a name of its own")
    cells = np.array([_row(path, header, number, row) for number, row in enumerate(rows[1:], 2)])
    if _WEIGHT not in header:
        return Table(header, cells, None)
    place = header.index(_WEIGHT)
    names = [name for name in header if name != _WEIGHT]
    return Table(names, np.delete(cells, place, 1), cells[:, place])


def written(calibration: Calibration) -> dict[str, Any]:
    """The fit as JSON: slope-intercept form, the log-likelihood without priors."""
    errors = calibration.standard_error
    notes = list(calibration.notes)
    if np.isnan(errors).all():
        notes.append("The information is not positive definite: there are no standard errors.")
    return {
        "model": calibration.model.value,
        "notes": notes,
        "log_likelihood": calibration.log_likelihood,
        "converged": calibration.converged,
        "latent": {
            "mean": float(calibration.mean[0]),
            "variance": float(calibration.variance[0]),
        },
        "items": [_item(calibration, errors[number], number) for number in range(len(errors))],
    }


def read_fit(path: Path) -> Calibration:
    """Read what `written` wrote. Raises `UnusableResponses` where the file is something else."""
    try:
        return _calibration(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnusableResponses(f"{path} is not a fit: {error!r}") from error


def _row(path: Path, header: list[str], number: int, row: list[str]) -> list[float]:
    if len(row) != len(header):
        raise UnusableResponses(f"{path}, row {number}: {len(row)} cells, not {len(header)}")
    return [_number(path, number, name, cell) for name, cell in zip(header, row, strict=True)]


def _number(path: Path, number: int, name: str, cell: str) -> float:
    if cell.strip() in {"", "NA"}:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise UnusableResponses(
            f"{path}, row {number}, column {name}: “{cell}” is not a number"
        ) from None


def _item(calibration: Calibration, errors: np.ndarray, number: int) -> dict[str, Any]:
    categories = int(calibration.layout.categories[number])
    intercepts = np.atleast_2d(calibration.intercept.reshape(len(calibration.names), -1))
    return {
        "name": calibration.names[number],
        "lowest": int(calibration.lowest[number]),
        "slope": float(calibration.slope[number]),
        "intercepts": intercepts[number, : categories - 1].tolist(),
        "guessing": float(calibration.guessing[number]),
        "scores": calibration.scores[number, :categories].tolist(),
        "se": [None if math.isnan(error) else float(error) for error in errors],
    }


def _calibration(told: dict[str, Any]) -> Calibration:
    model, items = Model(told["model"]), told["items"]
    categories = torch.tensor([len(item["intercepts"]) + 1 for item in items])
    layout = Layout(model, categories)
    deviation = math.sqrt(told["latent"]["variance"]) if model is Model.PCM else 1.0
    table = torch.zeros(len(items), layout.width, dtype=torch.float64)
    for row, item in zip(table, items, strict=True):
        row[0] = item["slope"] * deviation
        row[1 : len(item["intercepts"]) + 1] = torch.tensor(item["intercepts"])
        if model is Model.THREE_PL:
            row[-1] = torch.tensor(item["guessing"], dtype=torch.float64).logit()
        if model is Model.NOMINAL and len(item["scores"]) > 2:
            row[layout.most : layout.most + len(item["scores"]) - 2] = torch.tensor(
                item["scores"][1:-1]
            )
    parameters = Parameters.of(layout, 1)
    names = tuple(item["name"] for item in items)
    lowest = np.array([item["lowest"] for item in items])
    return Calibration(
        model=model,
        names=names,
        lowest=lowest,
        layout=layout,
        table=table,
        mean=np.array([told["latent"]["mean"]]),
        variance=np.array([told["latent"]["variance"]]),
        log_likelihood=told["log_likelihood"],
        log_prior=0.0,
        converged=told["converged"],
        rounds=0,
        persons=math.nan,
        marginal=_empty(names, categories, lowest, parameters),
        vector=parameters.vector(table),
    )


def _empty(
    names: tuple[str, ...], categories: torch.Tensor, lowest: np.ndarray, parameters: Parameters
) -> Marginal:
    """A likelihood of no answers: a fit that was read scores people, and knows nobody it came from."""
    nobody = Responses(
        names,
        torch.zeros(0, len(names), dtype=torch.uint8),
        torch.zeros(0, dtype=torch.float64),
        torch.zeros(0, dtype=torch.long),
        torch.from_numpy(lowest),
        categories,
    )
    return Marginal(
        nobody, parameters, Grid.even(61), Priors(), group=torch.zeros(0, dtype=torch.long)
    )
