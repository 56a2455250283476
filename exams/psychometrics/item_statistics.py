"""Classical item statistics: how hard a question was, how well it separates, who chose which option."""

from dataclasses import dataclass
from typing import Final

import numpy as np

_THIRDS: Final = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class ItemStatistics:
    """One row an item; NaN where it is not defined: no answer, or no variance to correlate."""

    answers: np.ndarray  # (items,) how many
    mean: np.ndarray  # (items,) points
    share: np.ndarray  # (items,) mean over the most points seen or said: p for right and wrong
    share_se: np.ndarray  # (items,)
    discrimination: np.ndarray  # (items,) corrected point-biserial
    discrimination_se: np.ndarray  # (items,)


@dataclass(frozen=True)
class Option:
    """One option of a choice question."""

    value: float
    chosen: int
    share: float
    is_key: bool
    mean_rest: float  # mean rest score of those who chose it; NaN where nobody did
    correlation: float  # of choosing it with the rest score; NaN where it does not vary
    by_third: tuple[float, float, float]  # share choosing it among the weakest, middle, strongest


def item_statistics(answers: np.ndarray, *, most: np.ndarray | None = None) -> ItemStatistics:
    """Statistics of (persons, items) scores, NaN where not seen; `most` (items,) the points to be had.

    The discrimination is the correlation with the mean of the *other* questions that the same person
    saw; where everybody saw everything that is the corrected item-total correlation.
    """
    table = np.asarray(answers, dtype=np.float64)
    seen = ~np.isnan(table)
    count = seen.sum(0)
    filled = np.where(seen, table, 0.0)
    best = np.where(seen, table, -np.inf).max(0, initial=0.0) if most is None else most
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled.sum(0) / count
        variance = np.where(seen, (table - mean) ** 2, 0.0).sum(0) / count
        share, share_se = mean / best, np.sqrt(variance / count) / best
    rest = rest_scores(table)
    links = np.array([correlation(table[:, item], rest[:, item]) for item in range(len(count))])
    with np.errstate(divide="ignore", invalid="ignore"):
        link_se = np.where(count > 3, (1 - links**2) / np.sqrt(count - 3.0), np.nan)
    return ItemStatistics(count, mean, share, share_se, links, link_se)


def rest_scores(answers: np.ndarray) -> np.ndarray:
    """(persons, items): each person's mean over the other questions they saw; NaN where there is none."""
    seen = ~np.isnan(answers)
    filled = np.where(seen, answers, 0.0)
    others = seen.sum(1, keepdims=True) - seen
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(others > 0, (filled.sum(1, keepdims=True) - filled) / others, np.nan)


def option_table(choices: np.ndarray, key: float, rest: np.ndarray) -> list[Option]:
    """Who chose what: `choices` (persons,) option values, NaN where not seen; `rest` (persons,) scores.

    In order of value, the key even if nobody chose it. A wrong option with a higher `mean_rest` than
    the key's draws the people who should know better.
    """
    usable = ~np.isnan(choices) & ~np.isnan(rest)
    chosen, score = choices[usable], rest[usable]
    third = _thirds(score)
    values = np.union1d(np.unique(chosen), [key])
    return [_option(value, key, chosen, score, third) for value in values.tolist()]


def correlation(left: np.ndarray, right: np.ndarray) -> float:
    """Pearson's over the pairs where neither is NaN; NaN where either does not vary."""
    both = ~np.isnan(left) & ~np.isnan(right)
    x, y = left[both], right[both]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def _option(
    value: float, key: float, chosen: np.ndarray, score: np.ndarray, third: np.ndarray
) -> Option:
    took = chosen == value
    shares = [
        float(took[third == part].mean()) if (third == part).any() else 0.0 for part in range(3)
    ]
    return Option(
        value=value,
        chosen=int(took.sum()),
        share=float(took.mean()) if len(took) else 0.0,
        is_key=value == key,
        mean_rest=float(score[took].mean()) if took.any() else float("nan"),
        correlation=correlation(took.astype(np.float64), score),
        by_third=(shares[0], shares[1], shares[2]),
    )


def _thirds(score: np.ndarray) -> np.ndarray:
    """0, 1, 2 for the weakest, middle and strongest third; people of equal score stay together."""
    if not len(score):
        return np.zeros(0, dtype=np.int64)
    return np.searchsorted(np.quantile(score, _THIRDS), score, side="left")
