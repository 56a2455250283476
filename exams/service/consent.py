"""What people said at the gate before a question that may hurt to read."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Attempt, QuestionConsent


def given(session: Session, attempt_id: int, position: int) -> bool | None:
    """What they said last; None where they have not been asked."""
    said = sa.select(QuestionConsent.agreed).where(
        QuestionConsent.attempt_id == attempt_id, QuestionConsent.position == position
    )
    return session.scalar(said.order_by(QuestionConsent.id.desc()).limit(1))


def give(session: Session, attempt: Attempt, position: int, *, agreed: bool, now: datetime) -> None:
    """Keep it; said again, nothing is added."""
    if given(session, attempt.id, position) is not agreed:
        session.add(
            QuestionConsent(attempt_id=attempt.id, position=position, agreed=agreed, at=now)
        )
        session.flush()


def left_out(session: Session, attempt_id: int) -> list[int]:
    """The places whose question they chose not to see."""
    asked = sa.select(QuestionConsent.position).where(QuestionConsent.attempt_id == attempt_id)
    places = session.scalars(asked.distinct().order_by(QuestionConsent.position))
    return [place for place in places if given(session, attempt_id, place) is False]
