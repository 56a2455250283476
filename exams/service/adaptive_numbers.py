"""The arithmetic of an adaptive sitting: one step, its end, its score. The only numpy of the web process.

Imported by `exams.service.adaptive` when the first adaptive question is to be chosen, and by workers.
Everything is a function of the frozen design, the attempt's seed and what its answers earned.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np

from exams.psychometrics.adaptive.choosing import Choice, Criterion
from exams.psychometrics.adaptive.content import Blueprint, Infeasible
from exams.psychometrics.adaptive.engine import NOTHING, AdaptiveTest
from exams.psychometrics.adaptive.stopping import Cut, Reason, Rule, Stop
from exams.psychometrics.adaptive.table import Sittings, Table, estimate
from exams.psychometrics.items import Items
from exams.service.design_rules import RulesDocument

LARGEST: Final = 6.0
"""Abilities are looked for from -6 to 6."""


class Parameters(Protocol):
    """What is known of a question: as a design keeps it, or about to be kept."""

    @property
    def slope(self) -> float:
        """Discrimination."""

    @property
    def intercepts(self) -> list[Any]:
        """Of each step."""

    @property
    def divided(self) -> bool:
        """Whether its categories divide the whole (GPCM)."""

    @property
    def levels(self) -> list[Any]:
        """The points of each category."""

    @property
    def enemies(self) -> int | None:
        """Of which group a test asks one at most."""

    @property
    def admission(self) -> float:
        """Its chance to be admitted to a test."""


@dataclass(frozen=True)
class Member:
    """A question of a bank with what the step needs of its version."""

    parameters: Parameters
    version_id: int
    area: str
    points: float


@dataclass(frozen=True)
class Frozen:
    """A design ready to be stepped through."""

    test: AdaptiveTest
    levels: list[np.ndarray]  # of each question the points of its categories, lowest first
    points: np.ndarray  # (questions,) possible
    place: dict[int, int]  # of each version

    @cached_property
    def expected(self) -> np.ndarray:
        """(points of the grid,): the share of all the bank's points that each ability would earn."""
        chance = np.exp(self.test.table.log_chance)
        earned = sum(level @ chance[item, : len(level)] for item, level in enumerate(self.levels))
        return np.asarray(earned / self.points.sum())

    def share(self, theta: float) -> float:
        """The expected share at an ability."""
        return float(np.interp(theta, self.test.table.theta, self.expected))

    def level_of(self, share: float) -> float | None:
        """The ability that is expected to earn a share; None where nobody or everybody would."""
        if not self.expected[0] < share < self.expected[-1]:
            return None
        return float(np.interp(share, self.expected, self.test.table.theta))


@dataclass(frozen=True)
class Chosen:
    """What one step came to."""

    theta: float
    se: float
    place: int | None  # of the next question in the bank; None where the test has ended
    ended: str | None  # why
    draw: int  # the seed of what was left to chance


@dataclass(frozen=True)
class Level:
    """An ability and the share of the bank's points that it is expected to earn, with their errors."""

    theta: float
    se: float
    share: float
    share_se: float


def freeze(rules: RulesDocument, members: Sequence[Member], *, level: float | None) -> Frozen:
    """The design as arrays. Raises `Infeasible` where some test could not keep the rules."""
    table = Table.of(items([member.parameters for member in members]))
    cut = None
    if rules.decide is not None and level is not None:
        cut = Cut(level, Rule(rules.decide), rules.indifference, rules.wrong, rules.wrong)
    return Frozen(
        AdaptiveTest(
            table,
            Stop(rules.shortest, rules.longest, rules.standard_error, cut),
            Choice(Criterion(rules.criterion), expected_length=rules.longest),
            _blueprint(rules, members),
            np.array([member.parameters.admission for member in members]),
        ),
        [np.array(member.parameters.levels, np.float64) for member in members],
        np.array([member.points for member in members], np.float64),
        {member.version_id: place for place, member in enumerate(members)},
    )


