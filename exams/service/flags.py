"""Settling a flag: a person has looked and says what came of it. Nothing else follows from one."""

from datetime import datetime

from sqlalchemy.orm import Session

from exams.models import AnswerFlag, FlagState
from portal import audit
from portal.db import lock
from portal.errors import Invalid


def settle(
    session: Session,
    flag: AnswerFlag,
    *,
    outcome: FlagState,
    words: str,
    by: int,
    now: datetime,
) -> None:
    """Record what a person made of it. No result, no attempt and nobody's standing changes by it."""
    if not words.strip():
        raise Invalid("Say what you found: whoever asks later reads it.")
    lock(session, flag)
    flag.settle(outcome, by=by, words=words.strip(), now=now)
    subject = ("answer_flag", flag.id)
    audit.record(session, actor=by, action=f"flag.{outcome}", subject=subject, now=now)
