"""Grading by people."""

revision = "0012_grading"
down_revision = "0011_delivery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
