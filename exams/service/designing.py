"""What the worker does about an adaptive design: its bank, its admission chances, what it would do.

Never imported by pages: it brings numpy, and simulates for seconds.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    AdaptiveDesign,
    DesignQuestion,
    DesignState,
    Exam,
    ItemCalibration,
    QuestionEnemy,
    QuestionVersion,
)
from exams.psychometrics.adaptive import exposure, simulation
from exams.psychometrics.adaptive.content import Infeasible
from exams.psychometrics.adaptive.exposure import Round
from exams.psychometrics.adaptive.simulation import Outcome
from exams.psychometrics.adaptive.stopping import Reason
from exams.psychometrics.items import Items
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.queries import measurement
from exams.service import adaptive_numbers as numbers
from exams.service import documents, standards
from exams.service.adaptive_numbers import Frozen, Member
from exams.service.design_rules import RulesDocument
from portal.db import lock

_BEYOND: Final = 0.25  # abilities so far from the pass mark should hardly ever be misjudged
_CHANCE: Final = 3.0
"""Standard errors of a share by which the most worn question may lie above the ceiling by chance."""


@dataclass(frozen=True)
class Candidate:
    """A question that may join the bank."""

    version: QuestionVersion
    slope: float
    intercepts: list[float]
    divided: bool
    levels: list[float]
    key_number: int
    enemies: int | None = None
    admission: float = 1.0


@dataclass(frozen=True)
class Effort:
    """How many people the simulations let take the test."""

    people: int = 4000
    searched: int = 1200
    """In each round of the search for admission chances."""
    rounds: int = 12


USUAL: Final = Effort()


def work_out(
    session: Session, design: AdaptiveDesign, *, now: datetime, effort: Effort = USUAL
) -> None:
    """Draw the bank, find the admission chances, simulate, freeze. Run twice it does nothing.

    The same calibrations, rules and number give the same design.
    """
    lock(session, design)
    if design.state is not DesignState.ASKED:
        return
    exam = session.get_one(Exam, design.exam_id)
    rules = documents.parse(RulesDocument, design.rules)
    bank = _bank(session, exam)
    random = np.random.default_rng(_seed(exam, design))
    try:
        cut, level = _cut(session, exam, _frozen(rules, bank, level=None))
        frozen, told = _controlled(rules, bank, level, random, effort)
    except Infeasible as collision:
        design.collide(_sentences(str(collision), exam, rules, bank), now=now)
        return
    kept = _rows(design, bank, frozen.test.admission)
    session.add_all(kept)
    design.show(
        told | {"questions": len(bank)},
        cut=cut,
        level=level,
        digest=_digest(design, kept, cut, level),
    )
    session.flush()


def _seed(exam: Exam, design: AdaptiveDesign) -> int:
    told = json.dumps([exam.slug, design.number, design.rules], sort_keys=True)
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8])


def _bank(session: Session, exam: Exam) -> list[Candidate]:
    """Every eligible question once, with the group of those that it may not stand beside."""
    found: dict[int, Candidate] = {}
    rows = session.execute(queries.eligible(exam.id)).all()
    for version, item, model, key_number in rows:
        found[version.question_id] = _candidate(version, item, model, key_number)
    group = _enemies(session, found)
    return [replace(one, enemies=group.get(one.version.question_id)) for one in found.values()]


def _candidate(
    version: QuestionVersion, item: ItemCalibration, model: str, key_number: int
) -> Candidate:
    if item.slope is None:
        raise AssertionError("only calibrated questions are eligible")
    return Candidate(version, item.slope, item.intercepts, model == "gpcm", item.levels, key_number)


def _enemies(session: Session, bank: dict[int, Candidate]) -> dict[int, int]:
    """Questions that may not stand together, or are about one text, in groups: a test asks one of each."""
    pairs = [
        (one, other)
        for one, other in session.execute(
            sa.select(QuestionEnemy.question_id, QuestionEnemy.enemy_id)
        )
        if one in bank and other in bank
    ]
    first: dict[int, int] = {}
    for question_id, one in bank.items():
        text = one.version.stimulus_version_id
        if text is not None:
            pairs.append((first.setdefault(text, question_id), question_id))
    group = {question_id: question_id for pair in pairs for question_id in pair}
    for here, there in pairs:
        old, new = group[here], group[there]
        group = {member: new if held == old else held for member, held in group.items()}
    sizes = list(group.values())
    numbered = {held: number for number, held in enumerate(sorted(set(sizes)))}
    return {member: numbered[held] for member, held in group.items() if sizes.count(held) > 1}


def _frozen(rules: RulesDocument, bank: Sequence[Candidate], *, level: float | None) -> Frozen:
    if not bank:
        raise Infeasible("no question is calibrated")
    made = [Member(one, one.version.id, one.version.area, one.version.points) for one in bank]
    return numbers.freeze(rules, made, level=level)


def _cut(session: Session, exam: Exam, frozen: Frozen) -> tuple[float, float]:
    """The pass mark as a share of the bank's points, and the ability that is expected to earn it.

    Where the newest form has a mark of its own and is calibrated, the ability that its mark asks for
    is asked for here too; else the exam's share of the points is taken as it is.
    """
    form = session.scalar(attempt_queries.newest_form(exam.id))
    share = standards.cut_of(session, exam, form.id) if form else exam.cut
    calibration = measurement.newest_calibration(session, form.id) if form else None
    if calibration is not None and calibration.curve and share != exam.cut:
        curve = calibration.curve
        level = float(
            np.interp(share, [one["share"] for one in curve], [one["theta"] for one in curve])
        )
        return frozen.share(level), level
    found = frozen.level_of(share)
    if found is None:
        raise Infeasible(
            "nobody's ability is expected to earn just the pass mark of these questions"
        )
    return share, found


def _controlled(
    rules: RulesDocument,
    bank: Sequence[Candidate],
    level: float,
    random: np.random.Generator,
    effort: Effort,
) -> tuple[Frozen, dict[str, Any]]:
    """The design with admission chances that keep the ceiling, and what a simulation of it found."""
    frozen = _frozen(rules, bank, level=level)
    items = numbers.items(bank)
    best = _admission(frozen, items, rules, random, effort)
    held = [
        replace(one, admission=float(chance))
        for one, chance in zip(bank, best.admission, strict=True)
    ]
    frozen = _frozen(rules, held, level=level)
    outcome = simulation.run(frozen.test, random.normal(size=effort.people), random, real=items)
    minutes = outcome.given.astype(np.float32) @ np.array([one.version.minutes for one in bank])
    return frozen, _told(outcome, minutes, level, rules) | {"rounds": best.number}


def _admission(
    frozen: Frozen,
    items: Items,
    rules: RulesDocument,
    random: np.random.Generator,
    effort: Effort,
) -> Round:
    """The first round that keeps the ceiling, or the one that came nearest.

    Aimed at is a little less than the ceiling, since the most worn of many questions lies above what
    is expected of it by chance.
    """
    aim = rules.ceiling - _by_chance(rules.ceiling, effort.searched)
    found: list[Round] = []
    for one in exposure.rounds(
        frozen.test, items, ceiling=aim, random=random, persons=effort.searched
    ):
        found.append(one)
        if one.highest <= rules.ceiling or one.number == effort.rounds:
            break
    return min(found, key=lambda one: one.highest)


def _by_chance(share: float, people: int) -> float:
    """The standard error of a share of so many people."""
    return float(np.sqrt(share * (1 - share) / people))


def _told(
    outcome: Outcome, minutes: np.ndarray, level: float, rules: RulesDocument
) -> dict[str, Any]:
    """What a manager is shown."""
    lengths, counts = np.unique(outcome.length, return_counts=True)
    by_length = {str(int(one)): int(count) for one, count in zip(lengths, counts, strict=True)}
    reasons = simulation.reasons(outcome).items()
    return {
        "people": len(outcome.truth),
        "length": _spread(outcome.length) | {"counts": by_length},
        "minutes": _spread(minutes),
        "exposure": _wear(outcome.exposure, len(outcome.truth), rules),
        "overlap": outcome.overlap,
        "error": {
            "rmse": float(np.sqrt(((outcome.theta - outcome.truth) ** 2).mean())),
            "bias": float((outcome.theta - outcome.truth).mean()),
            "mean": float(outcome.se.mean()),
        },
        "accuracy": _accuracy(outcome, level),
        "ends": {one.name.lower(): count for one, count in reasons if one is not Reason.GOES_ON},
    }


def _spread(values: np.ndarray) -> dict[str, Any]:
    """The mean, and what 95 in 100 do not exceed."""
    return {"mean": float(values.mean()), "most": float(np.quantile(values, 0.95))}


def _wear(exposure_of: np.ndarray, people: int, rules: RulesDocument) -> dict[str, Any]:
    """How often questions came, the most worn first."""
    highest = float(exposure_of.max())
    above = _CHANCE * _by_chance(rules.ceiling, people)
    return {
        "highest": highest,
        "never": int((exposure_of == 0).sum()),
        "kept": highest <= rules.ceiling + above,
        "shares": [round(float(one), 4) for one in np.sort(exposure_of)[::-1]],
    }


def _accuracy(outcome: Outcome, level: float) -> dict[str, Any]:
    """How often estimate and truth lie on one side of the pass mark."""
    right = (outcome.theta >= level) == (outcome.truth >= level)
    beyond = np.abs(outcome.truth - level) > _BEYOND
    return {
        "all": float(right.mean()),
        "beyond": float(right[beyond].mean()) if beyond.any() else 1.0,
        "beyond_by": _BEYOND,
    }


def _rows(
    design: AdaptiveDesign, bank: Sequence[Candidate], admission: np.ndarray | None
) -> list[DesignQuestion]:
    chances = np.ones(len(bank)) if admission is None else admission
    return [
        DesignQuestion(
            design_id=design.id,
            place=place,
            question_version_id=one.version.id,
            key_number=one.key_number,
            slope=one.slope,
            intercepts=one.intercepts,
            divided=one.divided,
            levels=one.levels,
            enemies=one.enemies,
            admission=float(chance),
        )
        for place, (one, chance) in enumerate(zip(bank, chances, strict=True))
    ]


def _digest(
    design: AdaptiveDesign, kept: Sequence[DesignQuestion], cut: float, level: float
) -> bytes:
    facts = [
        design.rules,
        cut,
        level,
        [
            [
                one.question_version_id,
                one.key_number,
                one.slope,
                one.intercepts,
                one.divided,
                one.levels,
                one.enemies,
                one.admission,
            ]
            for one in kept
        ],
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def _sentences(
    collision: str, exam: Exam, rules: RulesDocument, bank: Sequence[Candidate]
) -> list[str]:
    """What collides, with areas by their titles."""
    titles = {area["slug"]: area["title"] for area in exam.areas}
    slugs = {one.version.area for one in bank} | {one.area for one in rules.areas}
    for number, slug in enumerate(sorted(slugs)):
        collision = collision.replace(f"area {number} ", f"{titles.get(slug, slug)} ")
    if collision.startswith("enemies "):
        collision = "questions that may not stand together, or are about one text, are of two areas"
    return [collision]
