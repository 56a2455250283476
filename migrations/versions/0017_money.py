"""Money that comes back, and what it became."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0017_money"
down_revision = "0016_fairness"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_LEDGER = ("pending", "approved", "in_transit", "labour", "rail_balance", "rail_fees")
_ENTRIES = ("earned", "approved", "reserved", "paid", "returned", "reversal")
_PAYOUTS = ("planned", "held", "ready", "sending", "paid", "refused", "returned", "voided")
_HOLDS = ("identity", "no_account", "account_not_ready", "tax_form", "details_changed", "limit")
_BONUSES = ("asked", "approved", "withdrawn")
_LINES_FIXED = Path(__file__).with_name("0017_payout_lines.sql")
_GUARDS = Path(__file__).with_name("0017_money.sql")
_FUNCTIONS = ("bank_return_fits()", "payout_released()")
_OF_RAIL = "(kind IN ({})) = (rail IS NOT NULL)"
_RETURN_RULES = {
    "minor_positive": "minor > 0",
    "charges_are_part_of_what_arrived": (
        "charges_minor >= 0 AND charges_minor < minor"
        " AND (charges_minor = 0 OR arrived_on IS NOT NULL)"
    ),
    "says_what_the_bank_said": "length(trim(reference)) > 0 AND length(trim(said)) > 0",
    "arrives_after_it_was_returned": "arrived_on >= returned_on",
    "decided_iff_decided": "(state = 'entered') = (decided_at IS NULL)",
    "decided_by_somebody": "(decided_at IS NULL) = (decided_by_id IS NULL)",
    "confirmed_by_another": "state <> 'confirmed' OR decided_by_id <> entered_by_id",
    "withdrawn_says_why": "(state = 'withdrawn') = (why IS NOT NULL)",
}
_ACCEPTED = ("expert_id", "rate_card_id", "agreement_version_id")
_CAPS_RULES = {
    "number_from_one": "number >= 1",
    "caps_contain_each_other": (
        "task_cap_seconds > 0 AND day_cap_seconds >= task_cap_seconds"
        " AND week_cap_seconds >= day_cap_seconds"
    ),
    "seven_days_notice": "holds_from >= announced_at + interval '7 days'",
    "reason_given": "length(trim(reason)) > 0",
}
_ERASURE_RULES = {
    "fourteen_days": "due_at >= asked_at + interval '14 days'",
    "ended_iff_ended": "(state = 'asked') = (ended_at IS NULL)",
    "never_before_its_day": "state <> 'erased' OR ended_at >= due_at",
}
_REPORT_RULES = {
    "period_is_not_empty": "period_end > period_start",
    "failed_says_why": "(state = 'failed') = (error IS NOT NULL)",
    "issued_has_file": (
        "(state = 'issued') = (file_id IS NOT NULL AND snapshot IS NOT NULL"
        " AND issued_at IS NOT NULL)"
    ),
}
_BONUS_RULES = {
    "announced_in_terms": "(announced IS NULL) = (terms_id IS NULL)",
    "claims_what_was_announced": "asked_by_id IS NOT NULL OR announced IS NOT NULL",
    "announced_is_not_given_up": "state <> 'withdrawn' OR announced IS NULL",
    "refused_by_decision": "state <> 'refused' OR (announced IS NOT NULL AND decision_id IS NOT NULL)",
}


def upgrade() -> None:
    """Bring the database to this version."""
    _rail_accounts()
    _bank_returns()
    _announced_bonuses()
    _caps()
    _erasures()
    _project_reports()
    _run(_GUARDS.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Bring the database back to the version before."""
    op.drop_table("project_report")
    op.drop_table("account_erasure")
    _drop_caps()
    _drop_announced_bonuses()
    _drop_bank_returns()
    _drop_rail_accounts()


def _run(script: str) -> None:
    op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})


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


