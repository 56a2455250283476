"""Answer copying between two people: omega, and the generalised binomial test."""

import numpy as np
from scipy.stats import norm

from exams.psychometrics.forensics.curves import Curves, checked

_BLOCK = 4096  # pairs at a time


def omega(
    curves: Curves,
    choices: np.ndarray,  # (persons, items) options from 0
    pairs: np.ndarray,  # (pairs, 2): copier, source
) -> np.ndarray:
    """(pairs,): standardised matches of a copier with a source, given what the source chose.

    Wollack (1997): under honest work the copier chooses the source's option with the chance that their
    ability gives it. About standard normal; large means more alike than chance.
    """
    table = checked(choices, curves)
    place = curves.abilities(table)
    found = np.empty(len(pairs))
    for start in range(0, len(pairs), _BLOCK):
        copier, source = pairs[start : start + _BLOCK].T
        theirs = table[source]
        chance = curves.chance[np.arange(table.shape[1]), theirs, place[copier][:, None]]
        matches = (table[copier] == theirs).sum(1)
        spread = np.sqrt((chance * (1 - chance)).sum(1))
        found[start : start + _BLOCK] = (matches - chance.sum(1)) / spread
    return found


def omega_p(statistic: np.ndarray) -> np.ndarray:
    """How often honest pairs reach an omega this large."""
    return np.asarray(norm.sf(statistic))


def generalised_binomial(
    curves: Curves,
    choices: np.ndarray,  # (persons, items)
    pairs: np.ndarray,  # (pairs, 2)
) -> np.ndarray:
    """(pairs,): how often two honest people of these abilities match on as many questions or more.

    van der Linden and Sotaridona (2006): questions match with different chances, so the number of
    matches has the generalised binomial distribution, computed exactly. Symmetric in the pair.
    """
    table = checked(choices, curves)
    place = curves.abilities(table)
    found = np.empty(len(pairs))
    for start in range(0, len(pairs), _BLOCK):
        first, second = pairs[start : start + _BLOCK].T
        matches = (table[first] == table[second]).sum(1)
        alike = (curves.chance[:, :, place[first]] * curves.chance[:, :, place[second]]).sum(1)
        tail = at_least(alike.T)
        found[start : start + _BLOCK] = tail[np.arange(len(matches)), matches]
    return found


def at_least(chance: np.ndarray) -> np.ndarray:
    """(rows, items + 1): how likely so many successes or more are, from (rows, items) chances."""
    rows, items = chance.shape
    exactly = np.zeros((rows, items + 1))
    exactly[:, 0] = 1.0
    for item in range(items):
        success = chance[:, item, None]
        exactly[:, 1 : item + 2] = (
            exactly[:, 1 : item + 2] * (1 - success) + exactly[:, : item + 1] * success
        )
        exactly[:, 0] *= 1 - chance[:, item]
    return np.asarray(np.minimum(exactly[:, ::-1].cumsum(1)[:, ::-1], 1.0))
