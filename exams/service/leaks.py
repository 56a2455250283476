"""That a question is known outside: said by a person, kept for good; no result changes by it."""

from datetime import datetime

from sqlalchemy.orm import Session

from exams.models import Question, QuestionLeak
from exams.queries import measuring as queries
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Invalid


def say(
    session: Session, question: Question, *, known: bool, words: str, by: int, now: datetime
) -> QuestionLeak:
    """Write it down. Raises `Invalid` without words, `Conflict` where the same holds already."""
    if not words.strip():
        raise Invalid("Say what was found, and where.")
    lock(session, question)
    newest = session.scalar(queries.leaks(question.id).limit(1))
    if known == (newest is not None and newest.known):
        raise Conflict("That is what holds already.")
    said = QuestionLeak(question_id=question.id, known=known, words=words.strip(), by_id=by, at=now)
    session.add(said)
    session.flush()
    action = "question.known_outside" if known else "question.cleared"
    audit.record(session, actor=by, action=action, subject=("question", question.id), now=now)
    return said