def step(
    frozen: Frozen,
    *,
    seed: int,
    closed: Sequence[int],  # places that are not to be asked
    asked: Sequence[int],  # places in order
    credit: Sequence[float],  # what each answer earned, from 0 to 1
) -> Chosen:
    """What follows these answers: always the same."""
    sittings = Sittings.replay(frozen.test.table, list(asked), _categories(frozen, asked, credit))
    admitted = frozen.test.admitted(np.random.default_rng(draw(seed, 0)))
    number = draw(seed, len(asked) + 1)
    found = frozen.test.step(
        sittings, admitted, np.random.default_rng(number), _mask(frozen, closed)
    )
    next_item = int(found.item[0])
    ended = Reason(int(found.reason[0])).name.lower() if next_item == NOTHING else None
    place = None if next_item == NOTHING else next_item
    theta, se = float(found.estimate.theta[0]), float(found.estimate.se[0])
    return Chosen(theta, se, place, ended, number)


def level(frozen: Frozen, asked: Sequence[int], credit: Sequence[float]) -> Level:
    """What these answers show: EAP on the frozen scale, and the share of the bank's points.

    The expected share of a whole bank is Bock, Thissen and Zimowski's domain score (1997, IRT
    estimation of domain scores, Journal of Educational Measurement 34); its error by the delta method.
    """
    sittings = Sittings.replay(frozen.test.table, list(asked), _categories(frozen, asked, credit))
    found = estimate(frozen.test.table, sittings)
    theta, se = float(found.theta[0]), float(found.se[0])
    grid = frozen.test.table.theta
    steep = float(np.interp(theta, grid, np.gradient(frozen.expected, grid)))
    return Level(theta, se, frozen.share(theta), steep * se)


def room(frozen: Frozen, closed: Sequence[int]) -> bool:
    """Whether a whole test could still be drawn without these places."""
    blueprint, open_ = frozen.test.blueprint, ~_mask(frozen, closed)
    stop = frozen.test.stop
    if blueprint is None or open_.sum() < stop.longest:
        return bool(open_.sum() >= stop.longest)
    left = replace(blueprint, area=blueprint.area[open_], enemies=blueprint.enemies[open_])
    try:
        left.check(shortest=stop.shortest, longest=stop.longest)
    except Infeasible:
        return False
    return True


def draw(seed: int, number: int) -> int:
    """The seed of one choice, out of the attempt's."""
    told = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(told[:7])  # small enough for any reader of JSON


def _categories(frozen: Frozen, asked: Sequence[int], credit: Sequence[float]) -> list[int]:
    """The category whose points lie nearest to what was earned; of two, the lower."""
    return [
        int(np.abs(frozen.levels[place] - share * frozen.points[place]).argmin())
        for place, share in zip(asked, credit, strict=True)
    ]


def _mask(frozen: Frozen, closed: Sequence[int]) -> np.ndarray:
    mask = np.zeros(frozen.test.table.count, dtype=bool)
    mask[list(closed)] = True
    return mask


def items(bank: Sequence[Parameters]) -> Items:
    """The questions as the engine reads them."""
    steps = max(len(one.intercepts) for one in bank)
    intercepts = np.full((len(bank), steps), np.nan)
    for row, one in enumerate(bank):
        intercepts[row, : len(one.intercepts)] = one.intercepts
    return Items(
        np.array([one.slope for one in bank], np.float64),
        intercepts,
        np.zeros(len(bank)),
        np.tile(np.arange(steps + 1.0), (len(bank), 1)),
        np.array([one.divided for one in bank], dtype=bool),
    )


def _blueprint(rules: RulesDocument, members: Sequence[Member]) -> Blueprint:
    names = sorted({member.area for member in members} | {one.area for one in rules.areas})
    ruled = {one.area: one for one in rules.areas}
    least = [ruled[name].least if name in ruled else 0 for name in names]
    most = [
        rules.longest if name not in ruled or (top := ruled[name].most) is None else top
        for name in names
    ]
    enemies = [member.parameters.enemies for member in members]
    return Blueprint.of(
        np.array([names.index(member.area) for member in members]),
        np.array(least),
        np.array(most),
        enemies=np.array([-1 if group is None else group for group in enemies]),
    )
