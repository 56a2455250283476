"""Who holds which qualification."""

from datetime import datetime

import sqlalchemy as sa

from exams.models import QualificationGrant


def live_qualifications(account_id: int, now: datetime) -> sa.Select[QualificationGrant]:
    """The grants that count now: neither expired nor revoked."""
    return sa.select(QualificationGrant).where(
        QualificationGrant.account_id == account_id,
        QualificationGrant.revoked_at.is_(None),
        QualificationGrant.expires_at > now,
    )


def grants_of(account_id: int) -> sa.Select[QualificationGrant]:
    """Every grant of a person, the newest first."""
    query = sa.select(QualificationGrant).where(QualificationGrant.account_id == account_id)
    return query.order_by(QualificationGrant.granted_at.desc(), QualificationGrant.id.desc())


def expiring(*, until: datetime) -> sa.Select[QualificationGrant]:
    """The grants about to run out whose holders have not been told; each to one sweep only."""
    query = sa.select(QualificationGrant).where(
        QualificationGrant.revoked_at.is_(None),
        QualificationGrant.reminded_at.is_(None),
        QualificationGrant.expires_at <= until,
    )
    return query.with_for_update(skip_locked=True)
