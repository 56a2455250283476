"""Act five: time is handed in and approved, statements are drawn, runs are built, signed and sent."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo.content_files import Person
from demo.projects import MANAGERS
from demo.world import World
from payouts.models import PayRun, PayRunState, TaxFormKind
from payouts.service import payees, runs, tax
from payouts.service.tax import Certified
from portal.db import transaction
from portal.money import Money
from portal.stripe import accounts
from tasks.models import Project, Timesheet, TimesheetState
from tasks.service import timesheets

SIGNS: Final = "pieter"
"""Who approves the pay runs: never their builder."""
_BALANCE: Final = Money(5_000_000, "USD")


def fund(world: World) -> None:
    """Put money on our balance at Stripe, to pay people from."""
    world.stripe.control.fund(_BALANCE)


def open_payout_account(world: World, person: Person, now: datetime) -> None:
    """An expert has their account at Stripe made, and fills in Stripe's page."""
    with transaction() as session:
        account = world.account(session, person.key)
        payee = payees.begin(session, account, country=person.country, now=now)
    made = accounts.ensure(
        known=payee.stripe_id,
        reference=str(account.public_id),
        email=account.email,
        country=payee.country,
        display_name=account.display_name,
        idempotency_key=str(payee.creation_key),
    )
    world.stripe.onboard(made.id)
    ready = accounts.retrieve(made.id)
    form = Certified(TaxFormKind.W8BEN, account.display_name, person.country, "")
    with transaction() as session:
        payees.seen(session, account.id, ready, now=now)
        tax.give(session, account.id, form, now=now)


def hand_in(session: Session, monday: datetime, *, now: datetime) -> None:
    """Everybody hands in their time of the week that began on `monday`."""
    for sheet in session.scalars(
        _sheets(TimesheetState.OPEN).where(Timesheet.week == monday.date())
    ):
        timesheets.submit(session, sheet, now=now)


def approve_time(session: Session, world: World, *, now: datetime) -> None:
    """Each manager approves what was handed in for their client's projects."""
    for slug, manager in MANAGERS.items():
        of_client = Project.organisation_id == world.organisations[slug]
        waiting = _sheets(TimesheetState.SUBMITTED).join(Project).where(of_client)
        for sheet in session.scalars(waiting):
            timesheets.approve(session, sheet, by=world.accounts[manager], now=now)


def build_runs(session: Session, world: World, *, now: datetime) -> None:
    """Each manager puts what their client's work has earned into a run, where there is anything."""
    for slug, manager in MANAGERS.items():
        organisation_id = world.organisations[slug]
        by, currency = world.accounts[manager], _BALANCE.currency
        if runs.preview(session, organisation_id=organisation_id, currency=currency, by=by):
            runs.build(session, organisation_id=organisation_id, currency=currency, by=by, now=now)


def sign_runs(session: Session, world: World, *clients: str, now: datetime) -> None:
    """Finance looks at the lines of each client's waiting run and signs them; the outbox sends."""
    of_clients = PayRun.organisation_id.in_([world.organisations[slug] for slug in clients])
    waiting = sa.select(PayRun).where(PayRun.state == PayRunState.BUILT, of_clients)
    for run in session.scalars(waiting.order_by(PayRun.id)):
        runs.approve(session, run, by=world.accounts[SIGNS], seen=run.lines_sha256, now=now)


def _sheets(state: TimesheetState) -> sa.Select[Timesheet]:
    return sa.select(Timesheet).where(Timesheet.state == state).order_by(Timesheet.id)
