"""Adaptive exams."""

revision = "0015_adaptive"
down_revision = "0014_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
