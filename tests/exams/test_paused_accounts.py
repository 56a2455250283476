"""A paused account begins neither an application nor an exam, and finishes what it has begun."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from exams.models import AttemptState, Exam
from exams.service import applications, attempts, starting
from portal.accounts.models import Account
from portal.errors import Conflict
from tests.make import Make


def test_a_paused_account_begins_no_exam_and_loses_no_attempt(
    session: Session, make: Make, now: datetime
) -> None:
    exam, account = make.exam(), make.applicant()
    make.application(account, make.opening(exam))
    before = starting.may_start(session, exam, account.id, now=now)
    assert before.allowed
    account.pause()
    session.flush()
    verdict = starting.may_start(session, exam, account.id, now=now)
    assert (verdict.reason, verdict.left) == (starting.ACCOUNT_PAUSED, before.left)
    with pytest.raises(Conflict, match="paused while a person looks"):
        starting.start(session, exam, account_id=account.id, now=now)
    account.resume()
    session.flush()
    assert starting.may_start(session, exam, account.id, now=now).allowed


def test_an_attempt_under_way_goes_on(session: Session, make: Make, now: datetime) -> None:
    attempt = make.attempt()
    account = session.get_one(Account, attempt.account_id)
    account.pause()
    session.flush()
    exam = session.get_one(Exam, attempt.exam_id)
    assert starting.start(session, exam, account_id=account.id, now=now) is attempt
    attempts.finish(session, attempt, now=now)
    assert attempt.state is not AttemptState.OPEN


def test_a_paused_account_begins_no_application(
    session: Session, make: Make, now: datetime
) -> None:
    account, opening = make.applicant(), make.opening()
    account.pause()
    session.flush()
    with pytest.raises(Conflict, match="paused while a person looks"):
        applications.start(session, opening=opening, account_id=account.id, country="KE", now=now)
