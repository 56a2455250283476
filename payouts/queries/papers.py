"""What papers about pay are written from."""

from datetime import UTC, datetime

import sqlalchemy as sa

from payouts.models import (
    PaperState,
    Payout,
    PayoutState,
    PayPaper,
    PayRun,
    Statement,
    StatementLine,
)
from portal.accounts.models import Organisation
from tasks.models import Project


def of_statement(statement_id: int) -> sa.Select[PayPaper]:
    """The statement's paper, there or on its way."""
    mine = sa.select(PayPaper).where(PayPaper.statement_id == statement_id)
    return mine.where(PayPaper.state != PaperState.FAILED)


def latest(
    account_id: int, *, statement_id: int | None = None, year: int | None = None
) -> sa.Select[PayPaper]:
    """The newest paper of a statement or a year, whatever became of it."""
    mine = sa.select(PayPaper).where(
        PayPaper.account_id == account_id,
        PayPaper.statement_id.is_not_distinct_from(statement_id),
        PayPaper.year.is_not_distinct_from(year),
    )
    return mine.order_by(PayPaper.id.desc()).limit(1)


def lines(statement_id: int) -> sa.Select[StatementLine, str]:
    """The statement's lines with their project's title."""
    return (
        sa.select(StatementLine, Project.title)
        .join(Project, Project.id == StatementLine.project_id)
        .where(StatementLine.statement_id == statement_id)
        .order_by(StatementLine.id)
    )


def earned(account_id: int, year: int) -> sa.Select[str, str, int]:
    """Payer, currency and what statements issued in the year say."""
    begins, ends = bounds(year)
    total = sa.cast(sa.func.sum(StatementLine.amount_minor), sa.BigInteger)
    return (
        sa.select(Organisation.name, Statement.currency, total)
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(Organisation, Organisation.id == Statement.organisation_id)
        .where(
            Statement.expert_id == account_id,
            Statement.issued_at >= begins,
            Statement.issued_at < ends,
        )
        .group_by(Organisation.name, Statement.currency)
    )


def paid(account_id: int, year: int) -> sa.Select[str, str, int]:
    """Payer, currency and what was paid in the year."""
    begins, ends = bounds(year)
    total = sa.cast(sa.func.sum(Payout.minor), sa.BigInteger)
    return (
        sa.select(Organisation.name, Payout.currency, total)
        .select_from(Payout)
        .join(PayRun, PayRun.id == Payout.pay_run_id)
        .join(Organisation, Organisation.id == PayRun.organisation_id)
        .where(
            Payout.expert_id == account_id,
            Payout.state == PayoutState.PAID,
            Payout.paid_at >= begins,
            Payout.paid_at < ends,
        )
        .group_by(Organisation.name, Payout.currency)
    )


def bounds(year: int) -> tuple[datetime, datetime]:
    """The half-open calendar year, in UTC."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
