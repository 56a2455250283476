"""People, items, answers and times that never were: for tests, benchmarks and the demo.

Every function draws from the generator it is given, so that a seed says everything.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from exams.psychometrics.items import Items
from exams.psychometrics.response_times import Pace

_BLOCK: Final = 4096  # persons at a time


def abilities(
    random: np.random.Generator, persons: int, *, mean: float = 0.0, deviation: float = 1.0
) -> np.ndarray:
    """(persons,) from a normal distribution."""
    return random.normal(mean, deviation, persons)


def binary_items(
    random: np.random.Generator,
    count: int,
    *,
    slope: tuple[float, float] = (0.15, 0.3),
    difficulty: tuple[float, float] = (0.0, 1.0),
    guessing: tuple[float, float] | None = (8.0, 32.0),
) -> Items:
    """Items with a ~ LN(slope), b ~ N(difficulty), c ~ Beta(guessing); None for no guessing (2PL).

    A slope deviation of zero makes them a 1PL.
    """
    chance = None if guessing is None else random.beta(*guessing, count)
    return Items.binary(random.lognormal(*slope, count), random.normal(*difficulty, count), chance)


def graded_items(
    random: np.random.Generator,
    count: int,
    categories: int,
    *,
    slope: tuple[float, float] = (0.15, 0.3),
) -> Items:
    """Samejima's: boundaries about .8 apart, around a difficulty from N(0, 1)."""
    slopes = random.lognormal(*slope, count)
    middle = random.normal(0, 1, (count, 1))
    gaps = random.uniform(0.5, 1.1, (count, categories - 1)).cumsum(1)
    boundaries = middle + gaps - gaps.mean(1, keepdims=True)
    return _polytomous(slopes, -slopes[:, None] * boundaries, divided=False)


def partial_credit_items(
    random: np.random.Generator,
    count: int,
    categories: int,
    *,
    slope: tuple[float, float] = (-0.2, 0.3),
) -> Items:
    """Muraki's GPCM; with a slope deviation of zero a PCM."""
    slopes = random.lognormal(*slope, count)
    steps = random.normal(0, 1, (count, 1)) + random.normal(0, 0.6, (count, categories - 1))
    return _polytomous(slopes, (-slopes[:, None] * steps).cumsum(1), divided=True)


def nominal_items(
    random: np.random.Generator, count: int, options: int, *, ease: float = 1.2
) -> Items:
    """Bock's nominal model for choices whose last option is the key, the others more or less alluring.

    `ease` is the mean logit of the key against the other options at mean ability.
    """
    slopes = random.lognormal(0.1, 0.3, count) / (options - 1)
    scores = random.uniform(0, 0.6, (count, options)).cumsum(1)
    scores -= scores[:, :1]
    scores[:, -1] = options - 1
    allure = random.normal(0, 0.8, (count, options))
    allure[:, -1] = random.normal(ease, 0.8, count)
    made = _polytomous(slopes, allure[:, 1:] - allure[:, :1], divided=True)
    return Items(made.slope, made.intercepts, made.guessing, scores, made.divided)


def answers(
    random: np.random.Generator,
    items: Items,
    theta: np.ndarray,  # (persons,)
    *,
    seen: np.ndarray | None = None,  # (persons, items) bool
) -> np.ndarray:
    """(persons, items): a category each, from zero; NaN where an item was not seen."""
    found = np.empty((len(theta), len(items)))
    for start in range(0, len(theta), _BLOCK):
        part = slice(start, start + _BLOCK)
        reach = items.probabilities(theta[part]).cumsum(1)[:, :-1]  # (items, steps, persons)
        drawn = random.random((len(items), reach.shape[2]))
        found[part] = (drawn[:, None] > reach).sum(1).T
    return found if seen is None else np.where(seen, found, np.nan)


def paces(random: np.random.Generator, count: int, *, seconds: float = 45.0) -> Pace:
    """Items around a median time in seconds, with the spread that exams show."""
    return Pace(
        random.normal(np.log(seconds), 0.35, count), random.lognormal(np.log(2.0), 0.2, count)
    )


def speeds(
    random: np.random.Generator,
    theta: np.ndarray,
    *,
    deviation: float = 0.3,
    with_ability: float = 0.3,
) -> np.ndarray:
    """(persons,) in log seconds saved, correlated with ability as `with_ability` says."""
    own = np.sqrt(1 - with_ability**2) * random.normal(size=len(theta))
    return np.asarray(deviation * (with_ability * theta + own))


def times(random: np.random.Generator, pace: Pace, speed: np.ndarray) -> np.ndarray:
    """(persons, items) in seconds."""
    noise = random.normal(size=(len(speed), len(pace.intensity))) / pace.precision
    return np.asarray(np.exp(pace.intensity - speed[:, None] + noise))


def copied(
    random: np.random.Generator,
    given: np.ndarray,  # (persons, items)
    pairs: np.ndarray,  # (pairs, 2): copier, source
    share: float,
) -> np.ndarray:
    """The answers with a share of each copier's replaced by the source's, on items drawn at random."""
    found = given.copy()
    count = round(share * given.shape[1])
    for copier, source in pairs:
        taken = random.choice(given.shape[1], count, replace=False)
        found[copier, taken] = given[source, taken]
    return found


@dataclass(frozen=True)
class Sitting:
    """Answers with the time each took."""

    answers: np.ndarray  # (persons, items)
    seconds: np.ndarray  # (persons, items)


def with_preknowledge(
    random: np.random.Generator,
    sitting: Sitting,
    persons: np.ndarray,  # (some,) who
    leaked: np.ndarray,  # (some,) which items
    *,
    right: float = 0.95,
    faster: float = 0.5,
) -> Sitting:
    """Right-or-wrong answers of those who had seen the leaked items before: mostly right, and fast."""
    who, which = np.ix_(persons, leaked)
    found, seconds = sitting.answers.copy(), sitting.seconds.copy()
    knew = random.random((len(persons), len(leaked))) < right
    found[who, which] = np.where(knew, 1.0, found[who, which])
    seconds[who, which] *= faster
    return Sitting(found, seconds)


def with_rapid_guesses(
    random: np.random.Generator,
    sitting: Sitting,
    guessed: np.ndarray,  # (persons, items) bool
    *,
    options: int = 4,
    seconds: float = 2.5,
) -> Sitting:
    """Right-or-wrong answers with some given without reading: right by chance, after a few seconds."""
    luck = (random.random(guessed.shape) < 1 / options).astype(float)
    quick = random.lognormal(np.log(seconds), 0.3, guessed.shape)
    return Sitting(
        np.where(guessed, luck, sitting.answers), np.where(guessed, quick, sitting.seconds)
    )


def _polytomous(slopes: np.ndarray, intercepts: np.ndarray, *, divided: bool) -> Items:
    count, steps = intercepts.shape
    whole = np.tile(np.arange(steps + 1.0), (count, 1))
    return Items(slopes, intercepts, np.zeros(count), whole, np.full(count, divided))
