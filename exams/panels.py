"""What other pages show of this package: the next step, qualifications, results, openings."""

from datetime import datetime

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from exams.models import ApplicationState, Exam, Opening, Qualification
from exams.queries import accommodations, applications, attempts, reach, results
from exams.queries.qualifications import live_qualifications
from exams.service import progress, sitting_record


def next_step(session: Session, account_id: int, now: datetime) -> str | None:
    """For the applicant at home: where the application stands, or what to apply to."""
    application = session.scalar(applications.applications_of(account_id).limit(1))
    if application is None:
        found = list(session.scalars(applications.open_openings()))
        return render_template("exams/panel_openings.html", openings=found) if found else None
    if application.state is ApplicationState.APPROVED:
        return None
    opening = session.get_one(Opening, application.opening_id)
    return render_template(
        "exams/panel_application.html",
        application=application,
        opening=opening,
        exam=session.get_one(Exam, opening.exam_id),
        progress=progress.of(session, application, now=now),
    )


def qualifications(session: Session, account_id: int, now: datetime) -> str | None:
    """For the expert at home: what they hold, and until when."""
    live = live_qualifications(account_id, now).join(Qualification).add_columns(Qualification)
    held = [(grant, shown) for grant, shown in session.execute(live)]
    if not held:
        return None
    return render_template("exams/panel_qualifications.html", held=held, now=now)


def person_results(session: Session, account_id: int, _now: datetime) -> str | None:
    """On a person's page: how they did in exams."""
    found = results.results_of(session, account_id)
    return render_template("exams/panel_results.html", results=found) if found else None


def start(session: Session, _account_id: int, _now: datetime) -> str | None:
    """On the public start page: the openings."""
    found = list(session.scalars(applications.open_openings()))
    return render_template("exams/panel_openings.html", openings=found) if found else None


def recorded(session: Session, account_id: int, _now: datetime) -> str | None:
    """On "what we record about you": what was kept of each sitting besides its answers."""
    found = list(session.scalars(attempts.attempts_of(account_id).limit(20)))
    if not found:
        return None
    return render_template(
        "exams/_recorded.html",
        exams={exam.id: exam for exam in session.scalars(attempts.exams())},
        rows=[
            (one, sitting_record.read(list(session.scalars(attempts.events(one.id)))))
            for one in found
        ],
        needs=list(session.scalars(accommodations.of(account_id))),
        applied=session.scalar(applications.applications_of(account_id).limit(1)),
    )


def waiting(session: Session, account_id: int, _now: datetime) -> str | None:
    """For reviewers and managers at home: how much waits."""
    from_others = applications.waiting().where(reach.applications_for(account_id))
    counted = sa.select(sa.func.count()).select_from(from_others.subquery())
    number = session.scalar(counted) or 0
    return render_template("exams/panel_waiting.html", number=number) if number else None
