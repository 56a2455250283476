"""Money that comes back, and what it became."""

revision = "0017_money"
down_revision = "0016_fairness"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
