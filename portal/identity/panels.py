"""What other pages show about a person's identity: one line, and the next step."""

from datetime import datetime

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from portal.identity import evidence, queries, words
from portal.identity.models import CheckState, IdentityIndex


def home(session: Session, account_id: int, now: datetime) -> str | None:
    """For the person: shown while something is to be done about their identity, once they have begun."""
    check = queries.latest_check(session, account_id)
    if check is None:
        return None
    if check.state is CheckState.VERIFIED and not check.may_be_renewed(now=now):
        return None
    return render_template("identity/_home.html", check=check)


def recorded(session: Session, account_id: int, _now: datetime) -> str | None:
    """For the person, on "what we record about you": every signal of every check, and who looked."""
    checks = list(session.scalars(queries.checks_of(account_id)))
    if not checks:
        return None
    digests = sa.select(sa.func.count()).where(IdentityIndex.account_id == account_id)
    return render_template(
        "identity/_recorded.html",
        checks=checks,
        digests=session.scalar(digests) or 0,
        items={check.id: list(session.scalars(queries.evidence_of(check))) for check in checks},
        looks=session.scalar(evidence.looks_at(account_id)) or 0,
        words=words,
    )


def waiting(session: Session, _account_id: int, _now: datetime) -> str | None:
    """For compliance on their home page: how many checks wait for a person."""
    counted = queries.cases().order_by(None).with_only_columns(sa.func.count())
    return render_template("identity/_waiting.html", number=session.scalar(counted) or 0)


def person(session: Session, account_id: int, _now: datetime) -> str | None:
    """For compliance, on the person's page."""
    checks = list(session.scalars(queries.checks_of(account_id)))
    return render_template("identity/_person.html", checks=checks)
