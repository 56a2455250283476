"""Finding ledger accounts and what they hold."""

import sqlalchemy as sa

from payouts.models import LedgerAccount, LedgerEntry, LedgerKind, Posting


def balances_of(expert_id: int) -> sa.Select[LedgerAccount]:
    """Everything we owe the expert, by kind and currency."""
    return (
        sa.select(LedgerAccount)
        .where(LedgerAccount.expert_id == expert_id)
        .order_by(LedgerAccount.currency, LedgerAccount.kind)
    )


def totals() -> sa.Select[LedgerKind, str, int]:
    """The sum of all balances of a kind, by currency."""
    return (
        sa.select(LedgerAccount.kind, LedgerAccount.currency, sa.func.sum(LedgerAccount.balance))
        .group_by(LedgerAccount.kind, LedgerAccount.currency)
        .order_by(LedgerAccount.currency, LedgerAccount.kind)
    )


def legs_of(entry_id: int) -> sa.Select[Posting]:
    """The legs of an entry, by account."""
    return (
        sa.select(Posting).where(Posting.entry_id == entry_id).order_by(Posting.ledger_account_id)
    )


def by_key(key: str) -> sa.Select[LedgerEntry]:
    """The entry written under this key."""
    return sa.select(LedgerEntry).where(LedgerEntry.key == key)
