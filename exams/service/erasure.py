"""What exams keep of a person who wants to be forgotten: results and answers, by no name."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Accommodation, Application, Attempt, ScoreReport
from exams.service import applications, self_identification
from portal.db import lock


def of_account(session: Session, account_id: int, now: datetime) -> list[int]:
    """What they wrote in applications, arrangements for exams, what they said of themselves, papers."""
    for application in session.scalars(_applications(account_id)):
        lock(session, application)
        if application.decided_at is None:
            applications.withdraw(session, application, now=now)
        application.explanation = None
        if application.answers is not None:
            application.answers = {}
    session.execute(sa.delete(Accommodation).where(Accommodation.account_id == account_id))
    self_identification.take_back(session, account_id)
    mine = sa.select(Attempt.id).where(Attempt.account_id == account_id)
    papers = ScoreReport.attempt_id.in_(mine)
    files = [each for each in session.scalars(sa.select(ScoreReport.file_id).where(papers)) if each]
    session.execute(sa.delete(ScoreReport).where(papers))
    return files


def _applications(account_id: int) -> sa.Select[Application]:
    mine = sa.select(Application).where(Application.account_id == account_id)
    return mine.order_by(Application.id)
