"""Prior beliefs about item parameters, where the answers alone would not hold them."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from exams.psychometrics.models import Layout, Model

_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Priors:
    """Lognormal on slopes, normal on the logit of guessing; None for no prior.

    Each is (mean, deviation): of log a, and of logit c.
    """

    slope: tuple[float, float] | None = None
    guessing: tuple[float, float] | None = None

    @classmethod
    def default(cls, model: Model, options: int) -> Self:
        """For 3PL a ~ LN(.2, .5) and logit c ~ N(logit(1/options), .5); nothing elsewhere."""
        if model is not Model.THREE_PL:
            return cls()
        chance = 1 / options
        return cls(slope=(0.2, 0.5), guessing=(math.log(chance / (1 - chance)), 0.5))

    def log_density(self, layout: Layout, table: Tensor) -> Tensor:
        """The log-density of an (items, width) table, constants included."""
        total = table.new_zeros(())
        if self.slope is not None:
            mean, deviation = self.slope
            logs = table[:, 0].clamp(min=1e-8).log()
            total = total + (_normal(logs, mean, deviation) - logs).sum()
        if self.guessing is not None and layout.model is Model.THREE_PL:
            total = total + _normal(table[:, -1], *self.guessing).sum()
        return total

    def curvature(self, layout: Layout, table: Tensor) -> Tensor:
        """(items, width): about how sharply the density falls by each cell, never negative.

        Of the lognormal the part that its normal has at log a; the rest vanishes where answers are many.
        """
        found = torch.zeros_like(table)
        if self.slope is not None:
            found[:, 0] = 1 / (self.slope[1] * table[:, 0].clamp(min=0.05)) ** 2
        if self.guessing is not None and layout.model is Model.THREE_PL:
            found[:, -1] = 1 / self.guessing[1] ** 2
        return found


def _normal(value: Tensor, mean: float, deviation: float) -> Tensor:
    standard = (value - mean) / deviation
    return -0.5 * standard**2 - math.log(deviation) - _LOG_ROOT_TWO_PI * torch.ones_like(standard)
