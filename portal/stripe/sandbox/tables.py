"""The sandbox's own tables, in its own schema: what Stripe would remember."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal.db import UTCDateTime

metadata = sa.MetaData(schema="sandbox")

objects = sa.Table(
    "object",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, sa.Identity(), nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("created", UTCDateTime, nullable=False),
    sa.Column("data", JSONB, nullable=False),
    sa.Index("ix_object_kind_seq", "kind", "seq"),
)
"""Every API object, as it is shown; `seq` is the order of creation."""

answers = sa.Table(
    "saved_answer",
    metadata,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("created", UTCDateTime, nullable=False),
)
"""What was answered under an idempotency key: given again to whoever repeats it."""

balances = sa.Table(
    "balance",
    metadata,
    sa.Column("currency", sa.Text, primary_key=True),
    sa.Column("available", sa.BigInteger, sa.CheckConstraint("available >= 0"), nullable=False),
)

deliveries = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("due_at", UTCDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("delivered_at", UTCDateTime),
    sa.Column("last_status", sa.Integer),
    sa.Column("forged", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("ix_delivery_due", "due_at", postgresql_where=sa.text("delivered_at IS NULL")),
)
"""Webhooks that must still be sent, and what became of them."""

faults = sa.Table(
    "fault",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("remaining", sa.Integer, nullable=False),
    sa.Column("share", sa.Double, nullable=False, server_default="1"),
    sa.Column("milliseconds", sa.Integer, nullable=False, server_default="0"),
)
"""Failures to play, oldest first, each `remaining` times."""

knobs = sa.Table(
    "knob",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Double, nullable=False),
)
"""How webhooks and listings misbehave all the time; see `control.Knob`."""
