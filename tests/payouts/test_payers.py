"""Each payer stands alone: its own netting, its own statements, its own numbers without a gap."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import Statement
from payouts.queries import runs as run_queries
from payouts.service import runs, statements
from portal.access import Role
from portal.accounts.models import Account, Organisation
from tasks.models import Timesheet, TimesheetState
from tasks.service import timesheets
from tests.make import Make


def test_one_clients_corrections_do_not_hold_up_what_another_owes(
    session: Session, make: Make, now: datetime
) -> None:
    expert, ours, theirs = make.payee(), make.organisation(), make.organisation()
    _approved(session, make, expert, theirs, seconds=600, correction=-3600, now=now)
    make.now = now + timedelta(hours=2)
    _approved(session, make, expert, ours, seconds=3600, correction=0, now=now)
    (statement,) = statements.draw(session, expert_id=expert.id, now=now)
    assert statement.organisation_id == ours.id
    manager = make.account(Role.MANAGER)
    run = runs.build(session, organisation_id=ours.id, currency="USD", by=manager.id, now=now)
    (payout,) = session.scalars(run_queries.payouts(run.id))
    assert payout.minor == 3850
    (waiting,) = session.scalars(
        sa.select(Timesheet).where(Timesheet.state == TimesheetState.APPROVED)
    )
    assert waiting.expert_id == expert.id


def test_each_payer_has_its_own_statement_of_the_week(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.expert()
    for hour, client in enumerate((make.organisation(), make.organisation())):
        make.now = now + timedelta(hours=2 * hour)
        _approved(session, make, expert, client, seconds=600, correction=0, now=now)
    drawn = statements.draw(session, expert_id=expert.id, now=now)
    assert sorted((s.label, s.number) for s in drawn) == [("2026-48", 1), ("2026-48/2", 1)]


def test_a_payer_numbers_its_statements_one_by_one(session: Session, make: Make) -> None:
    client = make.organisation()
    for hour in range(3):
        make.now = make.now + timedelta(hours=hour)
        make.statement(project=make.project(organisation=client))
    numbers = session.scalars(sa.select(Statement.number).order_by(Statement.id))
    assert list(numbers) == [1, 2, 3]


def test_the_database_refuses_a_gap_in_the_numbers(session: Session, make: Make) -> None:
    statement = make.statement()
    columns = [c.name for c in Statement.__table__.columns if c.name not in {"id", "public_id"}]
    changed = {"number": sa.literal(3), "part": sa.literal(9)}
    row = sa.select(
        sa.func.gen_random_uuid(),
        *(changed.get(name, Statement.__table__.c[name]) for name in columns),
    ).where(Statement.id == statement.id)
    with pytest.raises(IntegrityError, match="leaves a gap"):
        session.execute(sa.insert(Statement).from_select(["public_id", *columns], row))


def _approved(
    session: Session,
    make: Make,
    expert: Account,
    client: Organisation,
    *,
    seconds: int,
    correction: int,
    now: datetime,
) -> None:
    """A week for a client that somebody approved, with a correction where one is given."""
    project = make.project(organisation=client)
    sheet = make.timesheet(expert=expert, project=project, seconds=seconds, submitted=True)
    approver = make.account(Role.MANAGER).id
    if correction:
        asked = timesheets.adjust(
            session,
            sheet,
            seconds=correction,
            work_day=now.date(),
            reason="Counted on two projects.",
            requested_by=expert.id,
            now=now,
        )
        timesheets.approve_adjustment(session, asked, by=approver, now=now)
    timesheets.approve(session, sheet, by=approver, now=now)
