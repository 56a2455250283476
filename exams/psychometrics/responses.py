"""Answers as the estimators read them: who chose which category, nothing where nothing was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

NOT_SEEN = 255
_MOST_CATEGORIES = 64


class UnusableResponses(ValueError):
    """The answers cannot be used; the message names the question and why."""


@dataclass(frozen=True)
class Responses:
    """Each distinct row of answers once, with how often it came: the same likelihood, less work."""

    names: tuple[str, ...]
    answers: Tensor  # (patterns, items) uint8, categories from 0; NOT_SEEN where not asked
    weight: Tensor  # (patterns,) double
    pattern: Tensor  # (persons,) long: which row each person gave
    lowest: Tensor  # (items,) long: the category written as 0
    categories: Tensor  # (items,) long

    @classmethod
    def of(
        cls,
        answers: np.ndarray,  # (persons, items); NaN or -1 where not seen
        *,
        names: Sequence[str] | None = None,
        weights: np.ndarray | None = None,  # (persons,) how often each row counts
    ) -> Self:
        """Check and pack a table of answers.

        Raises `UnusableResponses` for an empty table, answers that are not whole, weights that are
        not positive, and a question that nobody saw or that everybody answered alike.
        """
        table = np.asarray(answers)
        if table.ndim != 2 or 0 in table.shape:
            raise UnusableResponses("a table of persons by questions is needed, neither empty")
        named = tuple(names) if names else tuple(f"Q{i + 1}" for i in range(table.shape[1]))
        packed = np.empty(table.shape, dtype=np.uint8)
        found = [_pack(name, table[:, item], packed[:, item]) for item, name in enumerate(named)]
        lowest, categories = np.array(found).T
        first, pattern = _distinct(packed)
        counted = np.bincount(pattern, weights=_weights(weights, len(table)))
        return cls(
            named,
            torch.from_numpy(packed[first]),
            torch.from_numpy(counted.astype(np.float64)),
            torch.from_numpy(pattern),
            torch.from_numpy(lowest),
            torch.from_numpy(categories),
        )

    @classmethod
    def of_groups(
        cls,
        answers: np.ndarray,
        group: np.ndarray,  # (persons,) from 0
        *,
        names: Sequence[str] | None = None,
        weights: np.ndarray | None = None,
    ) -> tuple[Self, Tensor]:
        """Like `of`, with equal rows of different groups kept apart; also gives each row's group."""
        whole = cls.of(answers, names=names, weights=weights)
        both = np.stack([whole.pattern.numpy(), group], 1)
        kept, pattern = np.unique(both, axis=0, return_inverse=True)
        counted = np.bincount(pattern.ravel(), weights=_weights(weights, len(group)))
        packed = cls(
            whole.names,
            whole.answers[torch.from_numpy(kept[:, 0])],
            torch.from_numpy(counted.astype(np.float64)),
            torch.from_numpy(pattern.ravel().astype(np.int64)),
            whole.lowest,
            whole.categories,
        )
        return packed, torch.from_numpy(kept[:, 1].astype(np.int64))


def _weights(weights: np.ndarray | None, persons: int) -> np.ndarray:
    if weights is None:
        return np.ones(persons)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (persons,) or not np.isfinite(given).all() or (given <= 0).any():
        raise UnusableResponses("weights must be one positive number a person")
    return given


def _pack(name: str, column: np.ndarray, packed: np.ndarray) -> tuple[int, int]:
    """Write one question's answers from zero into `packed`; give its lowest category and how many."""
    given = column.astype(np.float64)
    seen = ~np.isnan(given) & (given != -1)
    found = np.unique(given[seen])
    _refuse(name, found)
    packed[:] = NOT_SEEN
    packed[seen] = given[seen] - found[0]
    return int(found[0]), len(found)


def _distinct(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of the first of each distinct row, and (persons,) which of them each row equals.

    Rows are sorted by a sum with random multipliers and compared in full with the row they seem to
    equal; should two rows share a sum by chance, all are sorted in full.
    """
    random = np.random.default_rng(0)
    draw = np.array([random.integers(0, 2**63) for _ in packed.T], dtype=np.uint64)
    total = np.zeros(len(packed), dtype=np.uint64)
    for item in range(packed.shape[1]):
        total += packed[:, item] * draw[item]
    _, first, pattern = np.unique(total, return_index=True, return_inverse=True)
    repeated = np.flatnonzero(first[pattern] != np.arange(len(packed)))
    if (packed[repeated] != packed[first[pattern[repeated]]]).any():
        _, first, pattern = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return first, pattern.ravel().astype(np.int64)


def _refuse(name: str, given: np.ndarray) -> None:
    if given.size == 0:
        raise UnusableResponses(f"question {name}: nobody has seen it")
    if not np.isfinite(given).all() or (given != np.round(given)).any():
        raise UnusableResponses(f"question {name}: answers must be whole numbers")
    if given.size == 1:
        raise UnusableResponses(
            f"question {name}: everybody answered {given[0]:g}, which says nothing"
        )
    if given.size != given.max() - given.min() + 1:
        raise UnusableResponses(
            f"question {name}: a category between {given.min():g} and {given.max():g} never occurs"
        )
    if given.size > _MOST_CATEGORIES:
        raise UnusableResponses(f"question {name}: more than {_MOST_CATEGORIES} categories")
