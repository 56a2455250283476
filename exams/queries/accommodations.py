"""Finding accommodations: a person's own, and for compliance those that wait."""

from datetime import datetime

import sqlalchemy as sa

from exams.models import Accommodation, AccommodationState


def of(account_id: int) -> sa.Select[Accommodation]:
    """Everything somebody asked for or got, the newest first."""
    query = sa.select(Accommodation).where(Accommodation.account_id == account_id)
    return query.order_by(Accommodation.id.desc())


def granted(account_id: int) -> sa.Select[Accommodation]:
    """The one that holds for somebody."""
    return of(account_id).where(Accommodation.state == AccommodationState.GRANTED)


def asked(account_id: int) -> sa.Select[Accommodation]:
    """The one that waits for an answer."""
    return of(account_id).where(Accommodation.state == AccommodationState.ASKED)


def waiting(*, viewer_id: int) -> sa.Select[Accommodation]:
    """What others asked for and nobody has answered, the most urgent first."""
    query = others(viewer_id).where(Accommodation.state == AccommodationState.ASKED)
    return query.order_by(Accommodation.answer_by, Accommodation.id)


def others(viewer_id: int) -> sa.Select[Accommodation]:
    """Anybody's but one's own."""
    return sa.select(Accommodation).where(Accommodation.account_id != viewer_id)


def overdue(*, now: datetime) -> sa.Select[Accommodation]:
    """Those whose clock has run out; each to one sweep only."""
    query = sa.select(Accommodation).where(Accommodation.state == AccommodationState.ASKED)
    return query.where(Accommodation.answer_by <= now).with_for_update(
        skip_locked=True, key_share=True
    )
