"""What the home page says of appeals to those who answer them."""

from datetime import datetime

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from portal import access
from portal.decisions import queries
from portal.decisions.models import Appeal, AppealState


def waiting(session: Session, _account_id: int, _now: datetime) -> str | None:
    """How many appeals wait that this person may answer; nothing where none does."""
    appeals = queries.appeals_for(access.person()).where(Appeal.state == AppealState.OPEN)
    counted = appeals.with_only_columns(sa.func.count())
    number = session.scalar(counted) or 0
    return render_template("decisions/_waiting.html", number=number) if number else None
