"""Where a calibration begins: values that the shares of answers and their correlations suggest."""

import math
from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor

from exams.psychometrics.models import Layout, Model
from exams.psychometrics.responses import NOT_SEEN, Responses

_DIVIDED: Final = frozenset({Model.GPCM, Model.PCM, Model.NOMINAL})
_LOGISTIC: Final = 1.7  # a logistic slope over the normal ogive's
_BLOCK: Final = 8192
_LOADINGS: Final = (0.15, 0.85)


def start_values(packed: Responses, layout: Layout, options: int) -> Tensor:
    """(items, width): a table to begin from."""
    if layout.model.binary:
        return _binary(packed, layout, options)
    most = layout.most
    table = torch.zeros(len(packed.names), layout.width, dtype=torch.float64)
    table[:, 0] = 1.0 / (most - 1) if layout.model in _DIVIDED else 1.0
    counts = [(packed.weight[:, None] * (packed.answers == k)).sum(0) for k in range(most)]
    shares = torch.stack(counts, 1) + 0.5
    shares /= shares.sum(1, keepdim=True)
    if layout.model in _DIVIDED:
        table[:, 1:most] = (shares[:, 1:] / shares[:, :1]).log()
    else:
        above = shares.flip(1).cumsum(1).flip(1)[:, 1:].clamp(1e-6, 1 - 1e-6)
        table[:, 1:most] = 1.2 * above.logit()
    if layout.model is Model.NOMINAL and most > 2:
        table[:, most:] = torch.arange(1, most - 1, dtype=torch.float64)
    return torch.where(layout.free, table, 0.0)


def _binary(packed: Responses, layout: Layout, options: int) -> Tensor:
    """A factor analysis in passing: biserial correlations with the rest score (Lord 1980).

    The correlation of an item with the score, freed of the item itself and of the score's own
    unreliability, is its loading on ability; a loading is a slope and a share an intercept.
    """
    chance = 1 / options if layout.model is Model.THREE_PL else 0.0
    share, covariance, reliable = _moments(packed)
    knowing = ((share - chance) / (1 - chance)).clamp(0.02, 0.98)
    quantile = torch.special.ndtri(knowing)
    density = (-0.5 * quantile**2).exp() / math.sqrt(2 * math.pi)
    loading = (covariance / (1 - chance) / density / math.sqrt(reliable)).clamp(*_LOADINGS)
    steepness = _LOGISTIC / (1 - loading**2).sqrt()
    table = torch.zeros(len(packed.names), layout.width, dtype=torch.float64)
    table[:, 0], table[:, 1] = loading * steepness, quantile * steepness
    if layout.model is Model.THREE_PL:
        table[:, -1] = math.log(1 / (options - 1))
    return table


def _moments(packed: Responses) -> tuple[Tensor, Tensor, float]:
    """Shares right (items,), covariances with the others' standardised score, and its true variance.

    A person's score is the mean, over what they saw, of how much more than the share they did.
    """
    items = len(packed.names)
    asked_times = torch.zeros(items, dtype=torch.float64)
    right_times, products, spread = (torch.zeros(items, dtype=torch.float64) for _ in range(3))
    for part in _blocks(len(packed.answers)):
        asked, right = _widened(packed.answers[part])
        weight = packed.weight[part].float()
        asked_times += (weight @ asked).double()
        right_times += (weight @ right).double()
    share = (right_times + 0.5) / (asked_times + 1)
    noise, total, persons = 0.0, 0.0, 0.0
    for part in _blocks(len(packed.answers)):
        asked, right = _widened(packed.answers[part])
        weight = packed.weight[part]
        away = right - asked * share.float()
        seen = asked.sum(1).clamp(min=1)
        score = away.sum(1) / seen
        lone = (
            asked @ (share * (1 - share)).float() / seen**2
        )  # the score's variance by chance alone
        weighted = (weight.float() * score)[:, None]
        products += (away * weighted).sum(0).double()
        spread += ((weight.float() / seen)[:, None] * asked).sum(0).double()
        noise += float(weight @ lone.double())
        total += float(weight @ (score**2).double())
        persons += float(weight.sum())
    true = max((total - noise) / persons, 0.02 * total / persons, 1e-6)
    itself = spread * share * (1 - share)
    return share, (products - itself) / asked_times, true


def _blocks(persons: int) -> Iterator[slice]:
    for start in range(0, persons, _BLOCK):
        yield slice(start, start + _BLOCK)


def _widened(answers: Tensor) -> tuple[Tensor, Tensor]:
    return (answers != NOT_SEEN).float(), (answers == 1).float()
