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
    op.drop_table("stripe_event")
