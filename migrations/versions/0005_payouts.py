"""Statements, the ledger, pay runs, payouts."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0005_payouts"
down_revision = "0004_tasks"
branch_labels = None
depends_on = None

_GUARDS = Path(__file__).with_name("0005_ledger.sql")
_FUNCTIONS = (
    "ledger_lock(bigint[])",
    "ledger_entry_stamp()",
    "posting_arrives()",
    "ledger_account_guard()",
    "ledger_entry_balances()",
    "posting_balances()",
    "ledger_check(bigint)",
    "payout_fixed()",
    "payout_line_fixed()",
    "pay_run_signed()",
)


def upgrade() -> None:
    """Create the tables and what guards them."""
    _ledger()
    _statements()
    _runs()
    grants.append_only("ledger_entry", "posting", "ledger_seal", "statement", "statement_line")
    grants.ordinary("payout_account", "reconciliation_finding")
    guards = _GUARDS.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(guards, execution_options={"no_parameters": True})


def _ledger() -> None:
    """Balances, entries, legs, seals."""
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "pending",
                "approved",
                "in_transit",
                "labour",
                "rail_balance",
                "rail_fees",
                name=op.f("ck_ledger_account_ledgerkind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=True),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "rail",
            sa.Enum(
                "stripe",
                name=op.f("ck_ledger_account_rail"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'labour') = (project_id IS NOT NULL)",
            name=op.f("ck_ledger_account_labour_has_project"),
        ),
        sa.CheckConstraint(
            "(kind IN ('pending', 'approved', 'in_transit')) = (expert_id IS NOT NULL)",
            name=op.f("ck_ledger_account_payable_has_expert"),
        ),
        sa.CheckConstraint(
            "(kind IN ('rail_balance', 'rail_fees')) = (rail IS NOT NULL)",
            name=op.f("ck_ledger_account_rail_has_rail"),
        ),
        sa.CheckConstraint(
            "currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_account_currency_is_iso")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('pending', 'approved', 'in_transit') OR balance >= 0",
            name=op.f("ck_ledger_account_payable_not_below_zero"),
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_ledger_account_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_ledger_account_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_account_id_currency")),
    )
    op.create_index("ix_ledger_account_expert_id", "ledger_account", ["expert_id"], unique=False)
    op.create_index(
        "uq_ledger_account_owner",
        "ledger_account",
        [
            "kind",
            "currency",
            sa.literal_column("coalesce(expert_id, project_id, 0)"),
            sa.literal_column("coalesce(rail, '')"),
        ],
        unique=True,
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "earned",
                "approved",
                "reserved",
                "paid",
                "returned",
                "reversal",
                name=op.f("ck_ledger_entry_entrykind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "written_in",
            sa.BigInteger(),
            server_default=sa.text("((pg_current_xact_id())::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)",
            name=op.f("ck_ledger_entry_reversal_names_its_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["ledger_entry.id"],
            name=op.f("fk_ledger_entry_reverses_id_ledger_entry"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entry_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_entry_reverses_id")),
    )
    op.create_table(
        "posting",
        sa.Column("ledger_account_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("minor <> 0", name=op.f("ck_posting_minor_not_zero")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_posting_entry_id_ledger_entry")
        ),
        sa.ForeignKeyConstraint(
            ["ledger_account_id", "currency"],
            ["ledger_account.id", "ledger_account.currency"],
            name=op.f("fk_posting_ledger_account_id_currency_ledger_account"),
        ),
        sa.PrimaryKeyConstraint("ledger_account_id", "entry_id", name=op.f("pk_posting")),
    )
    op.create_index("ix_posting_entry_id", "posting", ["entry_id"], unique=False)
    op.create_table(
        "ledger_seal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("entry_ids", postgresql.JSONB(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "length(previous) = 32 AND length(head) = 32",
            name=op.f("ck_ledger_seal_sha256_is_32_bytes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_seal")),
        sa.UniqueConstraint("previous", name=op.f("uq_ledger_seal_previous")),
    )


def _statements() -> None:
    """Payees, statements and their lines."""
    op.create_table(
        "payout_account",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("creation_key", sa.Uuid(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stripe_id", sa.Text(), nullable=True),
        sa.Column(
            "transfers",
            sa.Enum(
                "active",
                "pending",
                "restricted",
                "rejected",
                "unsupported",
                name=op.f("ck_payout_account_capability"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_payout_account_country_is_iso")),
        sa.CheckConstraint(
            "(stripe_id IS NULL) = (checked_at IS NULL) AND (stripe_id IS NULL) = (transfers IS NULL)",
            name=op.f("ck_payout_account_known_iff_checked"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_payout_account_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_payout_account")),
        sa.UniqueConstraint("creation_key", name=op.f("uq_payout_account_creation_key")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_payout_account_stripe_id")),
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_statement_currency_is_iso")),
        sa.CheckConstraint(
            "extract(isodow FROM week) = 1", name=op.f("ck_statement_week_begins_on_monday")
        ),
        sa.CheckConstraint("part >= 1", name=op.f("ck_statement_part_from_one")),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_statement_expert_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "expert_id",
            "currency",
            "week",
            "part",
            name=op.f("uq_statement_expert_id_currency_week_part"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_statement_public_id")),
    )
    op.create_table(
        "statement_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "hourly",
                "adjustment",
                name=op.f("ck_statement_line_linekind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("timesheet_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("rate_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("adjustment_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'adjustment') = (adjustment_id IS NOT NULL)",
            name=op.f("ck_statement_line_adjustment_names_its_own"),
        ),
        sa.CheckConstraint(
            "kind = 'adjustment' OR microseconds > 0", name=op.f("ck_statement_line_hours_positive")
        ),
        sa.CheckConstraint("rate_minor >= 0", name=op.f("ck_statement_line_rate_not_negative")),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["adjustment.id"],
            name=op.f("fk_statement_line_adjustment_id_adjustment"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_statement_line_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statement.id"],
            name=op.f("fk_statement_line_statement_id_statement"),
        ),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("fk_statement_line_terms_id_terms")
        ),
        sa.ForeignKeyConstraint(
            ["timesheet_id"],
            ["timesheet.id"],
            name=op.f("fk_statement_line_timesheet_id_timesheet"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
    )
    op.create_index("ix_statement_line_project_id", "statement_line", ["project_id"], unique=False)
    op.create_index(
        "ix_statement_line_statement_id", "statement_line", ["statement_id"], unique=False
    )
    op.create_index(
        "uq_statement_line_adjustment",
        "statement_line",
        ["adjustment_id", "rate_minor"],
        unique=True,
        postgresql_where=sa.text("kind = 'adjustment'"),
    )
    op.create_index(
        "uq_statement_line_hours",
        "statement_line",
        ["timesheet_id", "terms_id", "rate_minor"],
        unique=True,
        postgresql_where=sa.text("kind = 'hourly'"),
    )


def _runs() -> None:
    """Pay runs, payouts, tries, findings."""
    op.create_table(
        "pay_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("built_by_id", sa.BigInteger(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines_sha256", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "built",
                "approved",
                "done",
                "voided",
                name=op.f("ck_pay_run_payrunstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'voided') = (void_reason IS NOT NULL)", name=op.f("ck_pay_run_void_says_why")
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'done')) = (approved_by_id IS NOT NULL) AND (approved_by_id IS NULL) = (approved_at IS NULL) AND (approved_by_id IS NULL) = (approved_sha256 IS NULL)",
            name=op.f("ck_pay_run_approved_iff_signed"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'voided')) = (ended_at IS NOT NULL)",
            name=op.f("ck_pay_run_ended_iff_ended"),
        ),
        sa.CheckConstraint(
            "approved_by_id <> built_by_id", name=op.f("ck_pay_run_approved_by_another")
        ),
        sa.CheckConstraint(
            "approved_sha256 = lines_sha256", name=op.f("ck_pay_run_approval_signs_the_lines")
        ),
        sa.CheckConstraint("length(lines_sha256) = 32", name=op.f("ck_pay_run_sha256_is_32_bytes")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["account.id"], name=op.f("fk_pay_run_approved_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["built_by_id"], ["account.id"], name=op.f("fk_pay_run_built_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_pay_run_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_run")),
        sa.UniqueConstraint("public_id", name=op.f("uq_pay_run_public_id")),
    )
    op.create_index(
        "ix_pay_run_organisation_id", "pay_run", ["organisation_id", "id"], unique=False
    )
    op.create_table(
        "payout",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("pay_run_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "rail",
            sa.Enum(
                "stripe",
                name=op.f("ck_payout_rail"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "held",
                "ready",
                "sending",
                "paid",
                "refused",
                "returned",
                "voided",
                name=op.f("ck_payout_payoutstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "hold",
            sa.Enum(
                "identity",
                "no_account",
                "account_not_ready",
                name=op.f("ck_payout_holdreason"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("transfer_id", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'held') = (hold IS NOT NULL)", name=op.f("ck_payout_hold_says_why")
        ),
        sa.CheckConstraint(
            "(state = 'paid') = (transfer_id IS NOT NULL AND paid_at IS NOT NULL)",
            name=op.f("ck_payout_paid_iff_transfer"),
        ),
        sa.CheckConstraint(
            "(state IN ('refused', 'returned')) = (problem IS NOT NULL)",
            name=op.f("ck_payout_problem_said"),
        ),
        sa.CheckConstraint("minor > 0", name=op.f("ck_payout_minor_positive")),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_payout_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["pay_run_id"], ["pay_run.id"], name=op.f("fk_payout_pay_run_id_pay_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("pay_run_id", "expert_id", name=op.f("uq_payout_pay_run_id_expert_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payout_public_id")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_payout_transfer_id")),
    )
    op.create_index("ix_payout_expert_id", "payout", ["expert_id"], unique=False)
    op.create_index(
        "ix_payout_unsettled",
        "payout",
        ["since"],
        unique=False,
        postgresql_where=sa.text("state IN ('ready', 'held', 'sending')"),
    )
    op.create_table(
        "payout_line",
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_line_id", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payout.id"], name=op.f("fk_payout_line_payout_id_payout")
        ),
        sa.ForeignKeyConstraint(
            ["statement_line_id"],
            ["statement_line.id"],
            name=op.f("fk_payout_line_statement_line_id_statement_line"),
        ),
        sa.PrimaryKeyConstraint("payout_id", "statement_line_id", name=op.f("pk_payout_line")),
    )
    op.create_index(
        "uq_payout_line_counting",
        "payout_line",
        ["statement_line_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "payout_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("reserve_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "succeeded",
                "refused",
                "abandoned",
                name=op.f("ck_payout_attempt_attemptstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (ended_at IS NULL)", name=op.f("ck_payout_attempt_ended_iff_ended")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (code IS NOT NULL)",
            name=op.f("ck_payout_attempt_refusal_has_code"),
        ),
        sa.CheckConstraint("tries >= 1", name=op.f("ck_payout_attempt_tries_from_one")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payout.id"], name=op.f("fk_payout_attempt_payout_id_payout")
        ),
        sa.ForeignKeyConstraint(
            ["reserve_id"],
            ["ledger_entry.id"],
            name=op.f("fk_payout_attempt_reserve_id_ledger_entry"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_attempt")),
        sa.UniqueConstraint("key", name=op.f("uq_payout_attempt_key")),
    )
    op.create_index(
        "uq_payout_attempt_open",
        "payout_attempt",
        ["payout_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "reconciliation_finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "unknown_transfer",
                "duplicate_transfer",
                "missing_transfer",
                "different_transfer",
                "returned_transfer",
                "ledger_differs",
                name=op.f("ck_reconciliation_finding_findingkind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by_id IS NULL) AND (settled_at IS NULL) = (note IS NULL)",
            name=op.f("ck_reconciliation_finding_settled_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"],
            ["account.id"],
            name=op.f("fk_reconciliation_finding_settled_by_id_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_finding")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_reconciliation_finding_kind_subject")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reconciliation_finding_public_id")),
    )


def downgrade() -> None:
    """Drop them again."""
    for table in (
        "reconciliation_finding",
        "payout_attempt",
        "payout_line",
        "payout",
        "pay_run",
        "statement_line",
        "statement",
        "payout_account",
        "ledger_seal",
        "posting",
        "ledger_entry",
        "ledger_account",
    ):
        op.drop_table(table)
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
