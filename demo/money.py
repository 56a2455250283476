"""Act five: time is handed in and approved, statements are drawn, runs are built, signed and sent."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo.content_files import Person
from demo.projects import MANAGERS
from demo.world import World
from payouts.models import (
    BankReturn,
    Payout,
    PayoutAttempt,
    PayoutState,
    PayRun,
    PayRunState,
    Rail,
    ReturnCause,
    ReturnState,
    TaxFormKind,
)
from payouts.service import bank, bonuses, payees, returns, runs, tax
from payouts.service.bank import Details
from payouts.service.returns import Said
from payouts.service.tax import Certified
from portal.db import transaction
from portal.money import Money
from portal.stripe import accounts
from tasks.models import Project, Timesheet, TimesheetState
from tasks.service import timesheets

SIGNS: Final = "pieter"
"""Who approves the pay runs: never their builder."""
BY_BANK: Final = "linh"
"""Whom Stripe does not reach: paid by bank transfer."""
_AT_THE_BANK: Final = "grace"
"""Who takes the files to the bank and enters what it says."""
_BONUS: Final = ("amara", "harassment-preference", "Four steady weeks")
"""Who asks for the bonus that a project's terms announce."""
_WRONG_DIGIT: Final = "0071001234565"
_BALANCE: Final = Money(5_000_000, "USD")


def fund(world: World) -> None:
    """Put money on our balance at Stripe, to pay people from."""
    world.stripe.control.fund(_BALANCE)


def open_payout_account(world: World, person: Person, now: datetime) -> None:
    """An expert has their account at Stripe made, and fills in Stripe's page; or gives a bank account."""
    if person.key == BY_BANK:
        with transaction() as session:
            _give_bank_account(session, world, _WRONG_DIGIT, now)
            form = Certified(TaxFormKind.W8BEN, person.name, person.country, "")
            tax.give(session, world.accounts[person.key], form, now=now)
        return
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


def take_to_bank(session: Session, world: World, *, now: datetime) -> None:
    """Finance makes a file of what waits for the bank, for each run that has something."""
    waiting = _at_the_bank().join(PayoutAttempt).where(PayoutAttempt.bank_file_id.is_(None))
    ids = set(session.scalars(waiting.with_only_columns(Payout.pay_run_id)))
    for run_id in sorted(ids):
        run = session.get_one(PayRun, run_id)
        bank.make_file(session, run, by=world.accounts[_AT_THE_BANK], now=now)


def enter_answers(session: Session, world: World, *, now: datetime) -> None:
    """The bank has paid; its references are entered back."""
    by = world.accounts[_AT_THE_BANK]
    for number, payout in enumerate(session.scalars(_at_the_bank()), start=1):
        reference = f"FT-{now:%y%m%d}-{number:02d}"
        bank.enter(session, payout, reference=reference, on=now.date(), by=by, now=now)


def come_back(session: Session, world: World, *, now: datetime) -> None:
    """The bank finds no such account: a digit was wrong. One person enters it, the first time."""
    if session.scalar(sa.select(BankReturn.id).limit(1)) is not None:
        return
    paid = sa.select(Payout).where(Payout.rail == Rail.MANUAL, Payout.state == PayoutState.PAID)
    for payout in session.scalars(paid.order_by(Payout.id).limit(1)):
        said = Said(
            reference=f"RT-{now:%y%m%d}-01",
            returned_on=now.date(),
            cause=ReturnCause.NO_SUCH_ACCOUNT,
            words="AC01: no account has this number.",
            amount=Money(payout.minor, payout.currency),
            charges=Money(0, payout.currency),
            arrived_on=now.date(),
        )
        returns.enter(session, payout, said, by=world.accounts[_AT_THE_BANK], now=now)


def confirm_return(session: Session, world: World, *, now: datetime) -> None:
    """Another has seen it on the bank's paper; its payee mends the digit the same day."""
    waiting = sa.select(BankReturn).where(BankReturn.state == ReturnState.ENTERED)
    for found in session.scalars(waiting):
        returns.confirm(session, found, by=world.accounts[SIGNS], now=now)
        _give_bank_account(session, world, "0071001234567", now)


def claim_bonus(session: Session, world: World, *, now: datetime) -> None:
    """An expert asks for a bonus that their terms announce; nobody has looked at it yet."""
    key, slug, name = _BONUS
    me = world.accounts[key]
    bonuses.ask_announced(
        session,
        expert_id=me,
        project=world.project(session, slug),
        name=name,
        words="Four weeks since I began, and more than 25 tasks in each.",
        by=me,
        now=now,
    )


def _give_bank_account(session: Session, world: World, number: str, now: datetime) -> None:
    account = world.account(session, BY_BANK)
    said = Details(account.display_name, account.country or "VN", number, "")
    bank.give(session, account.id, said, now=now)


def _at_the_bank() -> sa.Select[Payout]:
    """What is set aside for the bank, and not answered yet."""
    sent = sa.select(Payout).where(Payout.rail == Rail.MANUAL, Payout.state == PayoutState.SENDING)
    return sent.order_by(Payout.id)


def _sheets(state: TimesheetState) -> sa.Select[Timesheet]:
    return sa.select(Timesheet).where(Timesheet.state == state).order_by(Timesheet.id)
