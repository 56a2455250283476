"""Accounts and the shell."""

revision = "0009_accounts"
down_revision = "0008_work"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
