"""Everything about money as rows, in the order it was written."""

from typing import Any

import sqlalchemy as sa

from payouts.models import (
    LedgerAccount,
    LedgerEntry,
    Payout,
    PayRun,
    Posting,
    Statement,
    StatementLine,
)
from portal.accounts.models import Account, Organisation
from tasks.models import Project


def journal() -> sa.Select[*tuple[Any, ...]]:
    """Every leg of every ledger entry, as bookkeeping software takes it."""
    return (
        sa.select(
            LedgerEntry.id.label("entry"),
            LedgerEntry.posted_at.label("posted_at"),
            LedgerEntry.kind.label("kind"),
            LedgerEntry.key.label("key"),
            LedgerEntry.reverses_id.label("reverses"),
            LedgerEntry.reason.label("reason"),
            LedgerAccount.kind.label("account"),
            Account.public_id.label("person"),
            Project.slug.label("project"),
            LedgerAccount.rail.label("rail"),
            Posting.currency.label("currency"),
            Posting.minor.label("minor"),
        )
        .select_from(Posting)
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
        .outerjoin(Account, Account.id == LedgerAccount.expert_id)
        .outerjoin(Project, Project.id == LedgerAccount.project_id)
        .order_by(LedgerEntry.id, LedgerAccount.id)
    )


def lines(organisation_ids: sa.Select[int]) -> sa.Select[*tuple[Any, ...]]:
    """Every statement line of these payers."""
    return (
        sa.select(
            Organisation.slug.label("payer"),
            Statement.number.label("number"),
            Statement.week.label("week"),
            Statement.issued_at.label("issued_at"),
            Account.public_id.label("person"),
            Project.slug.label("project"),
            StatementLine.kind.label("kind"),
            StatementLine.formula.label("formula"),
            Statement.currency.label("currency"),
            StatementLine.amount_minor.label("minor"),
        )
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(Organisation, Organisation.id == Statement.organisation_id)
        .join(Account, Account.id == Statement.expert_id)
        .join(Project, Project.id == StatementLine.project_id)
        .where(Statement.organisation_id.in_(organisation_ids))
        .order_by(StatementLine.id)
    )


def payouts(organisation_ids: sa.Select[int]) -> sa.Select[*tuple[Any, ...]]:
    """Every payout of these payers."""
    return (
        sa.select(
            Organisation.slug.label("payer"),
            PayRun.public_id.label("run"),
            PayRun.approved_at.label("approved_at"),
            Payout.public_id.label("payout"),
            Account.public_id.label("person"),
            Payout.state.label("state"),
            Payout.rail.label("rail"),
            Payout.transfer_id.label("transfer"),
            Payout.paid_at.label("paid_at"),
            Payout.currency.label("currency"),
            Payout.minor.label("minor"),
        )
        .select_from(Payout)
        .join(PayRun, PayRun.id == Payout.pay_run_id)
        .join(Organisation, Organisation.id == PayRun.organisation_id)
        .join(Account, Account.id == Payout.expert_id)
        .where(PayRun.organisation_id.in_(organisation_ids))
        .order_by(Payout.id)
    )
