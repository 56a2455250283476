"""Calibrations, cuts, flags and fairness."""

revision = "0013_measurement"
down_revision = "0012_grading"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
