"""A person's page offers their performance report to whoever may see the person."""

from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from portal.access import Role, holds
from portal.accounts.models import Account
from portal.accounts.queries import roles_of
from portal.reports import periods


def make_report(session: Session, account_id: int, now: datetime) -> str | None:
    """The form that asks for an expert's report over a month; nothing for people who never worked."""
    if not holds(Role.MANAGER) or Role.EXPERT not in roles_of(session, account_id):
        return None
    month = periods.month_before(now)
    subject = session.get_one(Account, account_id)
    return render_template("reports/_make.html", subject=subject, month=month)
