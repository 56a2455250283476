"""Fitting an item response model by marginal maximum likelihood (Bock, Aitkin 1981).

A few EM cycles find the neighbourhood; then a quasi-Newton on the marginal log-likelihood itself, with
the complete-data information as preconditioner, goes the rest of the way.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from exams.psychometrics.information import observed_information
from exams.psychometrics.likelihood import Grid, Marginal, Parameters
from exams.psychometrics.models import Layout, Model
from exams.psychometrics.optimiser import Found, maximise
from exams.psychometrics.priors import Priors
from exams.psychometrics.responses import NOT_SEEN, Responses, UnusableResponses
from exams.psychometrics.starting import start_values
from exams.psychometrics.threads import one_thread

ENOUGH_FOR_SLOPES = 200
"""With fewer answers only the 1PL is fitted: slopes would be noise."""

STEEP = 10.0
"""No question is as steep as this: a slope beyond it is the likelihood running away."""


@dataclass(frozen=True)
class Calibration:
    """A fitted model in slope-intercept form. Arrays have one row an item, NaN where not applicable."""

    model: Model
    names: tuple[str, ...]
    lowest: np.ndarray  # (items,) the category written as 0
    layout: Layout
    table: Tensor  # (items, width)
    mean: np.ndarray  # (groups,) of ability
    variance: np.ndarray  # (groups,)
    log_likelihood: float
    log_prior: float
    converged: bool
    rounds: int
    persons: float
    marginal: Marginal
    vector: Tensor
    asked: Model | None = None  # the model that was asked for, where too few answers forbade it
    fewest: float = math.nan  # answers to the question that has the fewest

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before trusting the numbers, in sentences; empty where nothing is amiss."""
        return tuple(_notes(self))

    @property
    def slope(self) -> np.ndarray:
        """(items,)."""
        return np.asarray(self._reported[:, 0])

    @property
    def intercept(self) -> np.ndarray:
        """(items,) for two categories, else (items, most categories - 1)."""
        found = np.where(self.layout.used[:, 1:], self._reported[:, 1 : self.layout.most], np.nan)
        return np.asarray(found[:, 0] if self.layout.most == 2 else found)

    @property
    def guessing(self) -> np.ndarray:
        """(items,): zero but in the 3PL."""
        if self.model is not Model.THREE_PL:
            return np.zeros(len(self.names))
        return self.table[:, -1].sigmoid().numpy()

    @property
    def difficulty(self) -> np.ndarray:
        """Where on the ability scale, -d / a; for graded answers a column a boundary."""
        slope = self.slope if self.layout.most == 2 else self.slope[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(-self.intercept / slope)

    @property
    def scores(self) -> np.ndarray:
        """(items, most categories): what each category says of ability, free in the nominal model."""
        found = self.layout.scores(self.table)
        return np.where(self.layout.used, found, np.nan)

    @cached_property
    @one_thread()
    def standard_error(self) -> np.ndarray:
        """(items, width) of the table's cells, from the observed information.

        NaN where a cell is not free or the information is not positive definite.
        """
        information = observed_information(self.marginal, self.vector)
        factor, failed = torch.linalg.cholesky_ex(information)
        variance = torch.cholesky_inverse(factor).diagonal()
        errors = torch.full_like(self.vector, math.nan) if int(failed) else variance.sqrt()
        place = self.marginal.parameters.place
        cells = torch.where(place >= 0, errors[place.clamp(min=0)], math.nan)
        if self.model is Model.PCM:
            cells[:, 0] = math.nan
        return cells.numpy()

    @property
    def _reported(self) -> Tensor:
        """PCM is reported with slope 1 and a free variance."""
        if self.model is not Model.PCM:
            return self.table
        return torch.cat([torch.ones_like(self.table[:, :1]), self.table[:, 1:]], 1)


@one_thread()
def calibrate(
    responses: np.ndarray,
    model: Model | str = Model.TWO_PL,
    *,
    options: int = 4,
    quadrature: int = 61,
    weights: np.ndarray | None = None,
    priors: Priors | None = None,
    groups: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    enough: int = ENOUGH_FOR_SLOPES,
) -> Calibration:
    """Fit `model` to a (persons, questions) array; NaN or -1 where a question was not seen.

    `options` sets the 3PL's prior on guessing, `weights` how often each row counts, `groups` (persons,)
    names each person's group: the first, in order of value, has N(0, 1), the others their own normal.
    A question with fewer than `enough` answers gives only a model with one slope for all:
    the 1PL, or the PCM for graded answers; `asked` and `notes` then say so.
    Raises `UnusableResponses` naming the question that cannot be used.
    """
    asked = Model(model)
    packed, group, count = _pack(responses, groups, names, weights)
    _refuse(asked, packed)
    wanted = asked if asked.one_slope or _fewest(packed) >= enough else asked.simplest
    layout = Layout(wanted, packed.categories)
    parameters = Parameters.of(layout, count)
    believed = Priors.default(wanted, options) if priors is None else priors
    marginal = Marginal(packed, parameters, Grid.even(quadrature), believed, group=group)
    begin = parameters.vector(start_values(packed, layout, options))
    found = _calibration(wanted, packed, marginal, maximise(marginal, begin))
    return replace(found, asked=None if wanted is asked else asked, fewest=_fewest(packed))


def _calibration(
    model: Model,
    packed: Responses,
    marginal: Marginal,
    found: Found,
) -> Calibration:
    evaluation = found.evaluation
    table = marginal.parameters.table(evaluation.vector)
    mean, deviation = marginal.parameters.latent(evaluation.vector)
    variance = (2 * deviation).exp()
    if model is Model.PCM:
        mean, variance = mean * table[0, 0], variance * table[0, 0] ** 2
    return Calibration(
        model=model,
        names=packed.names,
        lowest=packed.lowest.numpy(),
        layout=marginal.parameters.layout,
        table=table,
        mean=mean.numpy(),
        variance=variance.numpy(),
        log_likelihood=evaluation.log_likelihood,
        log_prior=evaluation.log_prior,
        converged=found.converged,
        rounds=found.rounds,
        persons=float(packed.weight.sum()),
        marginal=marginal,
        vector=evaluation.vector,
    )


def _pack(
    responses: np.ndarray,
    groups: np.ndarray | None,
    names: Sequence[str] | None,
    weights: np.ndarray | None,
) -> tuple[Responses, Tensor, int]:
    if groups is None:
        packed = Responses.of(responses, names=names, weights=weights)
        return packed, torch.zeros(len(packed.answers), dtype=torch.long), 1
    values, code = np.unique(np.asarray(groups), return_inverse=True)
    if code.shape != (len(responses),):
        raise UnusableResponses("groups must name one group a person")
    return *Responses.of_groups(responses, code, names=names, weights=weights), len(values)


def _refuse(model: Model, packed: Responses) -> None:
    if model.binary and int(packed.categories.max()) > 2:
        worst = packed.names[int(packed.categories.argmax())]
        raise UnusableResponses(f"question {worst}: {model} takes right and wrong only")


def _fewest(packed: Responses) -> float:
    """How many answers the question has that has the fewest."""
    return min(float(packed.weight[column != NOT_SEEN].sum()) for column in packed.answers.T)


def _notes(fit: Calibration) -> Iterator[str]:
    if fit.asked is not None:
        yield (
            f"A question has only {fit.fewest:g} answers: too few for {fit.asked},"
            f" so {fit.model} was fitted."
        )
    if not fit.converged:
        yield "The search stopped before it converged: read the numbers as a direction only."
    if len(fit.names) < 3 and not fit.model.one_slope:
        yield "Fewer than three questions do not tell their slopes apart: many fit alike."
    slopes = fit.table[:, 0].tolist()
    steep = [name for name, a in zip(fit.names, slopes, strict=True) if abs(a) > STEEP]
    if steep:
        yield f"The answers do not bound the slope of {', '.join(steep)}."
