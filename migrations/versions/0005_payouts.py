"""Statements, the ledger, pay runs, payouts."""

revision = "0005_payouts"
down_revision = "0004_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop them again."""
