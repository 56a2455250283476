"""What money brings to home pages."""

from datetime import datetime

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from payouts.models import Payout, PayoutState, PayRun, PayRunState
from payouts.queries import bank as bank_queries
from payouts.queries import reach
from payouts.service import findings
from payouts.views import earnings, words
from portal.access import Role

_TROUBLE = (PayoutState.REFUSED, PayoutState.RETURNED)


def earnings_panel(session: Session, account_id: int, now: datetime) -> str | None:
    """Where the expert's money is, and what holds some of it up."""
    money = earnings.whereabouts(session, account_id, now=now)
    held = earnings.held(session, account_id)
    if not money and not held:
        return None
    return render_template(
        "payouts/panel_earnings.html", money=money, held=held, words=words, year=now.year
    )


def runs_panel(session: Session, account_id: int, _now: datetime) -> str | None:
    """Runs and returns that wait for a second person, payouts that need somebody, whether all is frozen."""
    roles = (Role.MANAGER, Role.FINANCE)
    built = reach.runs_of(account_id, *roles).where(PayRun.state == PayRunState.BUILT)
    trouble = reach.payouts_of(account_id, *roles).where(Payout.state.in_(_TROUBLE))
    count = trouble.with_only_columns(sa.func.count())
    waiting = session.scalars(built.limit(5)).all()
    problems = session.scalar(count) or 0
    frozen = findings.frozen(session)
    ids = reach.payouts_of(account_id, Role.FINANCE).with_only_columns(Payout.id).order_by(None)
    returns = session.execute(bank_queries.unconfirmed(ids)).all()
    if not waiting and not problems and not frozen and not returns:
        return None
    return render_template(
        "payouts/panel_runs.html",
        runs=waiting,
        problems=problems,
        frozen=frozen,
        returns=returns,
        words=words,
    )
