"""Pay by organisation, holds and limits of pay runs."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0007_pay"
down_revision = "0006_reports"
branch_labels = None
depends_on = None

_GUARDS = Path(__file__).with_name("0007_pay.sql")
_TRIGGERS = (
    ("payout_not_to_builder", "payout"),
    ("statement_number_follows", "statement"),
    ("payout_cleared_by_third", "payout"),
)
_FINDING = "reconciliation_finding"
_HOLDS = ("identity", "no_account", "account_not_ready")
_FINDINGS = (
    "unknown_transfer",
    "duplicate_transfer",
    "missing_transfer",
    "different_transfer",
    "returned_transfer",
    "ledger_differs",
)
_MOMENT = sa.DateTime(timezone=True)
_LINES = ("hourly", "adjustment")
_NEW_LINES = ("training", "task", "quality", "guarantee", "bonus")
_LINE_CHECKS = {
    "hours_positive": "kind NOT IN ('hourly', 'training') OR microseconds > 0",
    "bonus_names_its_own": "(kind = 'bonus') = (bonus_id IS NOT NULL)",
    "work_has_timesheet_and_terms": (
        "(kind = 'bonus') = (timesheet_id IS NULL) AND (kind = 'bonus') = (terms_id IS NULL)"
    ),
    "tasks_are_counted": "(kind = 'task') = (count IS NOT NULL)",
    "count_positive": "count > 0",
    "only_adjustments_take": "kind = 'adjustment' OR amount_minor >= 0",
}
_NUMBER_BY_PAYER = """
ALTER TABLE statement DISABLE TRIGGER statement_append_only;
UPDATE statement SET organisation_id = payer.id, number = payer.number
FROM (
    SELECT s.id AS statement_id, p.organisation_id AS id,
           row_number() OVER (PARTITION BY p.organisation_id ORDER BY s.id) AS number
    FROM statement s
    JOIN LATERAL (
        SELECT project_id FROM statement_line WHERE statement_id = s.id ORDER BY id LIMIT 1
    ) line ON true
    JOIN project p ON p.id = line.project_id
) payer
WHERE payer.statement_id = statement.id;
ALTER TABLE statement ENABLE TRIGGER statement_append_only;
"""


def upgrade() -> None:
    """Bring the database to this version."""
    _payers()
    _findings()
    _holds()
    _tax_forms()
    _manual_rail()
    _rules()
    _bonuses()
    _lines()
    _budgets()
    _papers()
    op.add_column(
        "ledger_seal",
        sa.Column(
            "digests", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
    )
    guards = _GUARDS.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(guards, execution_options={"no_parameters": True})


def _payers() -> None:
    """Each statement has one payer, who numbers it; old ones get the payer of their first line."""
    op.add_column("statement", sa.Column("organisation_id", sa.BigInteger(), nullable=True))
    op.add_column("statement", sa.Column("number", sa.BigInteger(), nullable=True))
    op.execute(_NUMBER_BY_PAYER)
    op.alter_column("statement", "organisation_id", nullable=False)
    op.alter_column("statement", "number", nullable=False)
    op.create_foreign_key(
        op.f("fk_statement_organisation_id_organisation"),
        "statement",
        "organisation",
        ["organisation_id"],
        ["id"],
    )
    op.create_unique_constraint(
        op.f("uq_statement_organisation_id_number"), "statement", ["organisation_id", "number"]
    )
    op.create_check_constraint(op.f("ck_statement_number_from_one"), "statement", "number >= 1")


def _findings() -> None:
    """A disagreement that returns is found again."""
    op.add_column(_FINDING, sa.Column("seen_at", _MOMENT, nullable=True))
    op.add_column(_FINDING, sa.Column("gone_at", _MOMENT, nullable=True))
    op.execute("UPDATE reconciliation_finding SET seen_at = found_at")
    op.alter_column(_FINDING, "seen_at", nullable=False)
    op.drop_constraint(op.f("uq_reconciliation_finding_kind_subject"), _FINDING)
    for name, column in (("open", "settled_at"), ("present", "gone_at")):
        op.create_index(
            f"uq_reconciliation_finding_{name}",
            _FINDING,
            ["kind", "subject"],
            unique=True,
            postgresql_where=sa.text(f"{column} IS NULL"),
        )


def _kinds(table: str, name: str, column: str, values: tuple[str, ...]) -> None:
    """Let an enumerated column hold these values and no others."""
    constraint = op.f(f"ck_{table}_{name}")
    op.drop_constraint(constraint, table, type_="check")
    said = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(constraint, table, f"{column} IN ({said})")


def _holds() -> None:
    """New reasons to hold a payout back, the limits, and who let something past them."""
    _kinds("payout", "holdreason", "hold", (*_HOLDS, "tax_form", "details_changed", "limit"))
    _kinds(_FINDING, "findingkind", "kind", (*_FINDINGS, "late_transfer"))
    op.add_column("payout_account", sa.Column("destinations", postgresql.JSONB(), nullable=True))
    op.add_column(
        "payout_account",
        sa.Column("details_changed_at", _MOMENT, nullable=True),
    )
    op.add_column("payout_account", sa.Column("contact", sa.Text(), nullable=True))
    op.add_column("payout", sa.Column("cleared_by_id", sa.BigInteger(), nullable=True))
    op.add_column("payout", sa.Column("cleared_at", _MOMENT, nullable=True))
    op.create_foreign_key(
        op.f("fk_payout_cleared_by_id_account"), "payout", "account", ["cleared_by_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_payout_cleared_by_somebody"),
        "payout",
        "(cleared_by_id IS NULL) = (cleared_at IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_payout_payee_clears_nothing"), "payout", "cleared_by_id <> expert_id"
    )
    op.create_table(
        "pay_limit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("person_week_minor", sa.BigInteger(), nullable=False),
        sa.Column("day_minor", sa.BigInteger(), nullable=False),
        sa.Column("set_by_id", sa.BigInteger(), nullable=False),
        sa.Column("set_at", _MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_pay_limit_currency_is_iso")),
        sa.CheckConstraint(
            "person_week_minor > 0 AND day_minor > 0", name=op.f("ck_pay_limit_limits_positive")
        ),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_pay_limit_reason_given")),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["account.id"], name=op.f("fk_pay_limit_set_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_limit")),
    )
    op.create_index("ix_pay_limit_currency", "pay_limit", ["currency", "id"])
    grants.append_only("pay_limit")
    op.execute(
        "GRANT UPDATE (cleared_by_id, cleared_at) ON payout TO touchstone_app, touchstone_worker"
    )


def _tax_forms() -> None:
    """What people certified for tax, sealed."""
    op.create_table(
        "tax_form",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "w9",
                "w8ben",
                name=op.f("ck_tax_form_taxformkind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", _MOMENT, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("replaced_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "(kind = 'w8ben') = (expires_on IS NOT NULL)", name=op.f("ck_tax_form_w8ben_expires")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_tax_form_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_form")),
        sa.UniqueConstraint("public_id", name=op.f("uq_tax_form_public_id")),
        schema="personal",
    )
    op.create_index(
        "uq_tax_form_current",
        "tax_form",
        ["account_id"],
        unique=True,
        schema="personal",
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    grants.ordinary("personal.tax_form")


def _manual_rail() -> None:
    """Bank details and files, sealed; what the bank answered."""
    for table in ("ledger_account", "payout"):
        _kinds(table, "rail", "rail", ("stripe", "manual"))
    op.add_column(
        "payout_account",
        sa.Column(
            "rail",
            sa.Enum(
                "stripe",
                "manual",
                name=op.f("ck_payout_account_rail"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="stripe",
            nullable=False,
        ),
    )
    op.alter_column("payout_account", "rail", server_default=None)
    op.execute("GRANT UPDATE (rail) ON payout TO touchstone_app, touchstone_worker")
    op.create_table(
        "bank_details",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.Column("replaced_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "length(fingerprint) = 32", name=op.f("ck_bank_details_sha256_is_32_bytes")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_bank_details_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_details")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_details_public_id")),
        schema="personal",
    )
    op.create_index(
        "uq_bank_details_current",
        "bank_details",
        ["account_id"],
        unique=True,
        schema="personal",
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "bank_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("pay_run_id", sa.BigInteger(), nullable=False),
        sa.Column("payouts", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_bank_file_sha256_is_32_bytes")),
        sa.CheckConstraint("payouts > 0 AND total_minor > 0", name=op.f("ck_bank_file_not_empty")),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["account.id"], name=op.f("fk_bank_file_made_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["pay_run_id"], ["pay_run.id"], name=op.f("fk_bank_file_pay_run_id_pay_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_file_public_id")),
        schema="personal",
    )
    op.create_index("ix_bank_file_pay_run_id", "bank_file", ["pay_run_id"], schema="personal")
    op.add_column("payout_attempt", sa.Column("bank_file_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_payout_attempt_bank_file_id_bank_file"),
        "payout_attempt",
        "bank_file",
        ["bank_file_id"],
        ["id"],
        referent_schema="personal",
    )
    op.execute("GRANT UPDATE (bank_file_id) ON payout_attempt TO touchstone_app, touchstone_worker")
    op.create_table(
        "bank_transfer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("executed_on", sa.Date(), nullable=False),
        sa.Column("entered_by_id", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "length(trim(reference)) > 0", name=op.f("ck_bank_transfer_reference_given")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["payout_attempt.id"],
            name=op.f("fk_bank_transfer_attempt_id_payout_attempt"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["account.id"], name=op.f("fk_bank_transfer_entered_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_transfer")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_bank_transfer_attempt_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_bank_transfer_reference")),
    )
    grants.ordinary("personal.bank_details")
    grants.append_only("personal.bank_file", "bank_transfer")


def _drop_manual_rail() -> None:
    op.drop_table("bank_transfer")
    op.drop_column("payout_attempt", "bank_file_id")
    op.drop_table("bank_file", schema="personal")
    op.drop_table("bank_details", schema="personal")
    op.drop_column("payout_account", "rail")
    for table in ("ledger_account", "payout"):
        _kinds(table, "rail", "rail", ("stripe",))


def _rules() -> None:
    """What a rate card says beyond its prices, on the card and in the terms that were accepted."""
    for table in ("rate_card", "terms"):
        op.add_column(
            table,
            sa.Column(
                "rules",
                postgresql.JSONB(),
                server_default=sa.text("'{}'::jsonb"),
                nullable=False,
            ),
        )


def _bonuses() -> None:
    """Amounts on top, between three people."""
    op.create_table(
        "bonus",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        _enum("bonus", "bonusstate", "state", ("asked", "approved", "withdrawn")),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.CheckConstraint("minor > 0", name=op.f("ck_bonus_minor_positive")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_bonus_reason_given")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_bonus_decided_iff_decided")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_bonus_decided_by_somebody"),
        ),
        sa.CheckConstraint("asked_by_id <> expert_id", name=op.f("ck_bonus_nobody_asks_for_own")),
        sa.CheckConstraint(
            "decided_by_id <> expert_id AND (state <> 'approved' OR decided_by_id <> asked_by_id)",
            name=op.f("ck_bonus_approved_by_another"),
        ),
        *(_refers("bonus", f"{who}_id", "account") for who in ("expert", "asked_by", "decided_by")),
        _refers("bonus", "project_id", "project"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonus")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bonus_public_id")),
    )
    op.create_index("ix_bonus_project_id", "bonus", ["project_id"])
    grants.ordinary("bonus")


def _lines() -> None:
    """Lines for training, tasks, quality, the guarantee and bonuses; judgments are paid once."""
    _kinds("statement_line", "linekind", "kind", (*_LINES, *_NEW_LINES))
    op.alter_column("statement_line", "timesheet_id", nullable=True)
    op.alter_column("statement_line", "terms_id", nullable=True)
    op.add_column("statement_line", sa.Column("bonus_id", sa.BigInteger(), nullable=True))
    op.add_column("statement_line", sa.Column("count", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_statement_line_bonus_id_bonus"), "statement_line", "bonus", ["bonus_id"], ["id"]
    )
    op.drop_constraint(op.f("ck_statement_line_hours_positive"), "statement_line", type_="check")
    for name, rule in _LINE_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_statement_line_{name}"), "statement_line", rule)
    op.drop_index("uq_statement_line_hours", "statement_line")
    op.create_index(
        "uq_statement_line_hours",
        "statement_line",
        ["timesheet_id", "terms_id", "rate_minor", "kind"],
        unique=True,
        postgresql_where=sa.text("kind NOT IN ('adjustment', 'bonus')"),
    )
    op.create_index(
        "uq_statement_line_bonus",
        "statement_line",
        ["bonus_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'bonus'"),
    )
    op.create_table(
        "paid_judgment",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("judgment_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_line_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "judgment_id"],
            ["judgment.pool_id", "judgment.id"],
            name=op.f("fk_paid_judgment_pool_id_judgment_id_judgment"),
        ),
        _refers("paid_judgment", "statement_line_id", "statement_line"),
        sa.PrimaryKeyConstraint("pool_id", "judgment_id", name=op.f("pk_paid_judgment")),
    )
    op.create_index("ix_paid_judgment_statement_line_id", "paid_judgment", ["statement_line_id"])
    grants.append_only("paid_judgment")


def _budgets() -> None:
    """What a project may cost, and who was told."""
    op.create_table(
        "budget",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("set_by_id", sa.BigInteger(), nullable=False),
        sa.Column("set_at", _MOMENT, nullable=False),
        sa.CheckConstraint("minor > 0", name=op.f("ck_budget_minor_positive")),
        _refers("budget", "project_id", "project"),
        _refers("budget", "set_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
    )
    op.create_index("ix_budget_project_id", "budget", ["project_id", "id"])
    op.create_table(
        "budget_alert",
        sa.Column("budget_id", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("reached_minor", sa.BigInteger(), nullable=False),
        sa.Column("alerted_at", _MOMENT, nullable=False),
        sa.CheckConstraint("percent IN (80, 100)", name=op.f("ck_budget_alert_percent_known")),
        _refers("budget_alert", "budget_id", "budget"),
        sa.PrimaryKeyConstraint("budget_id", "percent", name=op.f("pk_budget_alert")),
    )
    grants.append_only("budget", "budget_alert")


def _papers() -> None:
    """Statements and years as PDF."""
    op.create_table(
        "pay_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=True),
        sa.Column("year", sa.BigInteger(), nullable=True),
        _enum("pay_paper", "paperstate", "state", ("waiting", "issued", "failed")),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", _MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(statement_id IS NULL) <> (year IS NULL)", name=op.f("ck_pay_paper_statement_or_year")
        ),
        sa.CheckConstraint("year BETWEEN 2000 AND 2999", name=op.f("ck_pay_paper_year_sensible")),
        sa.CheckConstraint(
            "(state = 'failed') = (error IS NOT NULL)", name=op.f("ck_pay_paper_failed_says_why")
        ),
        sa.CheckConstraint(
            "(state = 'issued') = (file_id IS NOT NULL AND issued_at IS NOT NULL)",
            name=op.f("ck_pay_paper_issued_has_file"),
        ),
        _refers("pay_paper", "account_id", "account"),
        _refers("pay_paper", "statement_id", "statement"),
        _refers("pay_paper", "file_id", "stored_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_paper")),
        sa.UniqueConstraint("public_id", name=op.f("uq_pay_paper_public_id")),
    )
    op.create_index("ix_pay_paper_account_id", "pay_paper", ["account_id"])
    op.create_index(
        "uq_pay_paper_statement",
        "pay_paper",
        ["statement_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'failed'"),
    )
    grants.ordinary("pay_paper")


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


def _drop_rules_and_papers() -> None:
    """What the version before has no words for goes: lines of the new kinds, and what they pay."""
    for table in ("pay_paper", "budget_alert", "budget", "paid_judgment"):
        op.drop_table(table)
    op.execute("ALTER TABLE statement_line DISABLE TRIGGER statement_line_append_only")
    op.execute("DELETE FROM statement_line WHERE kind NOT IN ('hourly', 'adjustment')")
    op.execute("ALTER TABLE statement_line ENABLE TRIGGER statement_line_append_only")
    for name in ("uq_statement_line_bonus", "uq_statement_line_hours"):
        op.drop_index(name, "statement_line")
    for name in _LINE_CHECKS:
        op.drop_constraint(op.f(f"ck_statement_line_{name}"), "statement_line", type_="check")
    op.create_check_constraint(
        op.f("ck_statement_line_hours_positive"),
        "statement_line",
        "kind = 'adjustment' OR microseconds > 0",
    )
    op.create_index(
        "uq_statement_line_hours",
        "statement_line",
        ["timesheet_id", "terms_id", "rate_minor"],
        unique=True,
        postgresql_where=sa.text("kind = 'hourly'"),
    )
    for column in ("count", "bonus_id"):
        op.drop_column("statement_line", column)
    for column in ("timesheet_id", "terms_id"):
        op.alter_column("statement_line", column, nullable=False)
    _kinds("statement_line", "linekind", "kind", _LINES)
    op.drop_table("bonus")
    for table in ("rate_card", "terms"):
        op.drop_column(table, "rules")


def downgrade() -> None:
    """Bring the database back to the version before."""
    for name, table in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_column("ledger_seal", "digests")
    _drop_rules_and_papers()
    _drop_manual_rail()
    op.drop_table("tax_form", schema="personal")
    op.drop_table("pay_limit")
    for column in ("cleared_at", "cleared_by_id"):
        op.drop_column("payout", column)
    for column in ("contact", "details_changed_at", "destinations"):
        op.drop_column("payout_account", column)
    op.execute(
        "UPDATE payout SET hold = 'account_not_ready' WHERE hold IN ('tax_form', 'details_changed', 'limit')"
    )
    op.execute("DELETE FROM reconciliation_finding WHERE kind = 'late_transfer'")
    _kinds("payout", "holdreason", "hold", _HOLDS)
    _kinds(_FINDING, "findingkind", "kind", _FINDINGS)
    for name in ("present", "open"):
        op.drop_index(f"uq_reconciliation_finding_{name}", _FINDING)
    op.execute(
        "DELETE FROM reconciliation_finding old USING reconciliation_finding young"
        " WHERE old.kind = young.kind AND old.subject = young.subject AND old.id < young.id"
    )
    op.create_unique_constraint(
        op.f("uq_reconciliation_finding_kind_subject"), _FINDING, ["kind", "subject"]
    )
    op.drop_column(_FINDING, "gone_at")
    op.drop_column(_FINDING, "seen_at")
    op.drop_column("statement", "number")
    op.drop_column("statement", "organisation_id")
