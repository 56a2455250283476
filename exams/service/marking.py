"""What each answer of an attempt earns: by its key, or by what people settled on."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    CaseState,
    FormQuestion,
    GradingCase,
    KeyStanding,
    QuestionKey,
    QuestionVersion,
    ResponseScore,
)
from exams.queries import attempts as queries
from exams.queries import bank as bank_queries
from exams.questions import BY_PEOPLE, KINDS, Answer
from exams.service import sheet
from exams.service.scoring import Points

Bands = Mapping[int, Mapping[str, float]]
"""For each position that people grade: criterion to band."""


def points_of(
    session: Session,
    attempt: Attempt,
    *,
    keys: Mapping[int, QuestionKey] | None = None,
    bands: Bands | None = None,
) -> list[Points]:
    """The points of every place of the attempt's form; needs the worker's login.

    With the newest approved keys and what people settled on, where nothing else is given. An answer
    that people have not graded yet earns nothing so far. An adaptive attempt's last question is left
    out where it was neither answered nor left.
    """
    given = sheet.read(list(session.scalars(queries.events(attempt.id))))
    versions = list(session.scalars(queries.questions(attempt.form_id)))
    keys = keys or newest_keys(session, [version.id for version in versions])
    bands = settled_bands(session, attempt.id) if bands is None else bands
    scored = scored_places(session, attempt.form_id)
    points = []
    for position, version in enumerate(versions, 1):
        answer = given.answer(position)
        if attempt.design_id is not None and answer is None and position not in given.final:
            continue  # shown when the time was over: it counts neither way
        key = keys[version.id]
        share = _share(version, key, answer, bands.get(position))
        points.append(
            Points(
                position=position,
                version_id=version.id,
                key_number=key.number,
                area=version.area,
                earned=share * version.points,
                possible=version.points,
                answered=answer is not None,
                seconds=given.seconds.get(position),
                scored=position in scored,
            )
        )
    return points


def again(session: Session, attempt: Attempt, score_number: int) -> list[Points]:
    """The points of an earlier score, computed anew from the answers and the keys of that time.

    Whatever became of questions, keys and forms since then, these equal the points that were kept.
    """
    kept = sa.select(ResponseScore.question_version_id, ResponseScore.key_number).where(
        ResponseScore.attempt_id == attempt.id, ResponseScore.score_number == score_number
    )
    numbers = session.execute(kept).all()
    wanted = sa.tuple_(QuestionKey.question_version_id, QuestionKey.number).in_(
        [(version_id, number) for version_id, number in numbers]
    )
    keys = {
        key.question_version_id: key
        for key in session.scalars(sa.select(QuestionKey).where(wanted))
    }
    return points_of(session, attempt, keys=keys)


def newest_keys(session: Session, version_ids: list[int]) -> dict[int, QuestionKey]:
    """The newest approved key of each version."""
    query = (
        sa.select(QuestionKey)
        .join(
            KeyStanding,
            sa.and_(
                KeyStanding.question_version_id == QuestionKey.question_version_id,
                KeyStanding.number == QuestionKey.number,
            ),
        )
        .where(QuestionKey.question_version_id.in_(version_ids), bank_queries.counted_keys())
    )
    ordered = query.order_by(QuestionKey.number)
    return {key.question_version_id: key for key in session.scalars(ordered)}


def settled_bands(session: Session, attempt_id: int) -> dict[int, dict[str, Any]]:
    """What people settled on, by position."""
    settled = sa.select(GradingCase.position, GradingCase.bands).where(
        GradingCase.attempt_id == attempt_id, GradingCase.state == CaseState.SETTLED
    )
    return {
        position: bands
        for position, bands in session.execute(settled)
        if position is not None and bands is not None
    }


def scored_places(session: Session, form_id: int) -> set[int]:
    """The places of a form that count; the others are on trial."""
    scored = sa.select(FormQuestion.position).where(
        FormQuestion.form_id == form_id, FormQuestion.scored
    )
    return set(session.scalars(scored))


def _share(
    version: QuestionVersion,
    key: QuestionKey,
    answer: Answer | None,
    bands: Mapping[str, float] | None,
) -> float:
    if answer is None:
        return 0.0
    if version.type in BY_PEOPLE:
        answer = {"bands": dict(bands or {})}
    return KINDS[version.type].score(version.content, key.key, answer)
