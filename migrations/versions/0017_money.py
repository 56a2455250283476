"""Money that comes back, and what it became."""

import sqlalchemy as sa
from alembic import op

from migrations import grants

revision = "0017_money"
down_revision = "0016_fairness"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_LEDGER = ("pending", "approved", "in_transit", "labour", "rail_balance", "rail_fees")
_ENTRIES = ("earned", "approved", "reserved", "paid", "returned", "reversal")
_OF_RAIL = "(kind IN ({})) = (rail IS NOT NULL)"


def upgrade() -> None:
    """Bring the database to this version."""
    _rail_accounts()


def downgrade() -> None:
    """Bring the database back to the version before."""
    _drop_rail_accounts()


def _rail_accounts() -> None:
    """What each rail gained or lost and what is to come back by it, booked by people."""
    _values("ledger_account", "ledgerkind", "kind", (*_LEDGER, "rail_gain_loss", "rail_receivable"))
    _values("ledger_entry", "entrykind", "kind", (*_ENTRIES, "booked"))
    four = ("rail_balance", "rail_fees", "rail_gain_loss", "rail_receivable")
    _check("ledger_account", "rail_has_rail", _OF_RAIL.format(_quoted(four)))
    op.create_check_constraint(
        op.f("ck_ledger_account_receivable_not_above_zero"),
        "ledger_account",
        "kind <> 'rail_receivable' OR balance <= 0",
    )
    kinds = ("fee", "loss", "gain", "expected", "arrived", "written_off")
    op.create_table(
        "rail_booking",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        _enum("rail_booking", "bookingkind", "kind", kinds),
        _enum("rail_booking", "rail", "rail", ("stripe", "manual")),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("booked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", _MOMENT, nullable=False),
        sa.Column("finding_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("minor > 0", name=op.f("ck_rail_booking_minor_positive")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_rail_booking_currency_is_iso")),
        sa.CheckConstraint(
            "length(trim(reason)) > 0 AND length(trim(evidence)) > 0",
            name=op.f("ck_rail_booking_says_why_and_by_what"),
        ),
        _refers("rail_booking", "entry_id", "ledger_entry"),
        _refers("rail_booking", "booked_by_id", "account"),
        _refers("rail_booking", "finding_id", "reconciliation_finding"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rail_booking")),
        *(
            sa.UniqueConstraint(column, name=op.f(f"uq_rail_booking_{column}"))
            for column in ("public_id", "entry_id", "finding_id")
        ),
    )
    grants.append_only("rail_booking")


def _drop_rail_accounts() -> None:
    op.drop_table("rail_booking")
    op.drop_constraint(op.f("ck_ledger_account_receivable_not_above_zero"), "ledger_account")
    _check("ledger_account", "rail_has_rail", _OF_RAIL.format("'rail_balance', 'rail_fees'"))
    _values("ledger_entry", "entrykind", "kind", _ENTRIES)
    _values("ledger_account", "ledgerkind", "kind", _LEDGER)


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _values(table: str, name: str, column: str, values: tuple[str, ...]) -> None:
    """The values that a column may take from here on."""
    _check(table, name, f"{column} IN ({_quoted(values)})")


def _check(table: str, name: str, rule: str) -> None:
    """Another rule in the place of the one of that name."""
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _enum(table: str, name: str, column: str, values: tuple[str, ...]) -> sa.Column[str]:
    kind = sa.Enum(
        *values,
        name=op.f(f"ck_{table}_{name}"),
        native_enum=False,
        create_constraint=True,
        length=40,
    )
    return sa.Column(column, kind, nullable=False)
