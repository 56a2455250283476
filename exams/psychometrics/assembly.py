"""Parallel test forms from a blueprint, as one mixed-integer program for HiGHS.

x[f, i] says whether question i stands on form f. Every form meets every rule; the least informative
form is made as informative at the cut as possible, and no form has more than `tolerance` beyond it.
van der Linden, W. J. (2005), Linear Models for Optimal Test Design, Springer, chapters 3 to 6.
A blueprint that nothing meets is explained by an irreducible set of rules that collide, found with the
deletion filter of Chinneck, J. W. and Dravnieks, E. W. (1991), ORSA Journal on Computing 3(2), 157-168.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, lil_array

LENGTH: Final = "length"
MINUTES: Final = "minutes"
ENEMIES: Final = "enemies"
STIMULI: Final = "stimuli"
REUSE: Final = "reuse"
PARALLEL: Final = "parallel information"

_SECONDS: Final = 60.0
_GAP: Final = 0.01
_SLACK: Final = 1e-6

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """One question as assembly sees it."""

    name: str
    information: float
    """At the cut, on the scale of ability."""
    minutes: float
    labels: Mapping[str, str]
    """Its area, type, difficulty … by which rules count."""
    stimulus: str | None = None


@dataclass(frozen=True)
class Rule:
    """So many questions with these labels on every form."""

    name: str
    where: Mapping[str, str]
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Blueprint:
    """What every form must be like."""

    forms: int
    length: tuple[int, int]
    minutes: tuple[float, float] = (0.0, float("inf"))
    rules: Sequence[Rule] = field(default_factory=list)
    reuse: int = 1
    """On how many forms one question may stand."""
    tolerance: float = 0.05
    """How much more information at the cut the best form may have than the least."""


@dataclass(frozen=True)
class Assembled:
    """Forms that meet the blueprint: the places of their questions in the pool."""

    forms: list[list[int]]
    information: list[float]
    gap: float
    """How far the least informative form may be from the best possible, as a share."""


@dataclass(frozen=True)
class Infeasible:
    """No forms can meet the blueprint; without any one of these rules some could."""

    colliding: list[str]


@dataclass(frozen=True)
class Undecided:
    """The time was over before forms were found or excluded."""

    seconds: float


@dataclass(frozen=True)
class _Part:
    """The rows of one named rule: low <= matrix @ x <= high."""

    name: str
    matrix: csr_array
    low: Array
    high: Array


def assemble(
    pool: Sequence[Question],
    enemies: Sequence[tuple[int, int]],
    blueprint: Blueprint,
    *,
    seconds: float = _SECONDS,
) -> Assembled | Infeasible | Undecided:
    """Choose the forms, or say why there are none.

    `enemies` are pairs of places in the pool. Raises `ValueError` for a blueprint that contradicts
    itself on its face: no forms, a least above its most, a question without time.
    """
    _refuse_nonsense(pool, blueprint)
    parts = _parts(pool, enemies, blueprint)
    size = blueprint.forms * len(pool)
    aim = np.zeros(size + 1)
    aim[-1] = -1.0  # milp minimises; the last variable is the least form's information
    found = _solve(parts, size, aim, seconds=seconds)
    if found.x is not None:
        chosen = found.x[:size].reshape(blueprint.forms, len(pool)) > 0.5
        forms = [np.flatnonzero(row).tolist() for row in chosen]
        information = [sum(pool[i].information for i in form) for form in forms]
        return Assembled(forms, information, float(found.mip_gap or 0.0))
    if found.status == 2:  # proven: nothing meets all of it
        return _colliding(parts, size, seconds)
    return Undecided(seconds)


def violations(
    pool: Sequence[Question],
    enemies: Sequence[tuple[int, int]],
    blueprint: Blueprint,
    forms: Sequence[Sequence[int]],
) -> list[str]:
    """The names of the rules that forms break: counted anew, without the program that chose them."""
    broken = [name for form in forms for name in _broken(pool, enemies, blueprint, form)]
    uses = np.bincount([i for form in forms for i in form], minlength=len(pool))
    if uses.max(initial=0) > blueprint.reuse:
        broken.append(REUSE)
    totals = [sum(pool[i].information for i in form) for form in forms]
    if totals and max(totals) > min(totals) * (1 + blueprint.tolerance) + _SLACK:
        broken.append(PARALLEL)
    return sorted(set(broken))


def _broken(
    pool: Sequence[Question],
    enemies: Sequence[tuple[int, int]],
    blueprint: Blueprint,
    form: Sequence[int],
) -> list[str]:
    """The rules that one form breaks by itself."""
    chosen, time = [pool[i] for i in form], sum(pool[i].minutes for i in form)
    held = {
        LENGTH: blueprint.length[0] <= len(chosen) <= blueprint.length[1],
        MINUTES: blueprint.minutes[0] - _SLACK <= time <= blueprint.minutes[1] + _SLACK,
        ENEMIES: not any(a in form and b in form for a, b in enemies),
        STIMULI: all(
            len(set(group) & set(form)) in {0, len(group)} for group in _stimuli(pool).values()
        ),
    }
    for rule in blueprint.rules:
        count = sum(_fits(one, rule) for one in chosen)
        held[rule.name] = rule.least <= count <= (len(pool) if rule.most is None else rule.most)
    return [name for name, holds in held.items() if not holds]


def _parts(
    pool: Sequence[Question], enemies: Sequence[tuple[int, int]], blueprint: Blueprint
) -> list[_Part]:
    """Every rule as rows over x[form, question] (form by form) and the least information."""
    ones = np.ones(len(pool))
    time = np.array([one.minutes for one in pool])
    parts = [
        _each_form(LENGTH, [ones], blueprint.length[:1], blueprint.length[1:], blueprint),
        _each_form(MINUTES, [time], blueprint.minutes[:1], blueprint.minutes[1:], blueprint),
    ]
    for rule in blueprint.rules:
        fitting = np.array([float(_fits(one, rule)) for one in pool])
        most = np.inf if rule.most is None else rule.most
        parts.append(_each_form(rule.name, [fitting], [rule.least], [most], blueprint))
    if enemies:
        rows = [_units(len(pool), pair) for pair in enemies]
        parts.append(_each_form(ENEMIES, rows, [0] * len(rows), [1] * len(rows), blueprint))
    together = [
        _units(len(pool), (first, other), (1.0, -1.0))
        for first, *others in _stimuli(pool).values()
        for other in others
    ]
    if together:
        none = [0] * len(together)
        parts.append(_each_form(STIMULI, together, none, none, blueprint))
    return [*parts, _reuse(pool, blueprint), _parallel(pool, blueprint)]


def _each_form(
    name: str,
    rows: Sequence[Array],
    low: Sequence[float],
    high: Sequence[float],
    blueprint: Blueprint,
) -> _Part:
    """The same rows for every form."""
    items = len(rows[0])
    matrix = lil_array((len(rows) * blueprint.forms, blueprint.forms * items + 1))
    for form in range(blueprint.forms):
        for number, row in enumerate(rows):
            matrix[form * len(rows) + number, form * items : (form + 1) * items] = row
    return _Part(
        name,
        csr_array(matrix),
        np.tile(np.asarray(low, float), blueprint.forms),
        np.tile(np.asarray(high, float), blueprint.forms),
    )


def _reuse(pool: Sequence[Question], blueprint: Blueprint) -> _Part:
    items = len(pool)
    matrix = lil_array((items, blueprint.forms * items + 1))
    for form in range(blueprint.forms):
        matrix[np.arange(items), form * items + np.arange(items)] = 1.0
    return _Part(REUSE, csr_array(matrix), np.zeros(items), np.full(items, float(blueprint.reuse)))


def _parallel(pool: Sequence[Question], blueprint: Blueprint) -> _Part:
    """0 <= information of each form - least <= tolerance times least."""
    items, information = len(pool), np.array([one.information for one in pool])
    matrix = lil_array((2 * blueprint.forms, blueprint.forms * items + 1))
    for form in range(blueprint.forms):
        for row, share in ((form, 1.0), (blueprint.forms + form, 1 + blueprint.tolerance)):
            matrix[row, form * items : (form + 1) * items] = information
            matrix[row, -1] = -share
    zero, endless = np.zeros(blueprint.forms), np.full(blueprint.forms, np.inf)
    low, high = np.concatenate([zero, -endless]), np.concatenate([endless, zero])
    return _Part(PARALLEL, csr_array(matrix), low, high)


def _solve(parts: Sequence[_Part], size: int, aim: Array, *, seconds: float) -> Any:  # noqa: ANN401  scipy publishes no types
    return milp(
        aim,
        integrality=np.append(np.ones(size), 0),
        bounds=Bounds(np.zeros(size + 1), np.append(np.ones(size), np.inf)),
        constraints=[LinearConstraint(part.matrix, part.low, part.high) for part in parts],
        options={"time_limit": seconds, "mip_rel_gap": _GAP},
    )


def _colliding(parts: Sequence[_Part], size: int, seconds: float) -> Infeasible | Undecided:
    """Leave out one rule after the other; what can stay out without making it feasible stays out.

    From the last on, so that what the blueprint itself asks for is named where that says it all.
    """
    needed = list(parts)
    for part in reversed(parts):
        without = [one for one in needed if one is not part]
        found = _solve(without, size, np.zeros(size + 1), seconds=seconds)
        if found.status == 2:
            needed = without
        elif found.x is None:
            return Undecided(seconds)
    return Infeasible([part.name for part in needed])


def _fits(question: Question, rule: Rule) -> bool:
    return all(question.labels.get(label) == value for label, value in rule.where.items())


def _units(length: int, places: Sequence[int], values: Sequence[float] = (1.0, 1.0)) -> Array:
    row = np.zeros(length)
    row[list(places)] = values
    return row


def _stimuli(pool: Sequence[Question]) -> dict[str, list[int]]:
    """The places of the questions about each text: they come together or not at all."""
    found: dict[str, list[int]] = {}
    for place, one in enumerate(pool):
        if one.stimulus is not None:
            found.setdefault(one.stimulus, []).append(place)
    return found


def _refuse_nonsense(pool: Sequence[Question], blueprint: Blueprint) -> None:
    if blueprint.forms < 1 or blueprint.reuse < 1 or not pool:
        raise ValueError("a blueprint asks for a form at least, and for questions to choose from")
    ranges = [(LENGTH, *blueprint.length), (MINUTES, *blueprint.minutes)]
    ranges += [(r.name, r.least, r.most) for r in blueprint.rules if r.most is not None]
    for name, least, most in ranges:
        if least > most:
            raise ValueError(f"{name}: the least is above the most")
    names = [rule.name for rule in blueprint.rules]
    own = {LENGTH, MINUTES, ENEMIES, STIMULI, REUSE, PARALLEL}
    if len(set(names)) < len(names) or own & set(names):
        raise ValueError("every rule has a name of its own")
    if any(one.minutes <= 0 or one.information < 0 for one in pool):
        raise ValueError("every question takes time, and none has less than no information")