def _bank_returns() -> None:
    """What a bank sent back: two people, whole amounts, the lines free for the next run."""
    _values("payout", "payoutstate", "state", (*_PAYOUTS, "released"))
    _check(
        "payout",
        "problem_said",
        "(state IN ('refused', 'returned', 'released')) = (problem IS NOT NULL)",
    )
    _values("payout", "holdreason", "hold", (*_HOLDS, "details_returned"))
    op.add_column("payout_account", sa.Column("at_stripe", postgresql.JSONB(), nullable=True))
    op.add_column("payout_account", sa.Column("returned_at", _MOMENT, nullable=True))
    op.create_check_constraint(
        op.f("ck_payout_account_banks_return"),
        "payout_account",
        "returned_at IS NULL OR rail = 'manual'",
    )
    causes = ("closed", "no_such_account", "name_differs", "not_taken", "other")
    op.create_table(
        "bank_return",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("bank_transfer_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        _enum("bank_return", "returncause", "cause", causes),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("charges_minor", sa.BigInteger(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=True),
        sa.Column("entered_by_id", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", _MOMENT, nullable=False),
        _enum("bank_return", "returnstate", "state", ("entered", "confirmed", "withdrawn")),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_bank_return_{name}"))
            for name, rule in _RETURN_RULES.items()
        ),
        _refers("bank_return", "payout_id", "payout"),
        _refers("bank_return", "bank_transfer_id", "bank_transfer"),
        _refers("bank_return", "entered_by_id", "account"),
        _refers("bank_return", "decided_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_return")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_return_public_id")),
    )
    op.create_index("ix_bank_return_payout_id", "bank_return", ["payout_id"])
    for name, column in (("transfer", "bank_transfer_id"), ("reference", "reference")):
        op.create_index(
            f"uq_bank_return_{name}",
            "bank_return",
            [column],
            unique=True,
            postgresql_where=sa.text("state <> 'withdrawn'"),
        )
    op.execute(f"GRANT SELECT, INSERT ON bank_return TO {grants.APP}, {grants.WORKER}")
    op.execute(
        "GRANT UPDATE (state, decided_by_id, decided_at, why) ON bank_return"
        f" TO {grants.APP}, {grants.WORKER}"
    )


def _drop_bank_returns() -> None:
    _run(_LINES_FIXED.read_text(encoding="utf-8"))
    op.execute("DROP TRIGGER payout_released ON payout")
    op.drop_table("bank_return")
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_constraint(op.f("ck_payout_account_banks_return"), "payout_account")
    op.drop_column("payout_account", "returned_at")
    op.drop_column("payout_account", "at_stripe")
    _values("payout", "holdreason", "hold", _HOLDS)
    _check("payout", "problem_said", "(state IN ('refused', 'returned')) = (problem IS NOT NULL)")
    _values("payout", "payoutstate", "state", _PAYOUTS)


def _announced_bonuses() -> None:
    """Bonuses that terms had announced: claimed by their payee too, refused only by a decision."""
    _values("bonus", "bonusstate", "state", (*_BONUSES, "refused"))
    op.alter_column("bonus", "asked_by_id", nullable=True)
    op.add_column("bonus", sa.Column("announced", sa.Text(), nullable=True))
    for column, to in (("terms_id", "terms"), ("decision_id", "decision")):
        op.add_column("bonus", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_bonus_{column}_{to}"), "bonus", to, [column], ["id"])
    op.create_index(
        "uq_bonus_announced", "bonus", ["expert_id", "project_id", "announced"], unique=True
    )
    _check(
        "bonus",
        "decided_by_somebody",
        "CASE WHEN decided_at IS NULL THEN decided_by_id IS NULL"
        " ELSE decided_by_id IS NOT NULL OR decision_id IS NOT NULL END",
    )
    for name, rule in _BONUS_RULES.items():
        op.create_check_constraint(op.f(f"ck_bonus_{name}"), "bonus", rule)


def _drop_announced_bonuses() -> None:
    op.execute("DROP TRIGGER bonus_as_announced ON bonus")
    op.execute("DROP FUNCTION bonus_as_announced()")
    op.execute("DELETE FROM bonus WHERE asked_by_id IS NULL OR state = 'refused'")
    for name in _BONUS_RULES:
        op.drop_constraint(op.f(f"ck_bonus_{name}"), "bonus")
    _check("bonus", "decided_by_somebody", "(decided_at IS NULL) = (decided_by_id IS NULL)")
    op.drop_index("uq_bonus_announced", "bonus")
    for column in ("announced", "terms_id", "decision_id"):
        op.drop_column("bonus", column)
    op.alter_column("bonus", "asked_by_id", nullable=False)
    _values("bonus", "bonusstate", "state", _BONUSES)


def _caps() -> None:
    """Other caps for a project that is under way, a week after they were announced."""
    seconds = ("task_cap_seconds", "day_cap_seconds", "week_cap_seconds")
    op.create_table(
        "caps_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in seconds),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("announced_by_id", sa.BigInteger(), nullable=False),
        sa.Column("announced_at", _MOMENT, nullable=False),
        sa.Column("holds_from", _MOMENT, nullable=False),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_caps_version_{name}"))
            for name, rule in _CAPS_RULES.items()
        ),
        _refers("caps_version", "project_id", "project"),
        _refers("caps_version", "announced_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caps_version")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_caps_version_project_id_number")),
    )
    grants.append_only("caps_version")
    op.add_column("terms", sa.Column("caps_version_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_terms_caps_version_id_caps_version"),
        "terms",
        "caps_version",
        ["caps_version_id"],
        ["id"],
    )
    op.drop_constraint(op.f("uq_terms_expert_id_rate_card_id_agreement_version_id"), "terms")
    op.create_index(
        "uq_terms_accepted",
        "terms",
        [*_ACCEPTED, "caps_version_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def _drop_caps() -> None:
    op.drop_index("uq_terms_accepted", "terms")
    op.create_unique_constraint(
        op.f("uq_terms_expert_id_rate_card_id_agreement_version_id"), "terms", [*_ACCEPTED]
    )
    op.drop_column("terms", "caps_version_id")
    op.drop_table("caps_version")


def _erasures() -> None:
    """People who asked that what is known of them be erased."""
    op.create_table(
        "account_erasure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        _enum("account_erasure", "erasurestate", "state", ("asked", "undone", "erased")),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column(
            "files", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_account_erasure_{name}"))
            for name, rule in _ERASURE_RULES.items()
        ),
        _refers("account_erasure", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_erasure")),
    )
    op.create_index(
        "uq_account_erasure_open",
        "account_erasure",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'undone'"),
    )
    op.execute(f"GRANT SELECT, INSERT ON account_erasure TO {grants.APP}, {grants.WORKER}")
    op.execute(
        f"GRANT UPDATE (state, ended_at, files) ON account_erasure TO {grants.APP}, {grants.WORKER}"
    )


def _project_reports() -> None:
    """Projects on paper."""
    op.create_table(
        "project_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("period_start", _MOMENT, nullable=False),
        sa.Column("period_end", _MOMENT, nullable=False),
        _enum("project_report", "paperstate", "state", ("waiting", "issued", "failed")),
        sa.Column("snapshot", sa.LargeBinary(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", _MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_project_report_{name}"))
            for name, rule in _REPORT_RULES.items()
        ),
        _refers("project_report", "project_id", "project"),
        _refers("project_report", "asked_by_id", "account"),
        _refers("project_report", "file_id", "stored_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_report")),
        sa.UniqueConstraint("public_id", name=op.f("uq_project_report_public_id")),
    )
    op.create_index("ix_project_report_project_id", "project_report", ["project_id", "id"])
    grants.ordinary("project_report")


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
