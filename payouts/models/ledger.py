"""Double entry: named balances, append-only entries and their legs, seals over what was written."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial

XACT: Final = "((pg_current_xact_id())::text)::bigint"


class LedgerKind(StrEnum):
    """What a ledger account holds. A posting above zero is a credit: we owe more, or have spent less."""

    PENDING = "pending"  # owed to an expert: on a statement, in no approved pay run yet
    APPROVED = "approved"  # owed to an expert: a pay run was approved, nothing is asked of the rail
    IN_TRANSIT = "in_transit"  # owed to an expert: asked of the rail, its answer not yet recorded
    LABOUR = "labour"  # what a project's work has cost us: a debit
    RAIL_BALANCE = "rail_balance"  # what the rail has paid out for us: a credit
    RAIL_FEES = "rail_fees"  # what the rail has charged us: a debit
    RAIL_GAIN_LOSS = "rail_gain_loss"  # what the rail has and our books have not: a loss is a debit
    RAIL_RECEIVABLE = "rail_receivable"  # what is to come back by the rail: a debit


PAYABLE: Final = frozenset({LedgerKind.PENDING, LedgerKind.APPROVED, LedgerKind.IN_TRANSIT})
"""Owed to one expert; never below zero."""
OF_RAIL: Final = frozenset(
    {
        LedgerKind.RAIL_BALANCE,
        LedgerKind.RAIL_FEES,
        LedgerKind.RAIL_GAIN_LOSS,
        LedgerKind.RAIL_RECEIVABLE,
    }
)
"""Of one rail. Together they come to what its payouts have paid people."""


class Rail(StrEnum):
    """By what money leaves us."""

    STRIPE = "stripe"
    MANUAL = "manual"  # a file that a person takes to the bank


class LedgerAccount(Base):
    """A named balance: one kind, one owner, one currency.

    `balance` is kept by the database as postings arrive. Nobody else can write it, and a payable
    one cannot fall below zero.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("id", "currency"),
        sa.Index(
            "uq_ledger_account_owner",
            "kind",
            "currency",
            sa.text("coalesce(expert_id, project_id, 0)"),
            sa.text("coalesce(rail, '')"),
            unique=True,
        ),
        sa.Index("ix_ledger_account_expert_id", "expert_id"),
        sa.CheckConstraint(
            "(kind IN ('pending', 'approved', 'in_transit')) = (expert_id IS NOT NULL)",
            name="payable_has_expert",
        ),
        sa.CheckConstraint(
            "(kind = 'labour') = (project_id IS NOT NULL)", name="labour_has_project"
        ),
        sa.CheckConstraint(
            "(kind IN ('rail_balance', 'rail_fees', 'rail_gain_loss', 'rail_receivable'))"
            " = (rail IS NOT NULL)",
            name="rail_has_rail",
        ),
        sa.CheckConstraint(
            "kind <> 'rail_receivable' OR balance <= 0", name="receivable_not_above_zero"
        ),
        sa.CheckConstraint(
            "kind NOT IN ('pending', 'approved', 'in_transit') OR balance >= 0",
            name="payable_not_below_zero",
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    kind: Mapped[LedgerKind]
    currency: Mapped[str]
    expert_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), default=None)
    project_id: Mapped[int | None] = mapped_column(sa.ForeignKey("project.id"), default=None)
    rail: Mapped[Rail | None] = mapped_column(default=None)
    balance: Mapped[int] = mapped_column(init=False, server_default=sa.text("0"))


class EntryKind(StrEnum):
    """What happened to the money."""

    EARNED = "earned"  # labour → pending: a statement line was written
    APPROVED = "approved"  # pending → approved: a pay run was approved
    RESERVED = "reserved"  # approved → in transit: the rail is about to be asked
    PAID = "paid"  # in transit → the rail: it has paid
    RETURNED = "returned"  # the rail → approved: a transfer came back
    BOOKED = "booked"  # among a rail's own accounts: a fee, a difference, money expected or arrived
    REVERSAL = "reversal"  # an earlier entry with all signs turned


class LedgerEntry(Base):
    """One balanced fact about money. Append-only; a mistake is undone by a reversal.

    `written_in` is the database's own number of the transaction: legs can be added only within it,
    and an entry is sealed only once all earlier transactions have ended.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("reverses_id"),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_names_its_entry"
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    kind: Mapped[EntryKind]
    key: Mapped[str]
    """Says what this is about, once: `line:17:earned`. The same key never posts twice."""
    posted_at: Mapped[datetime]
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ledger_entry.id"), default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    written_in: Mapped[int] = mapped_column(init=False, server_default=sa.text(XACT))


class Posting(Base):
    """One signed leg of an entry, in minor units. An entry's legs sum to zero in each currency."""

    __tablename__ = "posting"
    __table_args__ = (
        sa.PrimaryKeyConstraint("ledger_account_id", "entry_id"),
        sa.ForeignKeyConstraint(
            ["ledger_account_id", "currency"], ["ledger_account.id", "ledger_account.currency"]
        ),
        sa.Index("ix_posting_entry_id", "entry_id"),
        sa.CheckConstraint("minor <> 0", name="minor_not_zero"),
    )

    ledger_account_id: Mapped[int]
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("ledger_entry.id"))
    currency: Mapped[str]
    minor: Mapped[int]


class LedgerSeal(Base):
    """The head of a hash chain over a batch of entries; each head contains the one before."""

    __tablename__ = "ledger_seal"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("previous"),
        sa.CheckConstraint(
            "length(previous) = 32 AND length(head) = 32", name="sha256_is_32_bytes"
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    previous: Mapped[bytes]
    head: Mapped[bytes]
    entry_ids: Mapped[list[int]]
    sealed_at: Mapped[datetime]
    digests: Mapped[list[str]] = mapped_column(
        default_factory=list, server_default=sa.text("'[]'::jsonb")
    )
    """The SHA-256 of each entry on its own, in the order of `entry_ids`: names the one that changed.

    The proof is the head alone; these only say where to look. Seals of before have none.
    """
