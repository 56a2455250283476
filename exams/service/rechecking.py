"""Whether a past attempt still comes out as it was kept: its points, and each choice it was led by.

Needs the worker's login.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    AdaptiveStep,
    Attempt,
    DesignQuestion,
    EventKind,
    QuestionKey,
    ResponseScore,
)
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.service import adaptive, marking, sheet

_ALIKE = 1e-9


def points(session: Session, attempt: Attempt, score_number: int) -> tuple[int, list[int]]:
    """How many questions were scored, and those that earn something else by the keys of that time."""
    rows = sa.select(ResponseScore.position, ResponseScore.earned).where(
        ResponseScore.attempt_id == attempt.id, ResponseScore.score_number == score_number
    )
    again = {one.position: one.earned for one in marking.again(session, attempt, score_number)}
    kept = session.execute(rows.order_by(ResponseScore.position)).all()
    differing = [place for place, earned in kept if abs(earned - again.get(place, -1)) > _ALIKE]
    return len(kept), differing


def choices(session: Session, attempt: Attempt) -> list[int]:
    """The places of an adaptive attempt at which another question would follow now than was asked.

    Also those after which what is known now is not what the chain was sealed with.
    """
    credit = _credit(session, attempt)
    asked = queries.drawn(session, attempt)
    again = adaptive.replayed(session, attempt, credit)
    differing = {
        number
        for number, (chosen, place) in enumerate(zip(again, asked, strict=False), 1)
        if chosen.place != place
    }
    return sorted(differing | _unsealed(session, attempt, len(credit)))


def _credit(session: Session, attempt: Attempt) -> list[float]:
    """What each answer that was given for good earns by the keys that the design froze."""
    frozen = (
        sa.select(QuestionKey)
        .join(
            DesignQuestion,
            sa.and_(
                DesignQuestion.question_version_id == QuestionKey.question_version_id,
                DesignQuestion.key_number == QuestionKey.number,
            ),
        )
        .where(DesignQuestion.design_id == attempt.design_id)
    )
    keys = {key.question_version_id: key for key in session.scalars(frozen)}
    final = sheet.read(list(session.scalars(attempt_queries.events(attempt.id)))).final
    found = marking.points_of(session, attempt, keys=keys)
    return [one.earned / one.possible for one in found if one.position in final]


def _unsealed(session: Session, attempt: Attempt, answers: int) -> set[int]:
    """Answers after which the step that was kept is not the one whose digest the next event holds."""
    steps = {
        one.position: adaptive.sealed(one.salt, one.ability, one.standard_error)
        for one in session.scalars(
            sa.select(AdaptiveStep).where(AdaptiveStep.attempt_id == attempt.id)
        )
    }
    told = [
        one.payload["after"]
        for one in session.scalars(attempt_queries.events(attempt.id))
        if one.kind in {EventKind.CHOSEN, EventKind.FINISHED} and "after" in one.payload
    ]
    kept = [steps.get(position) for position in range(1, answers + 1)]
    return {
        position
        for position, (step, digest) in enumerate(zip(kept, told, strict=False), 1)
        if step != digest
    } | set(range(min(len(kept), len(told)) + 1, max(len(kept), len(told)) + 1))
