"""Pay runs, their payouts and lines, and what could be in the next."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from payouts.models import (
    AttemptState,
    JobName,
    Payout,
    PayoutAccount,
    PayoutAttempt,
    PayoutLine,
    PayoutState,
    PayRun,
    PayRunState,
    Rail,
    Statement,
    StatementLine,
)
from portal.jobs.models import OutboxRow, OutboxState
from tasks.models import Project

_OURS: Final = re.compile(r"payout_([0-9a-f]{32})")
COMMITTED: Final = (PayoutState.READY, PayoutState.HELD, PayoutState.REFUSED, PayoutState.RETURNED)
"""Approved and not at the rail: what the ledger calls approved."""


def free_lines(organisation_id: int, currency: str) -> sa.Select[int, StatementLine]:
    """Lines of the organisation's projects that are in no payout that counts, with their experts."""
    taken = sa.exists().where(
        PayoutLine.statement_line_id == StatementLine.id, PayoutLine.released_at.is_(None)
    )
    return (
        sa.select(Statement.expert_id, StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(Project, Project.id == StatementLine.project_id)
        .where(Project.organisation_id == organisation_id, Statement.currency == currency, ~taken)
        .order_by(Statement.expert_id, StatementLine.id)
    )


def free_totals(organisation_ids: list[int], *, builder: int) -> sa.Select[int, str, int, int]:
    """What a run of this builder could pay: organisation, currency, people, minor units."""
    taken = sa.exists().where(
        PayoutLine.statement_line_id == StatementLine.id, PayoutLine.released_at.is_(None)
    )
    people = sa.func.count(sa.distinct(Statement.expert_id))
    return (
        sa.select(
            Project.organisation_id,
            Statement.currency,
            people,
            sa.cast(sa.func.sum(StatementLine.amount_minor), sa.BigInteger),
        )
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(Project, Project.id == StatementLine.project_id)
        .where(
            Project.organisation_id.in_(organisation_ids), Statement.expert_id != builder, ~taken
        )
        .group_by(Project.organisation_id, Statement.currency)
        .order_by(Project.organisation_id, Statement.currency)
    )


def payouts(run_id: int) -> sa.Select[Payout]:
    """A run's payouts by payee."""
    return sa.select(Payout).where(Payout.pay_run_id == run_id).order_by(Payout.expert_id)


def signed_lines(run_id: int) -> sa.Select[int, int, int, int, str]:
    """What an approval signs: payee, payout's amount, line, its amount, its formula."""
    return (
        sa.select(
            Payout.expert_id,
            Payout.minor,
            StatementLine.id,
            PayoutLine.minor,
            StatementLine.formula,
        )
        .join(PayoutLine, PayoutLine.payout_id == Payout.id)
        .join(StatementLine, StatementLine.id == PayoutLine.statement_line_id)
        .where(Payout.pay_run_id == run_id)
        .order_by(Payout.expert_id, StatementLine.id)
    )


def lines_of_run(run_id: int) -> sa.Select[PayoutLine]:
    """The lines of a run's payouts."""
    of_run = sa.select(Payout.id).where(Payout.pay_run_id == run_id)
    return sa.select(PayoutLine).where(PayoutLine.payout_id.in_(of_run))


def lines_of_payout(payout_id: int) -> sa.Select[PayoutLine]:
    """The lines that a payout pays."""
    return sa.select(PayoutLine).where(PayoutLine.payout_id == payout_id)


def last_signed(organisation_id: int, currency: str, before: int | None) -> sa.Select[PayRun]:
    """The organisation's last approved run in the currency, before another where given."""
    found = sa.select(PayRun).where(
        PayRun.organisation_id == organisation_id,
        PayRun.currency == currency,
        PayRun.state.in_([PayRunState.APPROVED, PayRunState.DONE]),
    )
    if before is not None:
        found = found.where(PayRun.id < before)
    return found.order_by(PayRun.id.desc()).limit(1)


def open_attempt(payout_id: int) -> sa.Select[PayoutAttempt]:
    """The try whose outcome is not known yet."""
    return sa.select(PayoutAttempt).where(
        PayoutAttempt.payout_id == payout_id, PayoutAttempt.state == AttemptState.OPEN
    )


def succeeded_attempt(payout_id: int) -> sa.Select[PayoutAttempt]:
    """The try that paid it."""
    return sa.select(PayoutAttempt).where(
        PayoutAttempt.payout_id == payout_id, PayoutAttempt.state == AttemptState.SUCCEEDED
    )


def attempts(run_id: int) -> sa.Select[PayoutAttempt]:
    """Every try of a run's payouts, oldest first."""
    of_run = sa.select(Payout.id).where(Payout.pay_run_id == run_id)
    return (
        sa.select(PayoutAttempt)
        .where(PayoutAttempt.payout_id.in_(of_run))
        .order_by(PayoutAttempt.id)
    )


def unsettled(*, before: datetime) -> sa.Select[int]:
    """Payouts that should have moved on by now: not sent, held, or without a known outcome.

    Less those whose turn is written down and yet to come: a long run is sent over many minutes.
    """
    waiting = Payout.state.in_([PayoutState.READY, PayoutState.HELD])
    tried = sa.exists().where(
        PayoutAttempt.payout_id == Payout.id,
        PayoutAttempt.state == AttemptState.OPEN,
        PayoutAttempt.tried_at <= before,
    )
    asked = sa.and_(
        Payout.state == PayoutState.SENDING,
        Payout.rail != Rail.MANUAL,  # the bank is not asked: a person enters what it said
        tried,
    )
    overdue = sa.or_(sa.and_(waiting, Payout.since <= before), asked)
    planned = sa.exists().where(
        OutboxRow.name == JobName.SEND_PAYOUT.value,
        OutboxRow.row_id == Payout.id,
        OutboxRow.state == OutboxState.WAITING,
    )
    return sa.select(Payout.id).where(overdue, ~planned).order_by(Payout.id)


def unpaid(run_id: int) -> sa.Select[int]:
    """How many of a run's payouts have not been paid, and are not over either."""
    return (
        sa.select(sa.func.count())
        .select_from(Payout)
        .where(
            Payout.pay_run_id == run_id,
            Payout.state.not_in([PayoutState.PAID, PayoutState.RELEASED]),
        )
    )


def held_of(expert_id: int) -> sa.Select[int]:
    """The expert's payouts that wait for something about the expert."""
    return sa.select(Payout.id).where(
        Payout.expert_id == expert_id, Payout.state == PayoutState.HELD
    )


def by_references(references: Iterable[str]) -> sa.Select[Payout]:
    """The payouts that the rail knows by these names; names that are not ours find nothing."""
    hexadecimal = (_OURS.fullmatch(reference) for reference in references)
    ids = [UUID(found[1]) for found in hexadecimal if found]
    return sa.select(Payout).where(Payout.public_id.in_(ids))


def payee_by_stripe_id(stripe_id: str) -> sa.Select[int]:
    """Whose account at Stripe this is."""
    return sa.select(PayoutAccount.account_id).where(PayoutAccount.stripe_id == stripe_id)
