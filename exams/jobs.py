"""What the worker does: grade, look again when an identity check settles, undo, sweep."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams import probe
from exams.models import (
    Accommodation,
    Application,
    Attempt,
    Exam,
    FormAssembly,
    Grade,
    JobName,
    Qualification,
    QualificationGrant,
)
from exams.queries import accommodations as accommodation_queries
from exams.queries import applications as application_queries
from exams.queries import attempts as attempt_queries
from exams.queries.qualifications import expiring
from exams.service import (
    accommodations,
    applications,
    assembling,
    attempts,
    grading,
    hand_grading,
    letters,
    outages,
    qualifications,
    settling,
)
from portal import clock
from portal.db import lock, transaction
from portal.decisions import Appeal, AppealState, Decision
from portal.identity.models import IdentityCheck
from portal.jobs import job

TOLD_BEFORE: Final = timedelta(days=30)


@job(JobName.GRADE)
def grade_attempt(attempt_id: int) -> None:
    """Score one attempt that has ended. Safe to run twice: a graded one is left alone."""
    with transaction() as session:
        attempt = lock(session, session.get_one(Attempt, attempt_id))
        grading.grade(session, attempt, now=clock.now(session))


@job(JobName.ASSEMBLE)
def assemble(assembly_id: int) -> None:
    """Assemble the forms of a blueprint. Safe to run twice: an answered one is left alone."""
    with transaction() as session:
        asked = session.get_one(FormAssembly, assembly_id)
        assembling.answer(session, asked, now=clock.now(session))


@job(JobName.GRADES_IN)
def grades_in(grade_id: int) -> None:
    """See what a grade changes that a person gave. Safe to run twice: states are looked at first."""
    with transaction() as session:
        grade = session.get_one(Grade, grade_id)
        settling.grades_in(session, grade, now=clock.now(session))


@job(JobName.IDENTITY_SETTLED)
def identity_settled(check_id: int) -> None:
    """Look again at the applications of whom the check is about. Safe to run twice."""
    with transaction() as session:
        account_id = session.get_one(IdentityCheck, check_id).account_id
        now = clock.now(session)
        for application in session.scalars(application_queries.applications_of(account_id)):
            applications.advance(session, application, now=now)


@job(JobName.APPEAL_UPHELD)
def appeal_upheld(appeal_id: int) -> None:
    """Undo what a decision of ours did. Safe to run twice: each act looks at the state first."""
    with transaction() as session:
        appeal = session.get_one(Appeal, appeal_id)
        decision = session.get_one(Decision, appeal.decision_id)
        now = clock.now(session)
        if appeal.state is not AppealState.UPHELD:
            return
        if decision.kind == "application.not_accepted":
            application = session.get_one(Application, decision.subject_id)
            applications.reopen(session, application, now=now)
        elif decision.kind == "exam.not_passed":
            grading.void(session, session.get_one(Attempt, decision.subject_id), now=now)
        elif decision.kind == "qualification.revoked":
            taken = session.get_one(QualificationGrant, decision.subject_id)
            qualifications.give_back(session, taken, now=now)
        elif decision.kind == accommodations.DECLINED:
            declined = session.get_one(Accommodation, decision.subject_id)
            accommodations.upheld(session, declined, now=now)


@job(JobName.SWEEP)
def sweep(_slot: int) -> None:
    """Find what nobody will knock for: time that is over, clocks that ran out, what expires soon.

    Safe to run twice: what it finds it moves on. First of all it says that we are there, and gives
    back the time of an outage that ends with that, before any attempt counts as over.
    """
    web = probe.web_answers()
    with transaction() as session:
        now = clock.now(session)
        gap = outages.beat(session, web=web, now=now)
        for attempt in session.scalars(outages.under_way(gap)) if gap else ():
            outages.give_back(session, attempt, now=now, gap=gap)
        for asked in session.scalars(accommodation_queries.overdue(now=now)):
            accommodations.run_out(session, asked, now=now)
        if not outages.web_is_away(session, now=now):  # else nobody can reach us: nothing ends
            for attempt in session.scalars(attempt_queries.run_out(now=now)):
                attempts.finish(session, attempt, now=now)
        for application in session.scalars(application_queries.overdue(now=now)):
            applications.hand_over(session, application, now=now)
        for attempt in session.scalars(attempt_queries.overdue(now=now)):
            grading.hand_over(session, attempt, now=now)
        hand_grading.release_overdue(session, now=now)
        hand_grading.hand_over_overdue(session, now=now)
        _tell_of_expiry(session, now)


def _tell_of_expiry(session: Session, now: datetime) -> None:
    for given in session.scalars(expiring(until=now + TOLD_BEFORE)):
        given.remind(now=now)
        if given.expires_at <= now:
            continue
        shown = sa.select(Exam).where(Exam.qualification_id == given.qualification_id)
        exam = session.scalar(shown.order_by(Exam.id).limit(1))
        title = session.get_one(Qualification, given.qualification_id).title
        path = f"/exams/about/{exam.slug}" if exam else "/"
        body = f"Your qualification “{title}” ends on {given.expires_at:%d %B %Y}."
        subject = "A qualification of yours ends soon"
        letters.to_person(session, given.account_id, subject, body, path=path, now=now)
