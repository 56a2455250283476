"""What the worker does about a blueprint: the pool with its information at the cut, and the program.

Never imported by pages: it reads keys, and brings scipy with it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    BASE_LOCALE,
    AssemblyState,
    Exam,
    FormAssembly,
    ItemCalibration,
    Question,
    QuestionEnemy,
    QuestionState,
    QuestionVersion,
    Standing,
)
from exams.psychometrics import assembly as program
from exams.psychometrics.assembly import Assembled, Blueprint, Infeasible, Rule
from exams.service import documents, marking
from exams.service.blueprints import BlueprintDocument, band_of
from portal.db import lock

Curve = tuple[float, float]
"""Slope and difficulty."""
ENOUGH: Final = 200
"""Answers from which a question's calibration is trusted."""


@dataclass(frozen=True)
class Pool:
    """The questions in use, beside what the program sees of them."""

    versions: list[QuestionVersion]
    questions: list[program.Question]
    enemies: list[tuple[int, int]]
    at: float
    calibrated: int
    """How many of them are measured; of the others the author's guess is taken."""


def answer(session: Session, asked: FormAssembly, *, now: datetime) -> None:
    """Solve it and keep the answer. Run twice it does nothing; needs the worker's login."""
    lock(session, asked)
    if asked.state is not AssemblyState.WAITING:
        return
    exam = session.get_one(Exam, asked.exam_id)
    document = documents.parse(BlueprintDocument, asked.blueprint)
    pool = pool_of(session, exam, document)
    blueprint = _blueprint(document)
    try:
        found = program.assemble(pool.questions, pool.enemies, blueprint)
    except ValueError as contradiction:
        state, result = AssemblyState.COLLIDING, {"colliding": [str(contradiction)]}
        asked.end(state, result, now=now)
        return
    if isinstance(found, Assembled):
        broken = program.violations(pool.questions, pool.enemies, blueprint, found.forms)
        if broken:
            raise RuntimeError(f"assembled forms break {', '.join(broken)}")
        asked.end(AssemblyState.FOUND, _kept(pool, found), now=now)
    elif isinstance(found, Infeasible):
        asked.end(AssemblyState.COLLIDING, {"colliding": found.colliding}, now=now)
    else:
        asked.end(AssemblyState.UNDECIDED, {"seconds": found.seconds}, now=now)


def pool_of(session: Session, exam: Exam, document: BlueprintDocument) -> Pool:
    """Every question that is in use, with its information where the pass mark is expected.

    From its calibration where enough people answered it; until then from its author's guess of the
    difficulty with slope 1 (a Rasch model).
    """
    live = (
        sa.select(QuestionVersion)
        .join(Standing, Standing.question_version_id == QuestionVersion.id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == exam.id, QuestionVersion.locale == BASE_LOCALE)
        .where(Standing.state == QuestionState.LIVE)
        .order_by(QuestionVersion.question_id, QuestionVersion.number)
    )
    newest = {version.question_id: version for version in session.scalars(live)}
    versions = list(newest.values())
    keys = marking.newest_keys(session, [version.id for version in versions])
    measured = _measured(session, [version.id for version in versions])
    curves = [measured.get(one.id, (1.0, keys[one.id].difficulty)) for one in versions]
    at = document.at if document.at is not None else ability_at(exam.cut, curves)
    slugs = _slugs(session, versions)
    questions = [
        program.Question(
            slugs[version.question_id],
            information=information_at(at, a, b) * version.points,
            minutes=version.minutes,
            labels={"area": version.area, "type": version.type.value, "difficulty": band_of(b)},
            stimulus=str(version.stimulus_version_id) if version.stimulus_version_id else None,
        )
        for version, (a, b) in zip(versions, curves, strict=True)
    ]
    places = {version.question_id: place for place, version in enumerate(versions)}
    rows = session.execute(sa.select(QuestionEnemy.question_id, QuestionEnemy.enemy_id))
    enemies = [(places[a], places[b]) for a, b in rows if a in places and b in places]
    return Pool(versions, questions, enemies, at, len(measured))


def ability_at(cut: float, curves: Sequence[Curve]) -> float:
    """The ability that is expected to earn just the cut: a share of right answers (bisection)."""
    if not curves:
        return 0.0
    low, high = -6.0, 6.0
    for _ in range(60):
        middle = (low + high) / 2
        expected = sum(_right(a * (middle - b)) for a, b in curves) / len(curves)
        low, high = (middle, high) if expected < cut else (low, middle)
    return (low + high) / 2


def _blueprint(document: BlueprintDocument) -> Blueprint:
    most = document.length.most
    return Blueprint(
        forms=document.forms,
        length=(math.ceil(document.length.least), int(most if most is not None else 0)),
        minutes=(
            document.minutes.least,
            math.inf if document.minutes.most is None else document.minutes.most,
        ),
        rules=[
            Rule(
                one.name,
                one.where,
                math.ceil(one.least),
                None if one.most is None else int(one.most),
            )
            for one in document.rules
        ],
        reuse=document.reuse,
        tolerance=document.tolerance,
    )


def _kept(pool: Pool, found: Assembled) -> dict[str, Any]:
    return {
        "forms": [[pool.versions[i].id for i in _together(pool, form)] for form in found.forms],
        "names": [[pool.questions[i].name for i in _together(pool, form)] for form in found.forms],
        "minutes": [sum(pool.questions[i].minutes for i in form) for form in found.forms],
        "information": found.information,
        "at": pool.at,
        "calibrated": pool.calibrated,
        "pool": len(pool.questions),
        "gap": found.gap,
    }


def _together(pool: Pool, form: Sequence[int]) -> list[int]:
    """By area, and questions about one text after one another, where the first of them stands."""
    first: dict[str, str] = {}
    for i in form:
        one = pool.questions[i]
        first.setdefault(one.stimulus or "", one.labels["area"])

    def place(i: int) -> tuple[str, str, int]:
        one = pool.questions[i]
        area = first[one.stimulus] if one.stimulus else one.labels["area"]
        return area, one.stimulus or "", i

    return sorted(form, key=place)


def _slugs(session: Session, versions: Sequence[QuestionVersion]) -> dict[int, str]:
    ids = [version.question_id for version in versions]
    rows = session.execute(sa.select(Question.id, Question.slug).where(Question.id.in_(ids)))
    return {one: slug for one, slug in rows}  # noqa: C416  rows are no pairs to the type checker


def _right(distance: float) -> float:
    return 1 / (1 + math.exp(-distance))


def information_at(ability: float, slope: float, difficulty: float) -> float:
    """Fisher's information of a right-or-wrong question: a² P (1 - P)."""
    right = _right(slope * (ability - difficulty))
    return slope**2 * right * (1 - right)


def _measured(session: Session, version_ids: list[int]) -> dict[int, Curve]:
    """The newest slope and difficulty of each version that enough people have answered.

    Of a question with several steps, the mean of their difficulties.
    """
    query = sa.select(
        ItemCalibration.question_version_id, ItemCalibration.slope, ItemCalibration.intercepts
    ).where(
        ItemCalibration.question_version_id.in_(version_ids),
        ItemCalibration.answers >= ENOUGH,
        ItemCalibration.slope > 0,
    )
    found = {}
    for version_id, slope, intercepts in session.execute(
        query.order_by(ItemCalibration.calibration_id)
    ):
        steps = [one for one in intercepts if one is not None]
        if slope is not None and steps:
            found[version_id] = (slope, -sum(steps) / len(steps) / slope)
    return found
