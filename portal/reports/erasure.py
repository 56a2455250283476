"""Reports about a person go with their account."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.reports.models import Report


def of_account(session: Session, account_id: int, _now: datetime) -> list[int]:
    """Delete them, and say which files they were kept in."""
    mine = Report.account_id == account_id
    files = [each for each in session.scalars(sa.select(Report.file_id).where(mine)) if each]
    session.execute(sa.delete(Report).where(mine))
    return files
