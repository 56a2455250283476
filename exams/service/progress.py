"""What an application still needs: its task list, read from the facts each time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from exams.models import Application, ApplicationState, Attempt, AttemptState, Exam, Opening
from exams.queries import attempts as attempt_queries
from exams.queries.qualifications import live_qualifications
from portal import agreements
from portal.agreements import AgreementVersion
from portal.identity import verified_check

AGREEMENTS = ("platform", "privacy")
"""Kinds that are accepted before the exam, as far as they are published."""


class Task(StrEnum):
    """What is to be done, in order."""

    SCREENING = "screening"
    AGREEMENT = "agreement"
    EXAM = "exam"
    IDENTITY = "identity"


@dataclass(frozen=True)
class Progress:
    """Which tasks are done, and which may be done now."""

    done: frozenset[Task]
    available: frozenset[Task]
    attempt: Attempt | None

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.done == frozenset(Task)

    @property
    def following(self) -> Task | None:
        """The first task that is open to be done."""
        return next((task for task in Task if task in self.available), None)


def of(session: Session, application: Application, *, now: datetime) -> Progress:
    """How far an application is."""
    exam_id = session.get_one(Opening, application.opening_id).exam_id
    attempt = session.scalar(attempt_queries.at_exam(application.account_id, exam_id).limit(1))
    done = {
        task
        for task, fact in {
            Task.SCREENING: application.state
            not in {ApplicationState.STARTED, ApplicationState.REVIEW}
            and application.screened_at is not None,
            Task.AGREEMENT: not outstanding(session, application.account_id),
            Task.EXAM: qualified(session, application.account_id, exam_id, now=now),
            Task.IDENTITY: verified_check(session, application.account_id) is not None,
        }.items()
        if fact
    }
    return Progress(frozenset(done), _available(application, done, attempt), attempt)


def outstanding(session: Session, account_id: int) -> list[AgreementVersion]:
    """The published agreements that the person has not accepted in their newest version."""
    newest = [agreements.current(session, kind) for kind in AGREEMENTS]
    return [
        version
        for version in newest
        if version and not agreements.accepted(session, account_id=account_id, kind=version.kind)
    ]


def qualified(session: Session, account_id: int, exam_id: int, *, now: datetime) -> bool:
    """Whether the person holds now what the exam shows."""
    shown = session.get_one(Exam, exam_id).qualification_id
    held = live_qualifications(account_id, now)
    return any(grant.qualification_id == shown for grant in session.scalars(held))


def _available(
    application: Application, done: set[Task], attempt: Attempt | None
) -> frozenset[Task]:
    if application.state is ApplicationState.STARTED:
        return frozenset({Task.SCREENING})
    if application.state is not ApplicationState.SCREENED:
        return frozenset()
    if Task.AGREEMENT not in done:
        return frozenset({Task.AGREEMENT})
    waits = attempt is not None and attempt.state in {AttemptState.FINISHED, AttemptState.BELOW}
    closed = done | ({Task.EXAM} if waits else set())
    return frozenset(set(Task) - closed)
