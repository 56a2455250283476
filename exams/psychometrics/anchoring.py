"""Calibrating new questions straight onto an old scale: the known ones stay fixed (Kim 2006).

Fixed-parameter calibration with the ability distribution of the new people updated in every round (his
"multiple weights updating, multiple EM cycles"): anchors keep their parameters, pilot questions and the
mean and variance of those who sat are estimated together by marginal maximum likelihood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from exams.psychometrics.calibration import ENOUGH_FOR_SLOPES, Calibration
from exams.psychometrics.likelihood import Grid, Marginal, Parameters
from exams.psychometrics.models import Layout, Model
from exams.psychometrics.optimiser import maximise
from exams.psychometrics.priors import Priors
from exams.psychometrics.responses import NOT_SEEN, Responses, UnusableResponses
from exams.psychometrics.starting import start_values

_NEW_PEOPLE: Final = 1  # group 0 is the old scale's N(0, 1), to which nobody new belongs


@dataclass(frozen=True)
class Anchored:
    """All questions of the new table on the old scale, and who sat."""

    calibration: Calibration
    fixed: np.ndarray  # (items,) bool: the anchors, whose standard errors are NaN
    mean: float  # of the new people's ability, on the old scale
    variance: float


@dataclass(frozen=True)
class _HalfFixed(Parameters):
    """Parameters of which some cells of the table are known."""

    known: Tensor  # (items, width), zero where free

    def table(self, vector: Tensor) -> Tensor:
        return super().table(vector) + self.known


def calibrate_onto(
    base: Calibration,
    responses: np.ndarray,  # (persons, items); NaN or -1 where not seen
    names: Sequence[str],
    *,
    weights: np.ndarray | None = None,  # (persons,)
    options: int = 4,
    quadrature: int = 61,
) -> Anchored:
    """Fit the questions that `base` does not know onto its scale, through those it knows by name.

    Pilots take the base's model; under a 1PL or PCM also its slope. Raises `UnusableResponses` where no
    question is known or none is new, a known one has other categories, or a pilot has too few answers
    for its model.
    """
    packed = Responses.of(responses, names=names, weights=weights)
    layout = Layout(base.model, packed.categories)
    fixed = np.array([name in base.names for name in names])
    _refuse(base, packed, fixed)
    parameters = _parameters(base, layout, packed.names)
    priors = Priors.default(base.model, options)
    group = torch.full((len(packed.answers),), _NEW_PEOPLE)
    marginal = Marginal(packed, parameters, Grid.even(quadrature), priors, group=group)
    found = maximise(marginal, parameters.vector(start_values(packed, layout, options)))
    mean, deviation = parameters.latent(found.evaluation.vector)
    calibration = replace(
        base,
        names=packed.names,
        lowest=packed.lowest.numpy(),
        layout=layout,
        table=parameters.table(found.evaluation.vector),
        log_likelihood=found.evaluation.log_likelihood,
        log_prior=found.evaluation.log_prior,
        converged=found.converged,
        rounds=found.rounds,
        persons=float(packed.weight.sum()),
        marginal=marginal,
        vector=found.evaluation.vector,
    )
    scale = float(np.sqrt(base.variance[0])) if base.model is Model.PCM else 1.0
    return Anchored(
        calibration,
        fixed,
        float(mean[_NEW_PEOPLE]) * scale,
        float((2 * deviation[_NEW_PEOPLE]).exp()) * scale**2,
    )


def _refuse(base: Calibration, packed: Responses, fixed: np.ndarray) -> None:
    if not fixed.any():
        raise UnusableResponses("no question is known to the calibration: nothing ties the scales")
    if fixed.all():
        raise UnusableResponses("every question is known to the calibration: nothing to fit")
    answers = (packed.weight[:, None] * (packed.answers != NOT_SEEN)).sum(0)
    for number, name in enumerate(packed.names):
        if fixed[number]:
            place = base.names.index(name)
            same = packed.categories[number] == base.layout.categories[place]
            if not same or int(packed.lowest[number]) != int(base.lowest[place]):
                raise UnusableResponses(
                    f"question {name}: other categories than when it was fitted"
                )
        elif not base.model.one_slope and float(answers[number]) < ENOUGH_FOR_SLOPES:
            raise UnusableResponses(
                f"question {name}: {float(answers[number]):g} answers are too few for {base.model},"
                f" which needs {ENOUGH_FOR_SLOPES}"
            )


def _parameters(base: Calibration, layout: Layout, names: tuple[str, ...]) -> _HalfFixed:
    free = layout.free.clone()
    known = torch.zeros(free.shape, dtype=torch.float64)
    if base.model.one_slope:
        free[:, 0] = False
        known[:, 0] = base.table[0, 0]
    for row, name in enumerate(names):
        if name in base.names:
            free[row] = False
            known[row] = _widened(base, base.names.index(name), layout)
    place = torch.full(free.shape, -1)
    place[free] = torch.arange(int(free.sum()))
    return _HalfFixed(layout, place, _NEW_PEOPLE + 1, known)


def _widened(base: Calibration, row: int, layout: Layout) -> Tensor:
    """An item's cells in a table whose widest item may have more or fewer categories than the base's."""
    cells, steps = torch.zeros(layout.width, dtype=torch.float64), int(base.layout.categories[row])
    cells[:steps] = base.table[row, :steps]
    rest = base.table[row, base.layout.most :][: layout.width - layout.most]
    cells[layout.most : layout.most + len(rest)] = rest
    return cells
