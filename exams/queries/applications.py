"""Finding openings and applications: a person's own, and those that wait for a person of ours."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    ANY_OTHER_COUNTRY,
    Application,
    ApplicationState,
    Opening,
    OpeningState,
    PayCountry,
)
from exams.models.applications import OPEN


def readable_openings() -> sa.Select[Opening]:
    """What everybody may read: open ones, and closed ones that say so."""
    return sa.select(Opening).where(Opening.state != OpeningState.DRAFT).order_by(Opening.id)


def open_openings() -> sa.Select[Opening]:
    """What people may apply to."""
    return sa.select(Opening).where(Opening.state == OpeningState.OPEN).order_by(Opening.id)


def pay_in(session: Session, country: str) -> PayCountry | None:
    """What holds for a country: its own row, or the one for all that are not named."""
    return session.get(PayCountry, country) or session.get(PayCountry, ANY_OTHER_COUNTRY)


def countries() -> sa.Select[PayCountry]:
    """The countries by name."""
    query = sa.select(PayCountry).where(PayCountry.country != ANY_OTHER_COUNTRY)
    return query.order_by(PayCountry.name)


def applications_of(account_id: int) -> sa.Select[Application]:
    """The person's applications, newest first."""
    query = sa.select(Application).where(Application.account_id == account_id)
    return query.order_by(Application.id.desc())


def open_application(account_id: int, opening_id: int) -> sa.Select[Application]:
    """The one that has not ended, if there is one."""
    mine = applications_of(account_id).where(Application.opening_id == opening_id)
    return mine.where(Application.state.in_(OPEN))


def for_exam(account_id: int, exam_id: int) -> sa.Select[Application]:
    """The person's applications to openings that ask for the exam, the newest first."""
    query = applications_of(account_id).join(Opening, Opening.id == Application.opening_id)
    return query.where(Opening.exam_id == exam_id)


def screened_for_exam(account_id: int, exam_id: int) -> sa.Select[Application]:
    """The person's open applications to openings that ask for the exam."""
    return (
        applications_of(account_id)
        .join(Opening, Opening.id == Application.opening_id)
        .where(Opening.exam_id == exam_id, Application.state == ApplicationState.SCREENED)
    )


def waiting() -> sa.Select[Application]:
    """The applications that a person of ours must look at, the most urgent first."""
    query = sa.select(Application).where(Application.state == ApplicationState.REVIEW)
    return query.order_by(Application.review_due_at, Application.id)


def overdue(*, now: datetime) -> sa.Select[Application]:
    """Those whose clock has run out; each to one sweep only."""
    return waiting().where(Application.review_due_at <= now).with_for_update(skip_locked=True)
