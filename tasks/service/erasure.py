"""What the work keeps of a person who wants to be forgotten: judgments under their pseudonym."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tasks.models import Draft


def of_account(session: Session, account_id: int, _now: datetime) -> list[int]:
    """Drafts go; what was handed in stays, with the pseudonym that it is released under."""
    session.execute(sa.delete(Draft).where(Draft.expert_id == account_id))
    return []
