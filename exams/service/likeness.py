"""Comparing a new writing sample with everyone else's: what is found waits for a person's eyes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    GradingCase,
    QuestionType,
    QuestionVersion,
    TextLikeness,
    TextSketch,
)
from exams.questions import likeness


def look(
    session: Session,
    attempt: Attempt,
    position: int,
    version: QuestionVersion,
    text: str,
    *,
    now: datetime,
) -> None:
    """Keep the sample's sketch, and what other people's samples share much with it.

    Only writing samples, only of other people, and without what the question itself says.
    """
    if version.type is not QuestionType.WRITING_SAMPLE:
        return
    mine = likeness.sketch(text)
    for other in session.scalars(_others(attempt, version)):
        if likeness.resemblance(mine, other.sketch) < likeness.WORTH_COMPARING:
            continue
        theirs = session.scalar(
            sa.select(GradingCase.text).where(
                GradingCase.attempt_id == other.attempt_id, GradingCase.position == other.position
            )
        )
        found = likeness.compare(text, theirs or "", given=version.content["stem"])
        if found.share >= likeness.NEARLY_THE_SAME:
            session.add(
                TextLikeness(
                    attempt_id=attempt.id,
                    position=position,
                    other_attempt_id=other.attempt_id,
                    share=found.share,
                    passages=found.passages,
                    found_at=now,
                )
            )
    session.add(
        TextSketch(
            attempt_id=attempt.id, position=position, question_id=version.question_id, sketch=mine
        )
    )
    session.flush()


def _others(attempt: Attempt, version: QuestionVersion) -> sa.Select[TextSketch]:
    theirs = sa.select(TextSketch).join(Attempt, Attempt.id == TextSketch.attempt_id)
    others = theirs.where(
        TextSketch.question_id == version.question_id, Attempt.account_id != attempt.account_id
    )
    return others.order_by(TextSketch.attempt_id)
