"""From timesheets handed in to transfers sent, each step by the person whose it is."""

from datetime import timedelta

import sqlalchemy as sa

from payouts.service import runs, statements
from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation
from portal.db import transaction
from tasks.models import Timesheet
from tasks.service import timesheets
from tests.journeys.replay.founding import open_account
from tests.journeys.replay.recorded import Expert
from tests.journeys.replay.working import MONDAY
from tests.journeys.stack import Stack


def pay(stack: Stack, experts: list[Expert]) -> None:
    """Hand in, approve, draw statements, build a run, approve it as somebody else, send."""
    stack.set_clock(MONDAY + timedelta(days=8))
    with transaction() as session:
        now = clock.now(session)
        manager = open_account(session, "manager", Role.MANAGER, now).id
        finance = open_account(session, "finance", Role.FINANCE, now).id
        for sheet in session.scalars(sa.select(Timesheet).order_by(Timesheet.id)).all():
            timesheets.submit(session, sheet, now=now)
            timesheets.approve(session, sheet, by=manager, now=now)
    stack.advance(timedelta(hours=1))
    _draw(experts)
    stack.drain()
    with transaction() as session:
        now = clock.now(session)
        client = session.scalars(sa.select(Organisation)).one()
        run = runs.build(session, organisation_id=client.id, currency="USD", by=manager, now=now)
    with transaction() as session:
        run = session.merge(run)
        runs.approve(session, run, by=finance, seen=run.lines_sha256, now=clock.now(session))
    stack.drain()


def _draw(experts: list[Expert]) -> None:
    for expert in experts:
        with transaction() as session:
            statements.draw(session, expert_id=expert.account_id, now=clock.now(session))
