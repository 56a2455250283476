"""Residuals of answers against the model: infit and outfit of items and persons, and Snijders's lz*."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exams.psychometrics.items import Items

if TYPE_CHECKING:
    from exams.psychometrics.calibration import Calibration


@dataclass(frozen=True)
class MeanSquares:
    """Near 1 where the model holds, more for noise, less for answers that follow it too well.

    `z_…` is about standard normal under the model (Wilson-Hilferty). NaN where nothing was answered.
    """

    infit: np.ndarray
    outfit: np.ndarray
    z_infit: np.ndarray
    z_outfit: np.ndarray


def item_mean_squares(items: Items, theta: np.ndarray, answers: np.ndarray) -> MeanSquares:
    """(items,) each, of `answers` (persons, items) from zero, NaN where not seen; `theta` (persons,)."""
    return _mean_squares(items, theta, answers, axis=0)


def person_mean_squares(items: Items, theta: np.ndarray, answers: np.ndarray) -> MeanSquares:
    """(persons,) each."""
    return _mean_squares(items, theta, answers, axis=1)


def lz(items: Items, theta: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """(persons,): the standardised log-likelihood of Drasgow, Levine and Williams (1985).

    Too narrow with an estimated ability; `lz_star` mends that.
    """
    logs, chance, _, seen = _at_persons(items, theta, answers)
    gap = _log_likelihood_gap(logs, chance, answers, seen)
    return _ratio(gap, _variance(logs, chance, seen))


def lz_star(items: Items, theta: np.ndarray, answers: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """(persons,): lz corrected for the ability being estimated (Snijders 2001; Sinharay 2016).

    About standard normal under the model, well below zero for answers that the model finds odd.
    `pull` (persons,) is what the estimating equation adds to the score function: zero for maximum
    likelihood, -theta for the mode of a posterior with a N(0, 1) prior, J / 2I for Warm's.
    """
    logs, chance, slope, seen = _at_persons(items, theta, answers)
    informative = np.where(seen, slope**2 / np.maximum(chance, 1e-300), 0.0).sum((1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(seen, slope * logs, 0.0).sum((1, 2)) / informative
    residual = logs - share[:, None, None] * slope / np.maximum(chance, 1e-300)
    gap = _log_likelihood_gap(logs, chance, answers, seen) + share * pull
    return _ratio(gap, _variance(residual, chance, seen))


def odd_answers(calibration: "Calibration", theta: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """(persons,): lz* of MAP abilities under a fit; `answers` as given to `calibrate`."""
    table = np.asarray(answers, dtype=np.float64)
    coded = np.where(np.isnan(table) | (table == -1), np.nan, table - calibration.lowest)
    pull = (calibration.mean[0] - theta) / calibration.variance[0]
    return lz_star(Items.of(calibration), theta, coded, pull)


def _mean_squares(
    items: Items, theta: np.ndarray, answers: np.ndarray, *, axis: int
) -> MeanSquares:
    seen = ~np.isnan(answers)
    chance = items.probabilities(theta).transpose(2, 0, 1)  # (persons, items, categories)
    category = np.arange(chance.shape[2])
    mean = chance @ category
    away = category - mean[:, :, None]
    variance, fourth = (chance * away**2).sum(2), (chance * away**4).sum(2)
    square = np.where(seen, np.nan_to_num(answers) - mean, 0.0) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        count = seen.sum(axis).astype(np.float64)
        weight = np.where(seen, variance, 0.0).sum(axis)
        outfit = np.where(seen, square / variance, 0.0).sum(axis) / count
        infit = square.sum(axis) / weight
        kurtosis = np.where(seen, fourth / variance**2, 0.0).sum(axis) / count**2
        spread = np.where(seen, fourth - variance**2, 0.0).sum(axis) / weight**2
        z_outfit = _wilson_hilferty(outfit, kurtosis - 1 / count)
        z_infit = _wilson_hilferty(infit, spread)
    return MeanSquares(infit, outfit, z_infit, z_outfit)


def _wilson_hilferty(square: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """A mean square of this variance as a standard normal deviate (Wright, Masters 1982)."""
    deviation = np.sqrt(np.maximum(variance, 0.0))
    return np.asarray((np.cbrt(square) - 1) * 3 / deviation + deviation / 3)


def _at_persons(
    items: Items, theta: np.ndarray, answers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(persons, items, categories) each: log P, P, P' and what was really asked."""
    chance = items.probabilities(theta).transpose(2, 0, 1)
    slope = items.slopes(theta).transpose(2, 0, 1)
    seen = ~np.isnan(answers)[:, :, None] & items.used
    return np.log(np.maximum(chance, 1e-300)), chance, slope, seen


def _log_likelihood_gap(
    logs: np.ndarray, chance: np.ndarray, answers: np.ndarray, seen: np.ndarray
) -> np.ndarray:
    """(persons,): the log-likelihood of the answers less its expectation."""
    given = np.nan_to_num(answers)[:, :, None] == np.arange(logs.shape[2])
    return np.asarray(np.where(seen, (given - chance) * logs, 0.0).sum((1, 2)))


def _variance(value: np.ndarray, chance: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(persons,): the sum over items of the variance of a value that each category has."""
    mean = np.where(seen, chance * value, 0.0).sum(2)
    return np.asarray((np.where(seen, chance * value**2, 0.0).sum(2) - mean**2).sum(1))


def _ratio(gap: np.ndarray, variance: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.where(variance > 0, gap / np.sqrt(np.maximum(variance, 1e-300)), np.nan)
        )
