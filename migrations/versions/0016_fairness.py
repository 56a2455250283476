"""Self-identification apart, and what only aggregates tell."""

revision = "0016_fairness"
down_revision = "0015_adaptive"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
