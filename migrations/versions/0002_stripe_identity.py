"""Stripe's events, the sandbox's state, identity checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0002_stripe_identity"
down_revision = "0001_kernel"
branch_labels = None
depends_on = None

_SANDBOX = ("object", "saved_answer", "balance", "delivery", "fault", "knob")


def upgrade() -> None:
    """Create the tables."""
    _stripe_event()
    _identity_check()
    _sandbox()


def _stripe_event() -> None:
    op.create_table(
        "stripe_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_stripe_event_event_id")),
    )
    grants.append_only("stripe_event")


def _identity_check() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "identity_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("consent_id", sa.BigInteger(), nullable=True),
        sa.Column("idempotency_key", sa.Uuid(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("poll_at", moment, nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "starting",
                "waiting",
                "processing",
                "review",
                "verified",
                "not_accepted",
                "canceled",
                name=op.f("ck_identity_check_checkstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("report_id", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("review_due_at", moment, nullable=True),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", moment, nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_check")),
        sa.UniqueConstraint("public_id", name=op.f("uq_identity_check_public_id")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_identity_check_idempotency_key")),
        sa.UniqueConstraint("session_id", name=op.f("uq_identity_check_session_id")),
        *_identity_foreign_keys(),
        *_identity_rules(),
    )
    op.create_index("ix_identity_check_account_id", "identity_check", ["account_id"])
    for name, column, where in (
        (
            "uq_identity_check_open",
            "account_id",
            "state IN ('starting', 'waiting', 'processing', 'review')",
        ),
        ("ix_identity_check_review_due_at", "review_due_at", "state = 'review'"),
        ("ix_identity_check_poll_at", "poll_at", "poll_at IS NOT NULL"),
    ):
        op.create_index(
            name,
            "identity_check",
            [column],
            unique=name.startswith("uq_"),
            postgresql_where=sa.text(where),
        )
    grants.ordinary("identity_check")


def _identity_foreign_keys() -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{table}.id"], name=op.f(f"fk_identity_check_{column}_{table}")
        )
        for column, table in (
            ("account_id", "account"),
            ("consent_id", "agreement_version"),
            ("reviewer_id", "account"),
            ("decision_id", "decision"),
        )
    ]


def _identity_rules() -> list[sa.CheckConstraint]:
    rules = {
        "settled_at_iff_settled": (
            "(state IN ('verified', 'not_accepted', 'canceled')) = (settled_at IS NOT NULL)"
        ),
        "review_has_clock": "(state = 'review') = (review_due_at IS NOT NULL)",
        "reviewer_only_in_review": "state = 'review' OR reviewer_id IS NULL",
        "only_a_decision_refuses": "state <> 'not_accepted' OR decision_id IS NOT NULL",
        "waits_with_a_session": (
            "state NOT IN ('waiting', 'processing') OR session_id IS NOT NULL"
        ),
        "nothing_without_consent": (
            "consent_id IS NOT NULL OR (session_id IS NULL"
            " AND state NOT IN ('starting', 'waiting', 'processing'))"
        ),
        "settled_is_not_polled": "settled_at IS NULL OR poll_at IS NULL",
        "country_is_iso": "country IS NULL OR country ~ '^[A-Z]{2}$'",
        "failures_not_negative": "failures >= 0",
        "nobody_reviews_own": "reviewer_id IS DISTINCT FROM account_id",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_identity_check_{name}"))
        for name, rule in rules.items()
    ]


def _sandbox() -> None:
    """What the sandbox remembers; empty wherever there is no sandbox."""
    op.execute("CREATE SCHEMA sandbox")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "object",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), sa.Identity(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        schema="sandbox",
    )
    op.create_index("ix_object_kind_seq", "object", ["kind", "seq"], schema="sandbox")
    op.execute(
        "CREATE INDEX ix_object_transfer_group ON sandbox.object ((data ->> 'transfer_group'), seq)"
        " WHERE kind = 'transfer'"
    )
    op.create_table(
        "saved_answer",
        sa.Column("version", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("created", moment, nullable=False),
        schema="sandbox",
    )
    op.create_table(
        "balance",
        sa.Column("currency", sa.Text(), primary_key=True),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("available >= 0", name="ck_balance_not_negative"),
        schema="sandbox",
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("delivered_at", moment, nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        schema="sandbox",
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["due_at"],
        schema="sandbox",
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "fault",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False, server_default="1"),
        sa.Column("milliseconds", sa.Integer(), nullable=False, server_default="0"),
        schema="sandbox",
    )
    op.create_table(
        "knob",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Double(), nullable=False),
        schema="sandbox",
    )
    op.execute(f"GRANT USAGE ON SCHEMA sandbox TO {grants.APP}")
    for table in _SANDBOX:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON sandbox.{table} TO {grants.APP}")


def downgrade() -> None:
    """Drop them again."""
    op.execute("DROP SCHEMA sandbox CASCADE")
    op.drop_table("identity_check")
    op.drop_table("stripe_event")
